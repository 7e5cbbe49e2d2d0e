import { isKnown } from "../../../platform/kafka/topic-marks.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { askEvery } from "../../../platform/lifecycle/ask-every.ts";
import type { Log } from "../../../platform/log/log.ts";
import {
  EVENTS_TOPIC,
  LANES,
  RECEIPTS_TOPIC,
  RETRY_DELAYS,
  requestTopic,
  retryTopic,
} from "../../../schemas/topics.ts";
import { FlowMeter, type TopicFlow } from "./flow-meter.ts";

/** Topics whose flow is shown, and the group whose backlog counts. */
const WATCHED: readonly { readonly topic: string; readonly group: string; readonly everyMs: number }[] = [
  ...LANES.map((lane) => ({ topic: requestTopic(lane), group: "sluice.router", everyMs: 1_000 })),
  { topic: EVENTS_TOPIC, group: "sluice.analytics-sink", everyMs: 1_000 },
  { topic: RECEIPTS_TOPIC, group: "sluice.correlator", everyMs: 1_000 },
  ...RETRY_DELAYS.map((delay) => ({ topic: retryTopic(delay), group: "sluice.router", everyMs: 5_000 })),
];

/** A step of the rounds in which topics are asked for, ms. */
const STEP_MS = 1_000;

/** Asks the brokers again and again how much stands in the topics, and how far their readers are. */
export class WatchedTopics {
  private readonly reader: Pick<TopicReader, "watermarks" | "committed">;
  private readonly log: Log;
  private readonly meters = new Map(WATCHED.map(({ topic }) => [topic, new FlowMeter()]));
  private readonly onSample: () => void;
  private timer: NodeJS.Timeout | undefined;
  private step = 0;

  constructor(reader: Pick<TopicReader, "watermarks" | "committed">, log: Log, onSample: () => void) {
    this.reader = reader;
    this.log = log;
    this.onSample = onSample;
  }

  start(): void {
    const onFault = (error: Error) =>
      this.log
        .every("watched-topics", 30_000)
        .warn({ cause: error.message }, "the brokers do not say how far topics are");
    this.timer = askEvery(STEP_MS, () => this.ask(), onFault);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  of(topic: string): TopicFlow {
    return this.meters.get(topic)!.now;
  }

  /** Asks for the topics whose turn it is; done every second by itself. */
  async ask(): Promise<void> {
    const step = this.step++;
    const due = WATCHED.filter(({ everyMs }) => step % (everyMs / STEP_MS) === 0);
    let fault: unknown;
    // What is wrong with one topic keeps nobody from asking for the others.
    for (const { topic, group } of due)
      await this.sample(topic, group).catch((error: unknown) => {
        fault ??= error;
      });
    this.onSample();
    if (fault !== undefined) throw fault;
  }

  private async sample(topic: string, group: string): Promise<void> {
    const [marks, committed] = await Promise.all([this.reader.watermarks(topic), this.reader.committed(group, topic)]);
    const known = marks.map((mark) => (isKnown(mark) ? mark : undefined));
    const sample = { ends: known.map((mark) => mark?.high), starts: known.map((mark) => mark?.low), committed };
    this.meters.get(topic)!.sample(sample, performance.now());
  }
}
