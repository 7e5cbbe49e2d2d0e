import fc from "fast-check";
import { expect, test } from "vitest";
import { ProducerQueue, type QueuedRecord } from "../../../../platform/kafka/producer-queue.ts";

function item(n: number, bytes: number, fence?: { alive: boolean }): QueuedRecord & { n: number } {
  const send = { remaining: 1, fence, resolve: () => {}, reject: () => {} };
  return { n, bytes, send, record: { topic: "t", partition: 0, key: null, value: null } };
}

test("every slice is a run from the oldest unacknowledged record, without fenced ones, within its bounds", () => {
  const step = fc.record({
    push: fc.array(
      fc.record({ bytes: fc.constantFrom(10, 1_000, 300_000, 900_000), fenced: fc.integer({ min: 0, max: 9 }) }),
      { maxLength: 8 },
    ),
    acknowledged: fc.boolean(),
    fall: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ProducerQueue("t", 0);
      const fences = Array.from({ length: 10 }, () => ({ alive: true }));
      let waiting: ReturnType<typeof item>[] = [];
      let n = 0;
      for (const { push, acknowledged, fall } of steps) {
        for (const { bytes, fenced } of push) {
          const fence = fenced < 3 ? fences[fenced] : undefined;
          const one = item(n++, bytes, fence);
          queue.push(one);
          waiting.push(one);
        }
        if (fall < 1) fences[n % 3] = { alive: true };
        else if (fall < 2) fences[n % 3]!.alive = false;
        const dropped: QueuedRecord[] = [];
        const run = queue.slice((one) => dropped.push(one));
        for (const one of dropped) expect(one.send.fence!.alive).toBe(false);
        for (const one of run) expect(one.send.fence?.alive).not.toBe(false);
        waiting = waiting.filter((one) => !dropped.includes(one));
        expect(run).toEqual(waiting.slice(0, run.length));
        if (waiting.some((one) => one.send.fence?.alive !== false)) expect(run.length).toBeGreaterThan(0);
        expect(run.length).toBeLessThanOrEqual(1_000);
        if (run.length > 1) expect(run.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThanOrEqual(800_000);
        if (acknowledged) {
          const gone: QueuedRecord[] = [];
          queue.acknowledge(run.length, (one) => gone.push(one));
          expect(gone).toEqual(run);
          waiting = waiting.slice(run.length);
        }
        expect(queue.length).toBe(waiting.length);
      }
    }),
  );
});
