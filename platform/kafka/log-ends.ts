import { askEvery } from "../lifecycle/ask-every.ts";
import type { KafkaLog } from "./record.ts";
import { isKnown } from "./topic-marks.ts";
import type { TopicReader } from "./topic-reader.ts";

/** The ends of one topic's partitions, asked for every now and then for all tasks of a process together. */
export class LogEnds {
  private readonly reader: TopicReader;
  private readonly topic: string;
  private readonly log: KafkaLog;
  private timer: NodeJS.Timeout | undefined;
  /** Grows by one with each answer. */
  version = 0;
  /** One above the last offset of each partition, as its broker said when `version` grew; as it said before where it has no leader, undefined where none has said. */
  ends: readonly (number | undefined)[] = [];

  constructor(reader: TopicReader, topic: string, log: KafkaLog) {
    this.reader = reader;
    this.topic = topic;
    this.log = log;
  }

  /** Asks once, then every `everyMs`. Throws when the first answer cannot be had. */
  async start(everyMs = 1_000): Promise<void> {
    await this.ask();
    const onFault = (error: Error) =>
      this.log.debug({ topic: this.topic, cause: error.message }, "Could not ask for the log's ends");
    this.timer = askEvery(everyMs, () => this.ask(), onFault);
  }

  stop(): void {
    if (this.timer !== undefined) clearInterval(this.timer);
  }

  private async ask(): Promise<void> {
    const marks = await this.reader.watermarks(this.topic);
    const before = this.ends;
    this.ends = marks.map((mark, partition) => (isKnown(mark) ? mark.high : before[partition]));
    this.version++;
  }
}
