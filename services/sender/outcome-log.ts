import type { ReadBack } from "../../platform/kafka/dispatch-handler.ts";
import { type LeaderlessPartitions, leaderless } from "../../platform/kafka/leaderless.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { isKnown, isNoLeader, noLeader } from "../../platform/kafka/topic-marks.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";

/** What the event log says of one dispatch. */
export interface StoredOutcome {
  readonly kind: "submitted" | "returned" | "in_doubt";
  /** The event, for `returned` and `in_doubt`, when its retry may be missing: nobody has decided about the next attempt yet. */
  readonly value: Buffer | null;
}

/** One dispatch partition of a provider. */
export interface Share {
  readonly provider: string;
  readonly partition: number;
  /** The provider's dispatch partitions. */
  readonly of: number;
}

/** What a dispatch is known by: message and attempt, and the destination, since an id that was given to two numbers is two messages. */
export function workOf(id: string, to: string | undefined): string {
  return `${id}/${to ?? ""}`;
}

/** Dispatch (`<messageId>/<attempt>`) and kind that an event id names, when it is a sender's. */
export function outcomeOf(id: string | undefined): { work: string; kind: StoredOutcome["kind"] } | undefined {
  if (id === undefined) return undefined;
  const cut = id.lastIndexOf("/");
  const work = id.slice(0, Math.max(0, cut));
  switch (id.slice(cut + 1)) {
    case "submitted":
    case "resubmitted":
      return { work, kind: "submitted" };
    case "returned":
      return { work, kind: "returned" };
    case "in_doubt":
      return { work, kind: "in_doubt" };
    default:
      return undefined;
  }
}

/** The dispatch before the one that a router's event id names: what it decided about follows from that one. */
function decidedAfter(id: string | undefined): string | undefined {
  if (id === undefined || !(id.endsWith("/routed") || id.endsWith("/postponed") || id.endsWith("/closed")))
    return undefined;
  const [messageId, attempt] = id.split("/");
  return `${messageId}/${Number(attempt) - 1}`;
}

/** How often it is asked whether a partition that is being read still has its leader, ms. */
const LOOK_MS = 500;
/**
 * How often it is asked whether a partition without a leader has one again, and how long it must have had one before it is read, ms: what the last
 * owner could not write is written within that.
 */
const LATER_MS = 2_000;

interface Wanted {
  readonly from: readonly number[];
  readonly share: Share;
  readonly found: Map<string, StoredOutcome>;
  readonly signal: AbortSignal;
}

/** Reads back which dispatches have an outcome. One reader serves all tasks of the process, one after the other. */
export class OutcomeLog {
  private readonly reader: Pick<TopicReader, "readRange" | "watermarks">;
  private readonly unled: Pick<LeaderlessPartitions, "has">;
  private turn: Promise<unknown> = Promise.resolve();

  /** `unled`: what is known of partitions without a leader. */
  constructor(
    reader: Pick<TopicReader, "readRange" | "watermarks">,
    unled: Pick<LeaderlessPartitions, "has"> = leaderless,
  ) {
    this.reader = reader;
    this.unled = unled;
  }

  /**
   * Outcomes of a provider at or beyond `from` (by partition of the log), in the partitions that belong to one share of it. Those that have no leader
   * are read when they have one again, beside other tasks' turns; at the signal's abort nothing more is read.
   */
  read(from: readonly number[], share: Share, signal: AbortSignal): Promise<ReadBack<StoredOutcome>> {
    const result = this.turn.then(() => this.readNow(from, share, signal));
    this.turn = result.catch(() => {});
    return result;
  }

  private async readNow(from: readonly number[], share: Share, signal: AbortSignal): Promise<ReadBack<StoredOutcome>> {
    const wanted = { from, share, signal, found: new Map<string, StoredOutcome>() };
    const unread = new Set<number>();
    const marks = await this.reader.watermarks(EVENTS_TOPIC);
    await Promise.all(
      marks.map(async (mark, partition) => {
        // A destination's share of a provider is its partition modulo the number of shares, which divides it.
        if (partition % share.of !== share.partition) return;
        if (!isKnown(mark) || !(await this.readPartition(partition, mark.high, wanted))) unread.add(partition);
      }),
    );
    for (const partition of unread) void this.readLater(partition, wanted, unread);
    return { outcomes: wanted.found, unread };
  }

  private async readLater(partition: number, wanted: Wanted, unread: Set<number>): Promise<void> {
    const { signal } = wanted;
    for (let led = false; !signal.aborted; ) {
      await pause(LATER_MS, signal);
      if (signal.aborted) return;
      const before = led;
      led = !this.unled.has(EVENTS_TOPIC, partition);
      if (!led || !before) continue;
      try {
        const mark = (await this.reader.watermarks(EVENTS_TOPIC))[partition];
        led = mark !== undefined && isKnown(mark);
        if (!led || !(await this.readPartition(partition, mark!.high, wanted))) continue;
        unread.delete(partition);
        return;
      } catch {
        // Kafka is in trouble: asked again.
        led = false;
      }
    }
  }

  /** False: it has lost its leader, or nobody wants it any more; then nothing of it is among the outcomes. */
  private async readPartition(partition: number, high: number, wanted: Wanted): Promise<boolean> {
    const { from, share, signal, found } = wanted;
    const lost = new AbortController();
    const look = setInterval(() => {
      if (this.unled.has(EVENTS_TOPIC, partition)) lost.abort(noLeader(EVENTS_TOPIC, partition));
    }, LOOK_MS);
    const part = new Map<string, StoredOutcome>();
    const provider = Buffer.from(share.provider);
    const take = (record: InRecord) => takeInto(part, record, provider);
    try {
      const either = AbortSignal.any([signal, lost.signal]);
      await this.reader.readRange(EVENTS_TOPIC, partition, from[partition] ?? 0, high, take, either);
    } catch (error) {
      if (signal.aborted || isNoLeader(error)) return false;
      throw error;
    } finally {
      clearInterval(look);
    }
    if (signal.aborted) return false;
    for (const [work, outcome] of part) found.set(work, outcome);
    return true;
  }
}

/** Ends early at the signal's abort. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over, { once: true });
  });
}

function takeInto(found: Map<string, StoredOutcome>, record: InRecord, provider: Buffer): void {
  const id = headerText(record, "id");
  const outcome = outcomeOf(id);
  const to = record.key?.toString();
  if (outcome === undefined) {
    const after = decidedAfter(id);
    if (after === undefined) return;
    const before = workOf(after, to);
    const followed = found.get(before);
    // Its retry was written and read. The router remembers decisions for a minute or so: it could not know another one.
    if (followed !== undefined) found.set(before, { kind: followed.kind, value: null });
    return;
  }
  const work = workOf(outcome.work, to);
  // The first one stands: what was done about it has begun already. Not so before a submission of which nobody has decided
  // further: it was late, or came from an owner who had lost the partition, and now the message is known to be taken.
  const first = found.get(work);
  if (first !== undefined && (first.value === null || outcome.kind !== "submitted")) return;
  // The log is everybody's, and may be long. That the name occurs is enough: what is too much here does no harm.
  if (record.value?.includes(provider) !== true) return;
  const { kind } = outcome;
  found.set(work, { kind, value: kind === "submitted" ? null : record.value });
}
