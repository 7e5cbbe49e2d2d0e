import { headerText, type InRecord } from "../../platform/kafka/record.ts";
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

/** Reads back which dispatches have an outcome. One reader serves all tasks of the process, one after the other. */
export class OutcomeLog {
  private readonly reader: Pick<TopicReader, "readRange" | "watermarks">;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(reader: Pick<TopicReader, "readRange" | "watermarks">) {
    this.reader = reader;
  }

  /** Outcomes of a provider at or beyond `from` (by partition of the log), in the partitions that belong to one share of it. */
  read(from: readonly number[], share: Share): Promise<Map<string, StoredOutcome>> {
    const result = this.turn.then(() => this.readNow(from, share));
    this.turn = result.catch(() => {});
    return result;
  }

  private async readNow(from: readonly number[], share: Share): Promise<Map<string, StoredOutcome>> {
    const found = new Map<string, StoredOutcome>();
    const provider = Buffer.from(share.provider);
    const take = (record: InRecord): void => {
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
    };
    const marks = await this.reader.watermarks(EVENTS_TOPIC);
    await Promise.all(
      marks.map(async (mark, partition) => {
        // A destination's share of a provider is its partition modulo the number of shares, which divides it.
        if (partition % share.of !== share.partition) return;
        // Throws where the partition has no leader: that of another share is none of this one's.
        await this.reader.readRange(EVENTS_TOPIC, partition, from[partition] ?? 0, mark.high, take);
      }),
    );
    return found;
  }
}
