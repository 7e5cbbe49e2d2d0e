/** How fast messages go from accepted to submitted, told from Kafka's topics alone. */
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { EVENTS_TOPIC, LANES, requestTopic } from "../../schemas/topics.ts";
import { until } from "./audit.ts";
import type { Installation } from "./installation.ts";
import type { Lane } from "./traffic.ts";

/** One message as the log shows it. */
export interface Passage {
  readonly stream: string;
  readonly account: string;
  readonly lane: Lane;
  readonly partition: number;
  /** When Kafka had the request, epoch ms. */
  readonly acceptedAt: number;
  /** Provider that took it; `submittedAt`, epoch ms, is undefined until then. */
  provider: string | null;
  submittedAt: number | undefined;
  /** The code on its `routed` event, and those with which it came back. */
  readonly codes: Set<string>;
}

/** A stretch of time, epoch ms. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Pace {
  readonly messages: number;
  /** Of those accepted in the stretch, submitted before it and `LAG_MS` were over; a share of 1. */
  readonly kept: number;
  /** Accept to submit, ms; a message that never was: until the end of the measurement. */
  readonly p95: number;
}

/** How long a message may take and still count as having gone in its stretch: a delay that does not grow costs no throughput. */
export const LAG_MS = 3_000;

/** Follows the requests and the event log of an installation. */
export class PaceReader {
  private readonly passages = new Map<string, Passage>();
  private readonly reader: TopicReader;
  private readonly installation: Installation;

  constructor(installation: Installation) {
    this.installation = installation;
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    this.reader = new TopicReader({
      connection: { brokers: installation.infra.brokers, clientId: "pace", log },
      topics: [EVENTS_TOPIC, ...LANES.map(requestTopic)],
    });
  }

  async start(): Promise<void> {
    await this.reader.start();
    for (const lane of LANES) await this.reader.follow(requestTopic(lane), (record) => this.accepted(record, lane));
    await this.reader.follow(EVENTS_TOPIC, (record) => this.happened(record));
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  /** Messages of this stream, and those submitted, so far. */
  progress(stream: string): { accepted: number; submitted: number } {
    let [accepted, submitted] = [0, 0];
    for (const passage of this.passages.values()) {
      if (passage.stream !== stream) continue;
      accepted++;
      if (passage.submittedAt !== undefined) submitted++;
    }
    return { accepted, submitted };
  }

  /** Waits until so many messages of the stream have been submitted. */
  submitted(stream: string, count: number, ms: number): Promise<void> {
    return until(
      () => `${count} of ${stream} submitted; ${JSON.stringify(this.progress(stream))}`,
      () => this.progress(stream).submitted >= count,
      ms,
    );
  }

  /** Messages of the stretch of which `holds`. */
  those({ from, to }: Stretch, holds: (passage: Passage) => boolean): Passage[] {
    const inside = (at: number) => at >= from && at < to;
    return [...this.passages.values()].filter((passage) => inside(passage.acceptedAt) && holds(passage));
  }

  /** The pace of these messages; waits until all of them have been submitted, `ms` at the most. */
  async pace(stretch: Stretch, holds: (passage: Passage) => boolean, ms: number): Promise<Pace> {
    const open = () => this.those(stretch, holds).filter(({ submittedAt }) => submittedAt === undefined).length;
    // Whether the stretch has been read to its end, a later message tells.
    const later = { from: stretch.to, to: Number.POSITIVE_INFINITY };
    await until(
      () => `all of the stretch are submitted; ${open()} are not`,
      () => open() === 0 && this.those(later, holds).length > 0,
      ms,
    ).catch(() => {}); // the figures say it
    const latest = stretch.to + LAG_MS;
    const now = Date.now();
    const all = this.those(stretch, holds);
    const went = all.filter(({ submittedAt }) => submittedAt !== undefined && submittedAt < latest).length;
    return { messages: all.length, kept: went / all.length, p95: percentile95(all, now) };
  }

  private accepted(record: InRecord, lane: Lane): void {
    const decoded = record.value === null ? undefined : this.installation.codecs.request.decode(record.value);
    if (!decoded?.ok || decoded.value.messageId === null) return; // what was made to be unreadable
    const { messageId, accountId, metadata } = decoded.value;
    const passage = this.passage(messageId);
    Object.assign(passage, {
      stream: metadata.stream ?? "",
      account: accountId,
      lane,
      partition: record.partition,
      acceptedAt: record.timestamp,
    });
  }

  private happened(record: InRecord): void {
    const id = headerText(record, "id") ?? "";
    const [messageId, , kind] = id.split("/");
    if (record.value === null || !["routed", "submitted", "resubmitted", "returned"].includes(kind ?? "")) return;
    const decoded = this.installation.codecs.event.decode(record.value);
    if (!decoded.ok) throw new Error(`event ${record.partition}/${record.offset} cannot be read: ${decoded.detail}`);
    const { provider, submittedAt, errorCode } = decoded.value;
    const passage = this.passage(messageId!);
    if (errorCode !== null) passage.codes.add(errorCode);
    if (submittedAt === null || passage.submittedAt !== undefined) return;
    passage.provider = provider;
    passage.submittedAt = submittedAt;
  }

  /** Requests and events come from different topics, in any order. */
  private passage(messageId: string): Passage {
    let passage = this.passages.get(messageId);
    if (passage === undefined) {
      const unknown = { stream: "", account: "", lane: "otp", partition: -1, acceptedAt: 0 } as const;
      passage = { ...unknown, provider: null, submittedAt: undefined, codes: new Set() };
      this.passages.set(messageId, passage);
    }
    return passage;
  }
}

/** Accept to submit, ms; what has not been submitted has taken until now. */
function percentile95(passages: readonly Passage[], now: number): number {
  const took = passages.map(({ acceptedAt, submittedAt }) => (submittedAt ?? now) - acceptedAt).sort((a, b) => a - b);
  return took[Math.floor(took.length * 0.95)] ?? Number.POSITIVE_INFINITY;
}
