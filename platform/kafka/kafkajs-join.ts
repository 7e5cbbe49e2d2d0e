/**
 * Two things about joining a group in KafkaJS 2.2.4. Each fetcher (one a broker) that finds its leaders gone joins by itself,
 * also while another is joining: then nobody knows any more which of the joins the assignment is of. Here one join runs at a
 * time, and who asks meanwhile shares it. And after a join that failed for a passing reason KafkaJS goes on fetching as the member it was,
 * for good and without a word: here that is a crash, and the consumer is begun anew (task-group.ts). KafkaJS has had no release since
 * February 2023. Held by test/unit/platform/kafka/kafkajs-join.test.ts and test/integration/platform/task-group.test.ts.
 */
import { createRequire } from "node:module";
import kafkajs from "kafkajs";

interface ConsumerGroup {
  joinAndSync(): Promise<void>;
}

const { prototype } = createRequire(import.meta.url)("kafkajs/src/consumer/consumerGroup") as {
  prototype: ConsumerGroup;
};
const join = prototype.joinAndSync;
const running = new WeakMap<ConsumerGroup, Promise<void>>();

prototype.joinAndSync = function (this: ConsumerGroup): Promise<void> {
  let joining = running.get(this);
  if (joining === undefined) {
    joining = join
      .call(this)
      .catch((error: Error) => {
        throw new kafkajs.KafkaJSNonRetriableError(error);
      })
      .finally(() => running.delete(this));
    running.set(this, joining);
  }
  return joining;
};
