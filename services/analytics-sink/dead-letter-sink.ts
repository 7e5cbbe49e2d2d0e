import type { BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import { runSink, type SinkOptions } from "../../platform/kafka/sink.ts";
import { SinkStats } from "../../platform/kafka/sink-stats.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";
import { DEAD_LETTER_COLUMNS, DeadLetterBlock } from "./dead-letter-block.ts";
import { type SinkConfig, type SinkParts, type SinkScope, startSink } from "./start-sink.ts";
import { storedLetters } from "./stored-letters.ts";

const GROUP_ID = "sluice.analytics-sink.dead-letters";
/** A dead letter holds the record that it is about, so a fetch may be large, and there are few. */
const MAX_ROWS = 1_000;
const MAX_BYTES_PER_PARTITION = 2 << 20;

/** sms.dead-letter -> the table `dead_letters`, by the same rules as events: each exactly one row. */
export async function startDeadLetterSink(scope: SinkScope, config: SinkConfig, parts: SinkParts): Promise<void> {
  const { codecs, producer, reader, connection, crashed } = parts;
  const table = { table: "dead_letters", columns: DEAD_LETTER_COLUMNS, format: "RowBinary" } as const;
  const stats = new SinkStats();
  const stored = storedLetters(scope.metrics);
  const options = (inserter: BlockInserter): SinkOptions<DeadLetterBlock> => ({
    groupId: GROUP_ID,
    store: {
      open: () => new DeadLetterBlock(codecs),
      insert: async (block, token) => {
        await inserter.insert(() => block.encoded(), token);
        stored(block.reasons());
      },
      settle: (block, doubt) => crashed.place(table, () => block.encoded(), doubt),
      deadLetter: () => {
        throw new Error("a dead letter is never refused");
      },
    },
    producer,
    reader,
    stats,
    log: connection.log,
    maxRows: MAX_ROWS,
    maxBytes: config.sinkMaxBytes,
    maxAgeMs: config.sinkMaxAge,
    repeatSpan: MAX_ROWS,
  });
  await startSink(scope, config, parts, {
    name: "dead letters",
    topic: DEAD_LETTER_TOPIC,
    groupId: GROUP_ID,
    ...table,
    connections: 1,
    stats,
    fetch: { minBytes: 1, maxWaitMs: 500, maxBytesPerPartition: MAX_BYTES_PER_PARTITION },
    run: (task, inserter) => runSink(task, options(inserter)),
  });
}
