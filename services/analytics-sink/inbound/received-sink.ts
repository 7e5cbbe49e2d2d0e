import type { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { runSink, type SinkOptions } from "../../../platform/kafka/sink.ts";
import { SinkStats } from "../../../platform/kafka/sink-stats.ts";
import { RECEIVED_SINK_GROUP } from "../../../schemas/groups.ts";
import { RECEIVED_TOPIC } from "../../../schemas/topics.ts";
import { refusedLetters } from "../refusals.ts";
import { type SinkConfig, type SinkParts, type SinkScope, startSink } from "../start-sink.ts";
import { INBOUND_COLUMNS, ReceivedBlock } from "./received-block.ts";

const TABLE = "inbound";
const MAX_ROWS = 1_000;
const MAX_BYTES_PER_PARTITION = 256 << 10;

/** sms.received -> the table `inbound`: a row for each message from a handset to an account. The topic is empty where no account has a number. */
export async function startReceivedSink(scope: SinkScope, config: SinkConfig, parts: SinkParts): Promise<void> {
  const { codecs, producer, reader, connection, crashed, now, traces } = parts;
  const stats = new SinkStats();
  scope.metrics.observe("sink_inbound_total", "counter", "Messages from handsets stored", () => stats.rows);
  const options = (inserter: BlockInserter): SinkOptions<ReceivedBlock> => ({
    groupId: RECEIVED_SINK_GROUP,
    store: {
      open: () => new ReceivedBlock(codecs),
      insert: (block, token) => inserter.insert(() => block.encoded(), token),
      settle: (block, doubt) => crashed.again(inserter, TABLE, () => block.encoded(), doubt),
      deadLetter: refusedLetters(codecs, now, traces),
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
    name: "inbound",
    topic: RECEIVED_TOPIC,
    groupId: RECEIVED_SINK_GROUP,
    table: TABLE,
    columns: INBOUND_COLUMNS,
    connections: 1,
    stats,
    fetch: { minBytes: 1, maxWaitMs: 500, maxBytesPerPartition: MAX_BYTES_PER_PARTITION },
    run: (task, inserter) => runSink(task, options(inserter)),
  });
}
