import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import type { Lookup } from "../../../../domain/catalog/lookup.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import type { Lane } from "../../../../domain/message/lane.ts";
import { LookupBudget } from "../../../../domain/portability/lookup-budget.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import type { LookupReply } from "../../../../services/router/lookups/http-lookup.ts";
import { lookupMetrics } from "../../../../services/router/lookups/lookup-metrics.ts";
import { NumberNetworks } from "../../../../services/router/lookups/number-networks.ts";
import { examplePlain } from "../../domain/catalog/example.ts";

const NOW = Date.UTC(2026, 0, 30, 12);
const base = { id: "de", kind: "http", url: "https://l.example/{number}", answer: { mccMnc: "net" } };
const answer = (net: string | null): LookupReply => ({
  kind: "answer",
  status: 200,
  text: JSON.stringify({ net }),
  pauseMs: 0,
});
const number = (n: number) => `49151${String(10_000_000 + n)}`;

/** Look-ups of the example's catalog, whose answers the test gives. */
function world(change: object = {}, portability: object = {}) {
  const plainOf = (...lookups: object[]) => ({ ...examplePlain(), portability: { lookups, ...portability } });
  const snapshot = (plain: object) => {
    const read = parseCatalog(plain, 12);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return snapshotOf(read.value);
  };
  const catalog = { current: snapshot(plainOf({ ...base, ...change })) };
  const open: { number: string; reply: (reply: LookupReply) => void }[] = [];
  const clients: { lookup: Lookup; closed: boolean }[] = [];
  const registry = new MetricRegistry();
  let passed = 0;
  const networks = new NumberNetworks({
    catalog,
    client: (lookup) => {
      const state = { lookup, closed: false };
      clients.push(state);
      return {
        ask: (asked) => new Promise((reply) => open.push({ number: asked, reply })),
        close: async () => {
          state.closed = true;
        },
      };
    },
    metrics: lookupMetrics(registry),
    log: silentLog,
    now: () => NOW + passed,
    monotonic: () => passed,
  });
  const budget = new LookupBudget(1);
  const counts = () => {
    const all: Record<string, number> = {};
    for (const family of registry.families())
      for (const [labels, series] of family.entries())
        all[[family.name.replace(/^router_|_total$/g, ""), ...Object.values(labels)].join(" ")] = (
          series as { value: number }
        ).value;
    return all;
  };
  return {
    networks,
    catalog,
    clients,
    open,
    counts,
    apply: (...lookups: object[]) => {
      catalog.current = snapshot(plainOf(...lookups));
    },
    without: () => {
      catalog.current = snapshot(examplePlain());
    },
    pass: (ms: number) => {
      passed += ms;
    },
    ask: (n: number, lane: Lane = "transactional", country = "DE") => networks.ask(number(n), country, lane, budget),
    /** Answers the oldest question. */
    reply: async (reply: LookupReply) => {
      open.shift()!.reply(reply);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("networks of ported numbers", () => {
  it("are asked for once, remembered for their time, and counted", async () => {
    const w = world({ keepSeconds: 60, price: "0.002", currency: "EUR" });
    const question = w.ask(1);
    expect(question).toMatchObject({ settled: false, deadline: 500 });
    expect(w.ask(1)).toBe(question);
    expect(w.open.map((one) => one.number)).toEqual([number(1)]);
    let woken = 0;
    question!.wake.add(() => woken++);
    await w.reply(answer("26203"));
    expect([question!.settled, woken]).toEqual([true, 1]);
    expect(w.networks.of(number(1))).toMatchObject({ mccMnc: "26203", source: "lookup" });
    expect(w.ask(1)).toBeUndefined();
    w.pass(60_000);
    expect(w.networks.of(number(1))).toBeUndefined();
    expect(w.ask(1)).toBeDefined();
    expect(w.counts()).toEqual({
      "lookups de": 2,
      "lookup_results de answered": 1,
      "lookup_spent_micros de EUR": 4_000,
      // What is alerted by increase() is there from the start.
      "lookups_refused de budget": 0,
      "networks_known lookup": 1,
    });
  });

  it("that are not known are not asked for again for a while, and the prefix counts", async () => {
    const w = world({ keepUnknownSeconds: 10 });
    w.ask(1);
    await w.reply(answer(null));
    expect(w.networks.of(number(1))).toMatchObject({ mccMnc: undefined });
    expect(w.ask(1)).toBeUndefined();
    w.pass(10_000);
    expect(w.ask(1)).toBeDefined();
  });

  it("are asked for in the lanes and countries of the look-up, where something depends on them", () => {
    const w = world({ lanes: ["marketing"] });
    expect(w.ask(1, "otp")).toBeUndefined();
    expect(w.ask(1, "marketing")).toBeDefined();
    // Nothing in the catalog names a network of Portugal.
    expect(w.ask(2, "marketing", "PT")).toBeUndefined();
    w.apply({ ...base, countries: ["FR"] }, { ...base, id: "two", countries: ["DE"] });
    w.ask(3);
    expect(w.clients.map(({ lookup }) => lookup.id)).toEqual(["de", "de", "two"]);
    expect(w.counts()).toMatchObject({ "lookups two": 1 });
  });

  it("are asked for so many at one time; a few wait, the others go by their prefix at once", async () => {
    const w = world({ maxInFlight: 2 });
    const questions = Array.from({ length: 6 }, (_, n) => w.ask(n));
    expect(questions.map((one) => one !== undefined)).toEqual([true, true, true, true, false, false]);
    expect([w.open.length, w.networks.pending]).toEqual([2, 4]);
    await w.reply(answer("26203"));
    expect(w.open.map((one) => one.number)).toEqual([number(1), number(2)]);
    // One that has waited too long is not asked any more.
    w.pass(500);
    await w.reply(answer("26203"));
    expect([w.open.length, questions[3]!.settled]).toEqual([1, true]);
    expect(w.counts()).toMatchObject({ "lookups de": 3, "lookups_refused de busy": 3 });
  });

  it("cost a dead service's time-out once, and then one question in a while", async () => {
    const w = world({ circuit: { failures: 2, openMs: 1_000 } });
    for (const n of [1, 2, 3]) w.ask(n);
    for (const _ of [1, 2, 3]) await w.reply({ kind: "timed-out" });
    expect(w.ask(4)).toBeUndefined();
    w.pass(1_000);
    expect(w.ask(5)).toBeDefined();
    expect(w.ask(6)).toBeUndefined();
    await w.reply(answer("26203"));
    expect(w.ask(7)).toBeDefined();
    expect(w.counts()).toEqual({
      "lookups de": 5,
      "lookup_results de timed-out": 3,
      "lookup_results de answered": 1,
      "lookups_refused de budget": 0,
      "lookups_refused de circuit-open": 2,
    });
  });

  it("are not asked for when the catalog reads the answers wrongly: no money is spent on what cannot be read", async () => {
    const w = world({ circuit: { failures: 2, openMs: 1_000 } });
    w.ask(1);
    await w.reply({ kind: "answer", status: 200, text: '{"mccmnc":"26203"}', pauseMs: 0 });
    w.ask(2);
    await w.reply({ kind: "answer", status: 500, text: "", pauseMs: 0 });
    expect(w.ask(3)).toBeUndefined();
    expect(w.counts()).toMatchObject({ "lookup_results de unusable": 2, "lookups_refused de circuit-open": 1 });
  });

  it("are left alone as long as the service asks for", async () => {
    const w = world();
    w.ask(1);
    await w.reply({ kind: "answer", status: 429, text: "", pauseMs: 20_000 });
    w.pass(19_999);
    expect(w.ask(2)).toBeUndefined();
    w.pass(1);
    expect(w.ask(2)).toBeDefined();
    expect(w.counts()).toMatchObject({ "lookup_results de throttled": 1 });
  });

  it("are not asked for when the budget is used up, and it is not spent on what is not asked", () => {
    const w = world({
      price: "0.01",
      currency: "EUR",
      budget: { daily: "0.12" },
      circuit: { failures: 1, openMs: 1_000 },
    });
    const asked = Array.from({ length: 20 }, (_, n) => w.ask(n)).filter((one) => one !== undefined);
    expect(asked).toHaveLength(12);
    expect(w.counts()).toMatchObject({ "lookups_refused de budget": 8, "lookup_spent_micros de EUR": 120_000 });
  });

  it("outlive a change of the catalog that leaves the look-up as it is", async () => {
    const w = world({ circuit: { failures: 1, openMs: 1_000 } });
    const same = { ...base, circuit: { failures: 1, openMs: 1_000 } };
    w.ask(1);
    w.apply(same, { ...base, id: "two" });
    await w.reply({ kind: "timed-out" });
    expect(w.ask(2)).toBeUndefined();
    expect(w.clients.map(({ lookup, closed }) => [lookup.id, closed])).toEqual([
      ["de", false],
      ["two", false],
    ]);
    w.apply({ ...same, timeoutMs: 100 });
    expect(w.ask(2)).toMatchObject({ deadline: 100 });
    expect(w.clients.map(({ closed }) => closed)).toEqual([true, true, false]);
  });

  it("are asked for no more, and nobody waits, when the catalog wants none", async () => {
    const w = world({ maxInFlight: 1 });
    w.ask(1);
    const waiting = w.ask(2)!;
    w.without();
    expect([w.networks.active, waiting.settled]).toEqual([false, true]);
    await w.reply(answer("26203"));
    w.networks.learn(number(4), "26203", NOW);
    expect([w.ask(3), w.open.length, w.networks.size]).toEqual([undefined, 0, 1]);
  });

  it("are learned from receipts, where the catalog wants that, and then not asked for", async () => {
    const w = world({}, { learned: { keepSeconds: 60 } });
    w.networks.learn(number(1), "26203", NOW - 59_000);
    w.networks.learn(number(2), "26203", NOW - 60_000);
    expect(w.networks.of(number(1))).toEqual({ mccMnc: "26203", source: "learned", until: NOW + 1_000 });
    expect([w.ask(1), w.ask(2) === undefined]).toEqual([undefined, false]);
    // Who was asked before does not know it.
    await w.reply(answer(null));
    w.ask(3);
    w.networks.learn(number(3), "26203", NOW);
    await w.reply(answer(null));
    expect(w.networks.of(number(3))).toMatchObject({ mccMnc: "26203", source: "learned" });
    const deaf = world();
    deaf.networks.learn(number(1), "26203", NOW);
    expect(deaf.networks.of(number(1))).toBeUndefined();
  });

  it("are known again when a catalog that asks for none is taken back", async () => {
    const w = world({}, { learned: {} });
    w.ask(1);
    await w.reply(answer("26203"));
    w.networks.learn(number(2), "26202", NOW);
    const { current } = w.catalog;
    w.without();
    expect(w.networks.active).toBe(false);
    w.catalog.current = current;
    expect([w.ask(1), w.ask(2), w.open.length]).toEqual([undefined, undefined, 0]);
    expect(w.networks.of(number(1))).toMatchObject({ mccMnc: "26203", source: "lookup" });
    expect(w.networks.of(number(2))).toMatchObject({ mccMnc: "26202", source: "learned" });
  });

  it("are remembered of a bounded number of numbers", async () => {
    const w = world({ maxInFlight: 1_000 }, { remembered: 1_000 });
    for (let n = 0; n < 1_500; n++) {
      w.ask(n);
      if (w.open.length > 0) await w.reply(answer("26203"));
    }
    expect(w.networks.size).toBe(1_000);
  });
});
