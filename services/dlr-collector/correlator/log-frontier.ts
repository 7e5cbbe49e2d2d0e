import { isKnown, type Watermarks } from "../../../platform/kafka/topic-marks.ts";
import { askEvery } from "../../../platform/lifecycle/ask-every.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { EndsSample } from "./stream-clock.ts";

/** The part of a TopicReader that is needed here. */
export interface WatermarkSource {
  watermarks(topic: string): Promise<Watermarks[]>;
}

/** Asks every now and then where the input topics end, for all partitions of this process together. */
export class LogFrontier {
  private readonly source: WatermarkSource;
  private readonly topics: readonly string[];
  private readonly log: Log;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private samples: readonly EndsSample[] = [];

  /** `now`: epoch ms by the brokers' clock, as the append times that deadlines count from. */
  constructor(source: WatermarkSource, topics: readonly string[], log: Log, now: () => number) {
    this.source = source;
    this.topics = topics;
    this.log = log;
    this.now = now;
  }

  start(everyMs = 500): void {
    const onFault = (error: Error) =>
      this.log.every("log-frontier", 10_000).warn({ cause: error.message }, "cannot ask Kafka where its logs end");
    this.timer = askEvery(everyMs, () => this.ask(), onFault);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The newest answer for one partition; undefined before the first. */
  sample(partition: number): EndsSample | undefined {
    return this.samples[partition];
  }

  private async ask(): Promise<void> {
    const askedAt = this.now();
    const marks = await Promise.all(this.topics.map((topic) => this.source.watermarks(topic)));
    this.samples = marks[0]!.map((_, partition) => ({
      askedAt,
      ends: marks.map((topic) => endOf(topic[partition])),
    }));
  }
}

/** An end that is not known, where the partition has no leader, is never come to. */
function endOf(marks: Watermarks | undefined): number {
  return marks === undefined || !isKnown(marks) ? Number.POSITIVE_INFINITY : marks.high;
}
