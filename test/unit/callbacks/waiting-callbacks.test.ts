import fc from "fast-check";
import { expect, it } from "vitest";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { CALLBACK_TABLES, WaitingCallbacks } from "../../../services/callbacks/waiting-callbacks.ts";
import { freshFolder, openStore } from "../platform/store/store-world.ts";
import { memoryTables } from "../router/scheduled/memory-tables.ts";

const ENDPOINTS = ["00".repeat(8), "0f".repeat(8), "ff".repeat(8)];

interface Step {
  readonly chain: number;
  readonly place: number;
  readonly endpoint: number;
  /** Undefined: it waits no more. */
  readonly due: number | undefined;
}

function record({ chain, place, endpoint, due }: Step): InRecord {
  const headers = { endpoint: ENDPOINTS[endpoint]!, due: String(due), since: String(1_000 + place) };
  const key = Buffer.from(`018f/49${chain}/${place}`);
  const value = due === undefined ? null : Buffer.from(`${chain}/${place}/${due}`);
  return {
    topic: "sms.callbacks",
    partition: 3,
    offset: 0,
    key,
    value,
    headers: due === undefined ? {} : headers,
    timestamp: 1,
  };
}

const step = fc.record({
  ...{ chain: fc.nat(3), place: fc.nat(4), due: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }) },
});

it("has of each message the first that waits, when it is due, as a plain list would", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const waiting = new WaitingCallbacks(memoryTables() as never);
      const model = new Map<string, Step>();
      for (const one of steps) {
        // All of a message go to one endpoint.
        const full = { ...one, endpoint: one.chain % 3 };
        waiting.apply(record(full));
        if (full.due === undefined) model.delete(`${one.chain}/${one.place}`);
        else model.set(`${one.chain}/${one.place}`, full);
      }
      const first = [0, 1, 2, 3].flatMap((chain) => {
        const waits = [...model.values()].filter((one) => one.chain === chain).sort((a, b) => a.place - b.place);
        return waits.slice(0, 1);
      });
      for (const [endpoint, id] of ENDPOINTS.entries()) {
        const due = first.filter((one) => one.endpoint === endpoint && one.due! <= 25);
        const { found, next } = await waiting.dueBy(3, id, 25, 100);
        expect(found.map(({ value }) => value.toString()).sort()).toEqual(
          due.map((one) => `${one.chain}/${one.place}/${one.due}`).sort(),
        );
        const later = first.filter((one) => one.endpoint === endpoint && one.due! > 25).map((one) => one.due!);
        expect(next).toBe(Math.min(Number.POSITIVE_INFINITY, ...later));
      }
      expect(await waiting.endpointsOf(3)).toEqual(
        ENDPOINTS.filter((_, endpoint) => first.some((one) => one.endpoint === endpoint)),
      );
      expect(waiting.countOf(3)).toBe(model.size);
      const oldest = [...model.values()].map(({ place }) => 1_000 + place);
      expect(await waiting.oldestOf(3)).toBe(oldest.length === 0 ? undefined : Math.min(...oldest));
    }),
  );
});

it("gives the first ones due, and says when there are more", async () => {
  const waiting = new WaitingCallbacks(memoryTables() as never);
  for (const [chain, due] of [30, 10, 20].entries()) waiting.apply(record({ chain, place: 1, endpoint: 0, due }));
  const { found, next } = await waiting.dueBy(3, ENDPOINTS[0]!, 40, 2);
  expect(found.map(({ value }) => value.toString())).toEqual(["1/1/10", "2/1/20"]);
  expect(next).toBe(30);
});

it("stands on disk, and leads to the same when it is applied again", async () => {
  const folder = freshFolder();
  const steps = [
    record({ chain: 1, place: 1, endpoint: 0, due: 5 }),
    record({ chain: 1, place: 2, endpoint: 0, due: 3 }),
    record({ chain: 1, place: 1, endpoint: 0, due: undefined }),
  ];
  const { store } = await openStore(folder, { tables: CALLBACK_TABLES });
  for (const one of steps) new WaitingCallbacks(store).apply(one);
  await store.close();
  const again = await openStore(folder, { tables: CALLBACK_TABLES });
  const waiting = new WaitingCallbacks(again.store);
  for (const one of steps) waiting.apply(one);
  expect(waiting.countOf(3)).toBe(1);
  expect(waiting.keysOf(3, "018f/491")).toEqual(["018f/491/2"]);
  expect((await waiting.dueBy(3, ENDPOINTS[0]!, 9, 9)).found.map(({ value }) => value.toString())).toEqual(["1/2/3"]);
  await again.store.close();
});

it("leaves out what nobody of ours has written", () => {
  let unreadable = 0;
  const waiting = new WaitingCallbacks(memoryTables() as never, () => unreadable++);
  const good = record({ chain: 1, place: 1, endpoint: 0, due: 5 });
  waiting.apply({ ...good, key: Buffer.from("x") });
  waiting.apply({ ...good, headers: { ...good.headers, endpoint: "no" } });
  waiting.apply({ ...good, headers: { ...good.headers, due: "soon" } });
  expect([unreadable, waiting.countOf(3)]).toEqual([3, 0]);
});
