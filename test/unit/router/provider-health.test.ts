import { describe, expect, it } from "vitest";
import type { Health } from "../../../schemas/generated/types.ts";
import { ProviderHealth } from "../../../services/router/provider-health.ts";

function health(changes: Partial<Health> = {}): Health {
  return {
    provider: "a",
    partition: 0,
    instance: "sender",
    circuit: "closed",
    reason: null,
    rate: 100,
    effectiveRate: 0,
    backlog: 0,
    inFlight: 0,
    at: 0,
    ...changes,
  };
}

describe("provider health", () => {
  it("takes a provider that was never heard of as usable, its backlog by the catalog's rate", () => {
    const table = new ProviderHealth(new Map([["a", 50]]));
    expect(table.state("a", 0)).toEqual({ open: false, backlogSeconds: 0 });
    table.gave("a", 100);
    expect(table.state("a", 0)).toEqual({ open: false, backlogSeconds: 2 });
  });

  it("counts what was given since the sender's last word on top of its backlog", () => {
    const table = new ProviderHealth(new Map());
    table.take(health({ backlog: 200 }), 0);
    table.gave("a", 100);
    expect(table.state("a", 0).backlogSeconds).toBe(3);
    table.take(health({ backlog: 250 }), 1_000);
    expect(table.state("a", 1_000).backlogSeconds).toBe(2.5);
  });

  it("is open when every partition's circuit is open or its sender silent", () => {
    const table = new ProviderHealth(new Map());
    table.take(health({ circuit: "open" }), 0);
    table.take(health({ partition: 1 }), 0);
    expect(table.state("a", 0).open).toBe(false);
    expect(table.state("a", 60_000).open).toBe(true);
    table.take(health({ circuit: "half_open" }), 60_000);
    expect(table.state("a", 60_001).open).toBe(false);
  });

  it("takes no notice of what the sender's clock says", () => {
    const table = new ProviderHealth(new Map());
    table.take(health({ at: -7_200_000 }), 0);
    expect(table.state("a", 1_000).open).toBe(false);
  });

  it("leaves a killed sender its traffic for as long as another one needs to take over: a session of 10 s and its start", () => {
    const table = new ProviderHealth(new Map());
    table.take(health(), 0);
    expect(table.state("a", 13_000).open).toBe(false);
    expect(table.state("a", 16_000).open).toBe(true);
  });
});
