import { describe, expect, it } from "vitest";
import { ProviderHealth } from "../../../pipeline/follow/provider-health.ts";
import type { Health } from "../../../schemas/generated/types.ts";
import { BLANK_HEALTH } from "./blank-health.ts";

function health(changes: Partial<Health> = {}): Health {
  return { ...BLANK_HEALTH, rate: 100, ...changes };
}

describe("provider health", () => {
  it("takes a provider that was never heard of as usable, its backlog by the catalog's rate", () => {
    const table = new ProviderHealth(() => 50);
    expect(table.state("a", "transactional", 0)).toMatchObject({ open: false, backlogSeconds: 0 });
    table.gave("a", { lane: "transactional", overflow: false }, 100, 0);
    expect(table.state("a", "transactional", 0)).toMatchObject({ open: false, backlogSeconds: 2 });
  });

  it("counts what was given since the sender's last word on top of its backlog", () => {
    const table = new ProviderHealth(() => undefined);
    table.take(health({ backlog: 200 }), 0);
    table.gave("a", { lane: "transactional", overflow: false }, 100, 0);
    expect(table.state("a", "transactional", 0).backlogSeconds).toBe(3);
    table.take(health({ backlog: 250 }), 1_000);
    expect(table.state("a", "transactional", 1_000).backlogSeconds).toBe(2.5);
  });

  it("counts what was on its way when the sender spoke, until a word that may have it", () => {
    const table = new ProviderHealth(() => undefined);
    const queue = { lane: "transactional", overflow: false } as const;
    table.take(health(), 0);
    table.gave("a", queue, 100, 100);
    table.gave("a", queue, 200, 800);
    table.take(health({ backlog: 70 }), 1_000);
    expect(table.state("a", "transactional", 1_000).backlogSeconds).toBe(2.7);
    table.gave("a", queue, 50, 1_050);
    expect(table.state("a", "transactional", 1_050).backlogSeconds).toBe(3.2);
    table.take(health({ backlog: 250 }), 2_000);
    expect(table.state("a", "transactional", 2_000).backlogSeconds).toBe(2.5);
  });

  it("counts all that a sender who is silent was given", () => {
    const table = new ProviderHealth(() => undefined);
    table.take(health(), 0);
    for (let at = 0; at < 5_000; at += 50) table.gave("a", { lane: "transactional", overflow: false }, 2, at);
    expect(table.state("a", "transactional", 5_000).backlogSeconds).toBe(2);
    table.take(health(), 5_000);
    // The slices that began less than half a second ago.
    expect(table.state("a", "transactional", 5_000).backlogSeconds).toBe(0.16);
  });

  it("adds up what the partitions have had in the month, also of those that are silent", () => {
    const table = new ProviderHealth(() => undefined);
    expect(table.state("a", "otp", 0)).toMatchObject({ segmentsThisMonth: 0, monthEnd: 0 });
    table.take(health({ segmentsThisMonth: 70, spentThisMonth: 7_000, monthEnd: 1_000 }), 0);
    table.take(
      health({ partition: 1, segmentsThisMonth: 30, spentThisMonth: 3_000, monthEnd: 1_000, circuit: "open" }),
      0,
    );
    expect(table.state("a", "otp", 0)).toMatchObject({
      segmentsThisMonth: 100,
      spentThisMonth: 10_000,
      monthEnd: 1_000,
    });
    expect(table.state("a", "otp", 60_000)).toMatchObject({ segmentsThisMonth: 100, monthEnd: 1_000 });
    // One of them still tells of the month before, whichever it is.
    for (const partition of [0, 1]) {
      const other = new ProviderHealth(() => undefined);
      other.take(health({ segmentsThisMonth: 70, monthEnd: 1_000 }), 0);
      other.take(health({ partition: 1, segmentsThisMonth: 30, monthEnd: 1_000 }), 0);
      other.take(health({ partition, segmentsThisMonth: 5, monthEnd: 2_000 }), 0);
      expect(other.state("a", "otp", 0)).toMatchObject({ segmentsThisMonth: 5, monthEnd: 2_000 });
    }
    expect(table.explained("a", "otp", 60_000)).toMatchObject({ segmentsThisMonth: 100, monthEnd: 1_000 });
  });

  it("gives a provider on trial as many as its sender tries, with each word anew, and all of its own when it is closed", () => {
    const table = new ProviderHealth(() => undefined);
    const queue = { lane: "otp", overflow: false } as const;
    const given = (at: number) => {
      let count = 0;
      while (count < 20 && !table.state("a", "otp", at).open) {
        table.gave("a", queue, 2, at);
        count++;
      }
      return count;
    };
    table.take(health({ circuit: "open" }), 0);
    expect(given(0)).toBe(0);
    table.take(health({ circuit: "half_open" }), 1_000);
    expect([given(1_000), given(1_500)]).toEqual([3, 0]);
    table.take(health({ circuit: "half_open" }), 2_000);
    expect(given(2_000)).toBe(3);
    // One of its senders is enough to carry it.
    table.take(health({ circuit: "closed", partition: 1 }), 3_000);
    expect(given(3_000)).toBe(20);
  });

  it("is open when every partition's circuit is open or its sender silent", () => {
    const table = new ProviderHealth(() => undefined);
    table.take(health({ circuit: "open" }), 0);
    table.take(health({ partition: 1 }), 0);
    expect(table.state("a", "transactional", 0).open).toBe(false);
    expect(table.state("a", "transactional", 60_000).open).toBe(true);
    table.take(health({ circuit: "half_open" }), 60_000);
    expect(table.state("a", "transactional", 60_001).open).toBe(false);
  });

  it("takes no notice of what the sender's clock says", () => {
    const table = new ProviderHealth(() => undefined);
    table.take(health({ at: -7_200_000 }), 0);
    expect(table.state("a", "otp", 1_000).open).toBe(false);
  });

  it("leaves a killed sender its traffic for as long as another one needs to take over: a session of 10 s and its start", () => {
    const table = new ProviderHealth(() => undefined);
    table.take(health(), 0);
    expect(table.state("a", "transactional", 13_000).open).toBe(false);
    expect(table.state("a", "transactional", 16_000).open).toBe(true);
  });

  it("counts for a message what goes before it: no less urgent lane, and not what overflowed of its own", () => {
    const table = new ProviderHealth(() => undefined);
    table.take(health({ backlog: 2_100, queues: [100, 200, 300, 400, 500, 600] }), 0);
    expect(table.state("a", "otp", 0)).toMatchObject({ backlogSeconds: 1, laneSeconds: 3 });
    expect(table.state("a", "transactional", 0)).toMatchObject({ backlogSeconds: 6, laneSeconds: 10 });
    table.gave("a", { lane: "transactional", overflow: true }, 100, 0);
    expect(table.state("a", "transactional", 0)).toMatchObject({ backlogSeconds: 6, laneSeconds: 11 });
    expect(table.state("a", "marketing", 0)).toMatchObject({ backlogSeconds: 16, laneSeconds: 22 });
  });

  it("adds what all partitions have had in the present day and month, however old the word is", () => {
    const table = new ProviderHealth(() => undefined);
    const [dayEnd, monthEnd] = [1_000, 5_000];
    expect(table.volume("a", 0)).toEqual({ today: 0, thisMonth: 0 });
    table.take(health({ dayEnd, monthEnd, segmentsToday: 3, segmentsThisMonth: 30 }), 0);
    table.take(health({ partition: 1, dayEnd, monthEnd, segmentsToday: 4, segmentsThisMonth: 40 }), 0);
    // An older sender, which does not count.
    table.take(health({ partition: 2 }), 0);
    expect(table.volume("a", 999)).toEqual({ today: 7, thisMonth: 70 });
    expect(table.volume("a", 1_000)).toEqual({ today: 0, thisMonth: 70 });
    expect(table.volume("a", 5_000)).toEqual({ today: 0, thisMonth: 0 });
    expect(table.volume("a", 0, (partition) => partition === 0)).toEqual({ today: 4, thisMonth: 40 });
    expect(table.word("a", 1)).toMatchObject({ segmentsToday: 4 });
    expect(table.word("b", 0)).toBeUndefined();
  });

  it("counts a provider as usable unless all its partitions are open or silent", () => {
    const table = new ProviderHealth(() => undefined);
    expect(table.anyUsable([], 0)).toBe(false);
    expect(table.anyUsable(["b"], 0)).toBe(true);
    table.take(health({ provider: "b", circuit: "open" }), 1_000);
    expect(table.anyUsable(["b"], 1_000)).toBe(false);
    expect(table.anyUsable(["b", "c"], 1_000)).toBe(true);
    table.take(health({ provider: "b", partition: 1 }), 2_000);
    expect(table.anyUsable(["b"], 17_000)).toBe(true);
    expect(table.anyUsable(["b"], 17_300)).toBe(false);
    table.take(health({ provider: "b", circuit: "half_open" }), 20_000);
    expect(table.anyUsable(["b"], 20_000)).toBe(true);
  });

  it("tells how much of what was given since it was last asked went to providers that have enough to do", () => {
    const table = new ProviderHealth(() => undefined);
    const queue = { lane: "marketing", overflow: false } as const;
    expect(table.shareBehind(2, 0)).toBeUndefined();
    // The configured rate says nothing here: it may be far above what a provider takes.
    table.take(health({ provider: "a", rate: 1_000, effectiveRate: 10, backlog: 15 }), 0);
    table.take(health({ provider: "a", partition: 1, rate: 1_000, effectiveRate: 10, backlog: 30 }), 0);
    table.take(health({ provider: "b", effectiveRate: 50, backlog: 20 }), 0);
    table.gave("a", queue, 30, 100);
    table.gave("b", queue, 10, 100);
    expect(table.shareBehind(2, 200)).toBe(0.75);
    expect(table.shareBehind(2, 300), "nothing was given since").toBeUndefined();
    table.gave("a", queue, 30, 400);
    expect(table.shareBehind(3, 500)).toBe(0);
    table.gave("c", queue, 1, 600);
    expect(table.shareBehind(2, 700), "nothing is known of its work").toBe(0);
    table.take(health({ provider: "c", effectiveRate: 0, backlog: 1 }), 800);
    table.gave("c", queue, 1, 800);
    expect(table.shareBehind(2, 900), "it has work and does none").toBe(1);
  });
});
