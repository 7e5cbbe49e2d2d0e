/**
 * KafkaJS 2.2.4 measures durations by the wall clock. Set that forward, and every request under way counts as timed out;
 * set it back two hours, and for two hours no heartbeat is sent, so the group gives the partitions away, and a frozen
 * broker is waited for as long. The times that it keeps for later are moved here by as much as the wall clock has jumped
 * since: what it then computes is elapsed time, as by a monotonic clock. KafkaJS has had no release since February 2023.
 * Held by test/unit/platform/kafka/kafkajs-steady-time.test.ts and test/invariants/clock.test.ts.
 */
import { createRequire } from "node:module";

/** Less is not a jump, but how wall and monotonic clock are read one after the other, ms. */
const JUMP_MS = 100;

let ahead = measure();

/** Wall clock minus monotonic clock, ms; changes only when the wall clock jumps. */
function aheadNow(): number {
  const measured = measure();
  if (Math.abs(measured - ahead) > JUMP_MS) ahead = measured;
  return ahead;
}

function measure(): number {
  return Date.now() - performance.now();
}

/** Makes a field that holds wall clock time (ms) follow the jumps of the wall clock. */
function steady(prototype: object, field: string): void {
  const value = Symbol(field);
  const setAt = Symbol(`${field} set at`);
  type Holder = Record<symbol, number | null | undefined>;
  Object.defineProperty(prototype, field, {
    configurable: true,
    get(this: Holder) {
      const time = this[value];
      return typeof time === "number" ? time + (aheadNow() - this[setAt]!) : time;
    },
    set(this: Holder, time: number | null | undefined) {
      this[value] = time;
      this[setAt] = aheadNow();
    },
  });
}

type Class = { readonly prototype: object };
const load = (path: string) => createRequire(import.meta.url)(`kafkajs/src/${path}`) as Class;

/** Of the last heartbeat. */
steady(load("consumer/consumerGroup").prototype, "lastRequest");
/** Of a request: by it the time-out passes and the round trip is measured. */
steady(load("network/requestQueue/socketRequest").prototype, "sentAt");
steady(load("network/requestQueue/socketRequest").prototype, "createdAt");
/** Until then a broker's quota holds requests back. */
steady(load("network/requestQueue").prototype, "throttledUntil");
/** When the list of topics and leaders is asked for again. */
steady(load("cluster/brokerPool").prototype, "metadataExpireAt");
