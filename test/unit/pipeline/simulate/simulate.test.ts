import { describe, expect, test } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { type Snapshot, snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { BLANK_EVENT } from "../../../../pipeline/records/event-record.ts";
import { Replay } from "../../../../pipeline/simulate/replay.ts";
import { SeenDeliveries } from "../../../../pipeline/simulate/seen-deliveries.ts";
import { type Simulation, simulateJson, simulateTable } from "../../../../pipeline/simulate/simulate-report.ts";
import type { Event, MessageFacts } from "../../../../schemas/generated/types.ts";
import { facts } from "../../dlr-collector/records.ts";

const AT = Date.UTC(2026, 0, 31, 12);

/** Two providers, A at 0.05 and B at 0.04 EUR (or what is given), with one route. */
function catalog(route: object, currencyOfB = "EUR", rates?: object, charged = "submit"): Snapshot {
  const provider = (id: string, price: string, currency: string) => ({
    id,
    kind: "smpp",
    currency,
    rate: 100,
    smpp: { host: "127.0.0.1", port: 2775, systemId: "s", password: "p" },
    prices: [{ price, charged }],
  });
  const parsed = parseCatalog(
    {
      accounts: [],
      providers: [provider("a", "0.05", "EUR"), provider("b", "0.04", currencyOfB)],
      routes: [{ id: "all", providers: [{ id: "a" }, { id: "b" }], ...route }],
      ...(rates === undefined ? {} : { rates }),
    },
    6,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return snapshotOf(parsed.value);
}

const onlyA = catalog({ strategy: "priority", providers: [{ id: "a" }] });
const cheapest = catalog({ strategy: "least-cost" });

function routed(n: number, provider = "a", over: Partial<MessageFacts> = {}): Event {
  const of = facts(`m${n}`, { network: "26201", ...over });
  return {
    ...BLANK_EVENT,
    type: "routed",
    at: AT + n,
    facts: of,
    attempt: 1,
    provider,
    price: 50_000,
    currency: "EUR",
  };
}

function final(n: number, provider: string, state: "delivered" | "undelivered"): Event {
  return { ...routed(n, provider), type: "final", state, submittedAt: AT };
}

function simulated(changed: Snapshot, events: readonly Event[], ends: readonly Event[] = []): Simulation {
  const seen = new SeenDeliveries();
  for (const end of ends) seen.ended(end);
  const replay = new Replay([changed, onlyA], seen);
  for (const event of events) replay.decided(event);
  const [tally, working] = replay.simulated;
  return {
    first: replay.first,
    last: replay.last,
    recorded: replay.recorded,
    changed: { name: "these files", tally: tally! },
    atWork: { name: "version 3", tally: working! },
    seen,
    rates: changed.catalog.rates,
    networkSources: replay.networkSources,
    unreadable: 0,
    leftOut: 0,
  };
}

describe("sluice simulate", () => {
  test("decides each message once more, and compares traffic, cost and delivery", () => {
    const ends = [
      ...Array.from({ length: 900 }, (_, n) => final(n, "a", "delivered")),
      ...Array.from({ length: 100 }, (_, n) => final(n, "a", "undelivered")),
      ...Array.from({ length: 500 }, (_, n) => final(n, "b", "delivered")),
      ...Array.from({ length: 500 }, (_, n) => final(n, "b", "undelivered")),
    ];
    const events = Array.from({ length: 100 }, (_, n) => routed(n, "a", { segments: 2 }));
    const simulation = simulated(cheapest, events, ends);
    expect(simulation.changed.tally.providers.get("b")).toEqual({ messages: 100, segments: 200 });
    const lines = simulateTable(simulation).split("\n");
    const row = (name: string) =>
      lines
        .find((line) => line.startsWith(name))!
        .split(/ {2,}/)
        .slice(1);
    expect(lines[0]).toBe("100 messages, decided from 2026-01-31T12:00:00.000Z to 2026-01-31T12:00:00.099Z");
    expect(row("a ")).toEqual(["100 (100.0 %)", "100 (100.0 %)", "0 (0.0 %)", "-100"]);
    expect(row("b ")).toEqual(["0 (0.0 %)", "0 (0.0 %)", "100 (100.0 %)", "+100"]);
    expect(row("cost EUR")).toEqual(["10.0000", "10.0000", "8.0000", "-2.0000"]);
    // A thousand messages of its own leave little to what is known of all together.
    expect(row("expected delivered")).toEqual(["90", "90", "50", "-40"]);
    expect(row("EUR a delivered message")).toEqual(["0.11111", "0.11111", "0.16000", "+0.04889"]);
  });

  test("what is charged on delivery costs what is expected of it, then and now", () => {
    const ends = [final(1, "a", "delivered"), ...Array.from({ length: 999 }, (_, n) => final(n, "b", "undelivered"))];
    const later = catalog({ strategy: "least-cost" }, "EUR", undefined, "delivery");
    const events = Array.from({ length: 10 }, (_, n) => ({ ...routed(n, "b", { segments: 2 }), onDelivery: true }));
    const { recorded, changed, seen } = simulated(later, events, ends);
    const share = seen.share("b", "DE", "26201");
    expect(share).toBeLessThan(0.01);
    expect(recorded.costs).toEqual(new Map([["EUR", 10 * Math.round(2 * 50_000 * share)]]));
    expect(changed.tally.costs).toEqual(new Map([["EUR", 10 * Math.round(2 * 40_000 * share)]]));
  });

  test("a message counts once, with its first decision; one that nobody took is tried again, one that is wrong in itself is not", () => {
    const closed = (n: number, errorClass: string, errorCode: string): Event => ({
      ...routed(n),
      type: "closed",
      provider: null,
      errorClass: errorClass as Event["errorClass"],
      errorCode,
    });
    const simulation = simulated(cheapest, [
      routed(1),
      routed(1, "b"),
      { ...routed(1, "b"), attempt: 2 },
      closed(2, "unroutable", "no-route"),
      closed(3, "invalid", "destination-invalid"),
      closed(1, "unroutable", "no-provider-left"),
    ]);
    expect(simulation.recorded.messages).toBe(2);
    expect([...simulation.recorded.refused]).toEqual([["no-route", 1]]);
    expect(simulation.changed.tally.providers.get("b")!.messages).toBe(2);
    expect(simulateTable(simulation)).toMatch(/not carried +1 +0 +0 +0\n {2}no-route +1 +0 +0 +0/);
  });

  test("what the changed files do not carry is told with its reason", () => {
    const narrow = catalog({ strategy: "priority", when: { countries: ["FR"] } });
    const simulation = simulated(narrow, [routed(1), routed(2)]);
    expect(simulateTable(simulation)).toMatch(/not carried +0 +0 +2 +\+2\n {2}no-route/);
  });

  test("costs in two currencies stand beside each other, and are put together by the rates alone", () => {
    const shares = { strategy: "weighted" };
    const without = simulateTable(simulated(catalog(shares, "USD"), many()));
    expect(without).toMatch(/cost EUR.*\ncost USD/);
    expect(without).not.toMatch(/cost in|a delivered message/);
    const rates = { base: "EUR", date: "2026-01-30", rates: { USD: "2" } };
    const simulation = simulated(catalog(shares, "USD", rates), many());
    const { costs } = simulation.changed.tally;
    const total = (costs.get("EUR")! + costs.get("USD")! / 2) / 1e6;
    const table = simulateTable(simulation);
    expect(table).toContain("EUR: by the rates of 2026-01-30");
    expect(table).toMatch(new RegExp(`cost in EUR +[\\d.]+ +[\\d.]+ +${total.toFixed(4)}`));
    const json = simulateJson(simulation) as { changed: { total: object } };
    expect(json.changed.total).toEqual({ amount: expect.closeTo(total, 5), currency: "EUR" });
  });

  test("the same messages give the same result, and shares come out as weighted", () => {
    const shares = catalog({ strategy: "weighted", providers: [{ id: "a", weight: 3 }, { id: "b" }] });
    const [one, two] = [simulated(shares, many()), simulated(shares, many())];
    expect(simulateTable(one)).toBe(simulateTable(two));
    expect(one.changed.tally.providers.get("a")!.messages / 2_000).toBeCloseTo(0.75, 1);
  });

  test("says what it cannot know: a provider that had no messages counts as all together", () => {
    const ends = Array.from({ length: 100 }, (_, n) => final(n, "a", n < 80 ? "delivered" : "undelivered"));
    const table = simulateTable(simulated(cheapest, [routed(1)], ends));
    expect(table).toContain("how b delivers: no message of it ended in this time, so it counts as the others together");
    expect(table).toContain("the providers' health and backlog");
  });

  test("says that there is nothing to compare", () => {
    expect(simulateTable(simulated(cheapest, []))).toBe(
      "No message was decided in this time: there is nothing to compare.",
    );
  });
});

function many(): Event[] {
  return Array.from({ length: 2_000 }, (_, n) => routed(n));
}
