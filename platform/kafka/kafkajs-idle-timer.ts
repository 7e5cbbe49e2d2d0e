/**
 * KafkaJS 2.2.4 keeps a timer of 1 ms running on every connection while nothing is pending (tulios/kafkajs#1704): about
 * 40 ms of CPU a second in each process, and a TimeoutNegativeWarning. The timer is needed only while requests are
 * pending. KafkaJS has had no release since; this replaces the one method. Held by test/unit/platform/kafka/kafkajs-idle-timer.test.ts.
 */
import { createRequire } from "node:module";

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

const queue = createRequire(import.meta.url)("kafkajs/src/network/requestQueue") as { prototype: RequestQueue };
const schedule = queue.prototype.scheduleCheckPendingRequests;
queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this);
};
