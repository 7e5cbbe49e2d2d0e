import { afterEach, describe, expect, it } from "vitest";
import { parseCatalog } from "../../../domain/catalog/catalog.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { Task } from "../../../platform/kafka/task.ts";
import { runTransform } from "../../../platform/kafka/transform.ts";
import { ROUTER_INPUTS } from "../../../schemas/topics.ts";
import type { LookupReply } from "../../../services/router/lookups/http-lookup.ts";
import { codecs, dispatchOf, eventOf, HOME, inRecord, NOW, P, request, TO, world } from "./router-world.ts";

/** Telekom's by its prefix. */
const TELEKOM = "26201";
const O2 = "26203";
const answer = (net: string | null): LookupReply => ({
  kind: "answer",
  status: 200,
  text: JSON.stringify({ net }),
  pauseMs: 0,
});

function snapshot(lookup: object) {
  const smpp = { host: "127.0.0.1", port: 1, systemId: "s", password: "p" };
  const provider = { kind: "smpp", rate: 100, currency: "EUR", smpp };
  const read = parseCatalog(
    {
      accounts: [{ id: "acme", name: "Acme" }],
      providers: [
        { id: "a", ...provider, prices: [{ price: "0.01" }] },
        { id: "b", ...provider, prices: [{ price: "0.05" }, { mccMnc: O2, price: "0.02" }] },
      ],
      routes: [
        { id: "o2", when: { mccMncs: [O2] }, strategy: "priority", providers: [{ id: "b" }] },
        { id: "rest", strategy: "priority", providers: [{ id: "a" }] },
      ],
      portability: {
        lookups: [{ id: "l", kind: "http", url: "https://l.example/{number}", answer: { mccMnc: "net" }, ...lookup }],
      },
    },
    P,
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return snapshotOf(read.value);
}

/** Different numbers of the partition, all Telekom's by prefix. */
function numbers(count: number): string[] {
  const found: string[] = [];
  for (let n = 0; found.length < count; n++) {
    const number = `49151${String(20_000_000 + n)}`;
    if (partitionFor(number, P) === HOME) found.push(number);
  }
  return found;
}

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** A router at work on one partition; `reply`: what the look-up says, or a promise of it. */
async function atWork(
  lookup: object,
  reply: (number: string) => LookupReply | Promise<LookupReply>,
  restored?: { state: string; log: readonly InRecord[] },
) {
  const asked: string[] = [];
  const w = world(
    () => 0,
    undefined,
    "weighted",
    () => ({
      ask: async (number) => {
        asked.push(number);
        return reply(number);
      },
      close: async () => {},
    }),
  );
  w.catalog.current = snapshot(lookup);
  w.log.push(...(restored?.log ?? []));
  const router = await w.start();
  const written: OutRecord[] = [];
  const states: string[] = [];
  const task = new Task(
    {
      leaseValid: true,
      resume: () => {},
      commit: async (_, __, state) => {
        states.push(state);
        return true;
      },
    },
    HOME,
    ROUTER_INPUTS,
    { offsets: ROUTER_INPUTS.map(() => 0), state: restored?.state ?? "" },
    1_000,
  );
  const producer = { send: async (records: readonly OutRecord[]) => void written.push(...records) };
  const done = runTransform(task, router, { producer: producer as never, maxBatchPerInput: 100 });
  running.push(async () => {
    task.draining = true;
    task.wake();
    await done;
  });
  const give = (...records: InRecord[]) => {
    for (const record of records) {
      const input = task.inputs.find(({ topic }) => topic === record.topic)!;
      input.push(record);
      input.expected = record.offset + 1;
    }
    task.wake();
  };
  const events = () => written.filter(({ topic }) => topic === "sms.events").map(eventOf);
  const orders = () => written.filter(({ topic }) => topic.startsWith("sms.dispatch.")).map(dispatchOf);
  const until = async (count: number) => {
    const end = performance.now() + 5_000;
    while (orders().length < count) {
      if (performance.now() > end) throw new Error(`${orders().length} of ${count} after 5 s`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { ...w, give, events, orders, until, asked, states };
}

const to = (number: string, offset: number, lane = "transactional"): InRecord => ({
  ...request(offset, { to: number }, { key: Buffer.from(number) }),
  topic: `sms.requests.${lane}`,
});

describe("a ported number", () => {
  it("takes the route of the network that it is of now, at its price, and the event says how that is known", async () => {
    const w = await atWork({}, () => answer(O2));
    w.give(to(TO, 0), to(TO, 1));
    await w.until(2);
    const decided = { network: O2, networkSource: "lookup" };
    expect(w.events()).toMatchObject([
      { type: "routed", route: "o2", provider: "b", price: 20_000, facts: decided },
      { type: "routed", route: "o2", provider: "b", price: 20_000, facts: decided },
    ]);
    expect(w.orders()).toMatchObject([{ provider: "b", price: 20_000, facts: decided }, { provider: "b" }]);
    expect(w.asked).toEqual([TO]);
  });

  it("is of the network of its prefix where the look-up does not know it", async () => {
    const w = await atWork({}, () => answer(null));
    w.give(to(TO, 0));
    await w.until(1);
    expect(w.events()).toMatchObject([{ route: "rest", facts: { network: TELEKOM, networkSource: null } }]);
  });

  it("stays what it was found to be for all later attempts of the message", async () => {
    const w = await atWork({}, () => answer(TELEKOM));
    w.give(to(TO, 0));
    await w.until(1);
    const [{ facts }] = w.events() as [ReturnType<typeof eventOf>];
    const earlier = { ...facts, messageId: "earlier", network: O2, networkSource: "lookup" };
    const retry = { facts: earlier, text: "hello", attempt: 2, tried: [], inDoubt: null };
    const value = codecs.retry.encode({ ...retry, spendLeft: null, spendCurrency: null, charge: null });
    w.give(inRecord("sms.retry.0s", 0, value));
    await w.until(2);
    expect(w.events()[1]).toMatchObject({ route: "o2", facts: { network: O2, networkSource: "lookup" } });
    expect(w.asked).toEqual([TO]);
  });

  it("is decided as it was by the last owner, without another question", async () => {
    const first = await atWork({ price: "0.01", currency: "EUR", budget: { daily: "6" } }, () => answer(O2));
    first.give(to(TO, 0));
    await first.until(1);
    const event = first.events()[0]!;
    const log = [
      {
        ...inRecord("sms.events", 0, codecs.event.encode(event)),
        headers: { id: `${event.facts.messageId}/1/routed`, src: `sms.requests.transactional/${HOME}/0` },
      },
    ];
    const next = await atWork({}, () => answer(TELEKOM), { state: "", log: log as never });
    next.give(to(TO, 0));
    await next.until(1);
    expect(next.orders()).toMatchObject([{ provider: "b", price: 20_000, facts: { network: O2 } }]);
    expect(next.asked).toEqual([]);
  });
});

describe("a look-up", () => {
  it("is asked for many numbers at one time, and each lane keeps its order", async () => {
    const open: (() => void)[] = [];
    const w = await atWork({ maxInFlight: 200 }, () => new Promise((resolve) => open.push(() => resolve(answer(O2)))));
    const list = numbers(60);
    w.give(...list.map((number, n) => to(number, n)));
    while (open.length < 60) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(w.orders()).toEqual([]);
    // Answered from the last to the first.
    for (const reply of open.reverse()) reply();
    await w.until(60);
    expect(w.orders().map(({ facts }) => facts.to)).toEqual(list);
    expect(new Set(w.orders().map(({ provider }) => provider))).toEqual(new Set(["b"]));
  });

  it("that is slow holds up its own lane alone", async () => {
    const w = await atWork({ lanes: ["marketing"] }, () => new Promise(() => {}));
    w.give(to(TO, 0, "marketing"), to(TO, 0, "otp"), to(TO, 0, "transactional"));
    await w.until(2);
    w.give(to(TO, 1, "otp"));
    await w.until(3);
    expect(w.orders().map(({ facts }) => facts.lane)).toEqual(["otp", "transactional", "otp"]);
    expect(w.asked).toEqual([TO]);
  });

  it("that never answers holds nothing up for longer than its time-out", async () => {
    const w = await atWork({ timeoutMs: 400, maxInFlight: 10 }, () => new Promise(() => {}));
    const list = numbers(300);
    w.give(...list.map((number, n) => to(number, n)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(w.orders()).toEqual([]);
    w.at(NOW + 399);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(w.orders()).toEqual([]);
    w.at(NOW + 400);
    await w.until(300);
    expect(w.orders().map(({ facts }) => facts.to)).toEqual(list);
    expect(new Set(w.events().map(({ route }) => route))).toEqual(new Set(["rest"]));
  });

  it("is paid for within the budget, which the next owner goes on with", async () => {
    const lookup = { price: "0.01", currency: "EUR", budget: { daily: "0.24" } };
    const w = await atWork(lookup, () => answer(O2));
    w.give(...numbers(3).map((number, n) => to(number, n)));
    await w.until(3);
    const state = w.states.at(-1)!;
    expect(JSON.parse(state)).toMatchObject({
      e: 0,
      n: { l: [30_000, expect.any(Number), 30_000, expect.any(Number)] },
    });
    const next = await atWork(lookup, () => answer(O2), { state, log: [] });
    // 0.24 for six partitions: four questions in each.
    next.give(...numbers(6).map((number, n) => to(number, n)));
    await next.until(6);
    expect(next.asked).toHaveLength(1);
    expect(next.events().map(({ route }) => route)).toEqual(["o2", "rest", "rest", "rest", "rest", "rest"]);
  });

  it("is not asked about records whose key is not their number, nor a number of this partition", async () => {
    const w = await atWork({}, () => answer(O2));
    const other = numbers(1)[0]!;
    const elsewhere = Array.from({ length: 50 }, (_, n) => `49151300000${10 + n}`).find(
      (n) => partitionFor(n, P) !== HOME,
    )!;
    w.give(
      { ...to(TO, 0), key: null },
      { ...to(TO, 1), key: Buffer.from(`+${TO}`) },
      { ...to(TO, 2), key: Buffer.from(elsewhere) },
      to(other, 3),
    );
    await w.until(1);
    expect(w.asked).toEqual([other]);
  });
});
