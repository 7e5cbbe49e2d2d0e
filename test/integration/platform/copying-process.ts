/** A process for tests to freeze and stop: copies a topic, marking each copy with who made it. Arguments as JSON. */
import { sourceHeader } from "../../../platform/kafka/positions.ts";
import { Predecessor } from "../../../platform/kafka/predecessor.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import { runTransform } from "../../../platform/kafka/transform.ts";
import { connectionTo } from "./kafka-runtime.ts";

export interface CopyingArguments {
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly input: string;
  readonly output: string;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  /** Where it notes the member that it is. */
  readonly memberFile?: string;
}

const args = JSON.parse(process.argv[2]!) as CopyingArguments;
const connection = connectionTo(args.brokers);
const { memberFile: file, groupId } = args;
const producer = new RecordProducer({ connection });
let tasks = 0;

const group = new TaskGroup({
  connection,
  groupId,
  topics: [args.input],
  partitions: args.partitions,
  sessionTimeoutMs: args.sessionTimeoutMs,
  ...(file === undefined ? {} : { predecessor: new Predecessor({ file, groupId, connection }) }),
  run: (task) => {
    const owner = `${process.pid}/${tasks++}`;
    return runTransform(
      task,
      {
        restore: async () => {},
        process: (record, _input, out) =>
          out.effect({
            topic: args.output,
            partition: record.partition,
            key: record.key,
            value: record.value,
            headers: { src: sourceHeader(record.topic, record.partition, record.offset), owner },
          }),
        state: () => "",
      },
      { producer, maxBatchPerInput: 50 },
    );
  },
});

process.once("SIGTERM", async () => {
  await group.stop();
  await producer.close();
  process.exit(0);
});
// The test that started us is gone.
process.stdin.on("end", () => process.exit(1)).resume();
await producer.connect();
await group.start();
