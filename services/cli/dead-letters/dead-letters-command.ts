import { z } from "zod";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { loadContent } from "../../../pipeline/dead-letters/letter-content.ts";
import { LogHistory } from "../../../pipeline/dead-letters/message-history.ts";
import { readingFrom } from "../../../pipeline/dead-letters/reading-from.ts";
import { Replayer, type ReplayOptions } from "../../../pipeline/dead-letters/replay.ts";
import { shownLetter } from "../../../pipeline/dead-letters/show-letter.ts";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { type ClickhouseConfig, clickhouseSettings } from "../../../platform/clickhouse/settings.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { kafkaSettings } from "../../../platform/kafka/settings.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { DEAD_LETTER_TOPIC, EVENTS_TOPIC } from "../../../schemas/topics.ts";
import type { Command, CommandHost } from "../command.ts";
import { kafkaAnswers } from "../kafka-answers.ts";
import { type DeadLetterArguments, LISTED, RATE, REPLAYED, readDeadLetterArguments } from "./arguments.ts";
import { replayFound } from "./replay-found.ts";
import { absentLine, judgedLine, letterTable, nothingToReplay, replaySummary } from "./report.ts";
import { StopSignals } from "./stop-signals.ts";

const HELP = `usage: sluice dead-letters list [filters] [--most <n>] [--json]
       sluice dead-letters show <partition>/<offset> [--reveal] [--json]
       sluice dead-letters replay [filters | <partition>/<offset> …] [options]
What could not be processed, from sms.dead-letter: looked through, looked at, and put back where it stood.
filters, all of which must hold
  --reason <code>       undecodable, invalid, id-reused, …        --service <name>   who put it aside
  --topic <name>        where the record stood                    --from, --to <time> when it was put aside: a date, or a time with its zone
  --account, --provider <name>, --label <name=value>  of letters whose record can be read
list    the newest ${LISTED}, or --most, and how many there are of each kind
show    one letter with its headers and content; --reveal shows texts and numbers as well
replay  the oldest first. What became of each message is looked up in ClickHouse and in what is not stored there yet; what has ended, is
        under way, or would be put aside again, is refused with the reason. The letter stays, and the replay is recorded behind it.
  --yes                 do it; without it nothing is written
  --rate <n>            letters a second; default ${RATE}
  --most <n>            letters replayed at the most; default ${REPLAYED}
  --again               also what has been replayed before
  --as-new              requests whose message has ended without a provider, or whose id stands for another text: as a new message, with
                        a new id and a validity from now
Ctrl-C ends a replay behind the letters at hand. What is killed in the middle can be run again: it doubles nothing.
Exit code 1 when show finds no such letter or replay had to refuse some, 2 when Kafka, the registry or ClickHouse cannot be asked, 64 for
arguments that it does not understand, 130 after Ctrl-C.`;

/** As shells say of a program that Ctrl-C has ended. */
const EXIT_STOPPED = 130;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const settings = z.object({ ...kafkaSettings, ...clickhouseSettings });
type Asked<A extends DeadLetterArguments["action"]> = Extract<DeadLetterArguments, { action: A }>;

/** `sluice dead-letters`. */
export const deadLettersCommand: Command = {
  summary: "what could not be processed: list, show, replay",
  help: HELP,
  async run(args, host) {
    const asked = readDeadLetterArguments(args);
    const config = readConfig("sluice", settings, host.env, ["SLUICE_*"]);
    const connection = kafkaConnection(config, `sluice-dead-letters-${process.pid}`, quiet);
    const codecs = await connectCodecs(config);
    const reader = new TopicReader({ connection, topics: [DEAD_LETTER_TOPIC, EVENTS_TOPIC] });
    await kafkaAnswers(reader.start(), config.kafkaBrokers);
    try {
      const box = new DeadLetterBox({ reader, codecs });
      if (asked.action === "list") return await list(asked, box, host);
      if (asked.action === "show") return await show(asked, box, codecs, host);
      return await replay(asked, { box, reader, codecs, connection }, config, host);
    } finally {
      await reader.stop();
    }
  },
};

async function list({ filter, most, json }: Asked<"list">, box: DeadLetterBox, { print }: CommandHost) {
  const found = await box.find(filter, { most, which: "newest" });
  print(json ? JSON.stringify({ ...found, counts: Object.fromEntries(found.counts) }) : letterTable(found));
  return 0;
}

async function show({ place, reveal }: Asked<"show">, box: DeadLetterBox, codecs: SluiceCodecs, host: CommandHost) {
  const [letter] = await box.read([place]);
  if (letter === undefined) {
    host.tell(`sms.dead-letter has no letter at ${place.partition}/${place.offset}`);
    return 1;
  }
  host.print(JSON.stringify(shownLetter(letter, await loadContent(codecs, letter.content), reveal), undefined, 2));
  return 0;
}

interface Parts {
  readonly box: DeadLetterBox;
  readonly reader: TopicReader;
  readonly codecs: SluiceCodecs;
  readonly connection: KafkaConnection;
}

async function replay(
  asked: Asked<"replay">,
  { box, reader, codecs, connection }: Parts,
  config: ClickhouseConfig,
  host: CommandHost,
): Promise<number> {
  const clickhouse = ClickhouseReader.of(config);
  const producer = new RecordProducer({ connection });
  const signals = new StopSignals(() => host.tell("stopping behind the letters at hand; once more stops at once"));
  const tell = asked.json ? host.tell : host.print;
  try {
    const history = new LogHistory({ clickhouse, reader, codecs });
    const readTopic = readingFrom(connection);
    const replayer = new Replayer({ box, history, codecs, reader, producer, readTopic });
    const options: ReplayOptions = {
      ...asked,
      stopped: () => signals.stopped,
      onJudged: (judged) => host.print(asked.json ? JSON.stringify(judgedLine(judged)) : judgedLine(judged).text),
    };
    const result =
      asked.places.length > 0
        ? await replayer.replay(asked.places, options)
        : await replayFound(box, replayer, asked.filter, options);
    if ("others" in result) {
      tell(nothingToReplay(result.others, asked.again));
      return 0;
    }
    for (const place of result.absent) tell(absentLine(place));
    tell(replaySummary(result, asked.carryOut, replayer.run));
    if (signals.stopped) return EXIT_STOPPED;
    return result.refused.size > 0 || result.absent.length > 0 ? 1 : 0;
  } finally {
    signals.close();
    await Promise.allSettled([producer.close(), clickhouse.close()]);
  }
}
