import { readEventId } from "../../pipeline/records/event-id.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";

/** Records that are looked back. A writer that was not answered writes again, up to some 20,000 records later. */
export const TOLD_SPAN = 25_000;

/** Kinds of events that may be told of, by their ids. */
const TOLD_KINDS: ReadonlySet<string> = new Set(["routed", "submitted", "resubmitted", "final"]);

/**
 * Events that say nothing new: those that stood in the partition's log before, under the same id, and those of a message that has ended, such as the
 * answer of a provider that came after its time. It rests on the log alone: whoever reads the last records first knows the same.
 */
export class ToldEvents {
  private readonly seen = new Map<string, number>();
  private readonly ended = new Map<string, number>();

  /** Notes the record, and says whether it tells something. Offsets ascend. */
  admit(record: InRecord): boolean {
    const { offset } = record;
    const id = headerText(record, "id");
    const read = readEventId(id);
    const to = record.key?.toString("latin1") ?? "";
    if (id === undefined) return true;
    // Not to be read, nor remembered.
    if (read !== undefined && !TOLD_KINDS.has(read.kind)) return false;
    const name = `${id} ${to}`;
    const chain = read === undefined ? undefined : `${read.messageId} ${to}`;
    const isNew = !within(this.seen, name, offset) && !(chain !== undefined && within(this.ended, chain, offset));
    note(this.seen, name, offset);
    if (isNew && read?.kind === "final") note(this.ended, chain!, offset);
    return isNew;
  }
}

function within(known: ReadonlyMap<string, number>, name: string, offset: number): boolean {
  const at = known.get(name);
  return at !== undefined && offset - at <= TOLD_SPAN;
}

function note(known: Map<string, number>, name: string, offset: number): void {
  known.delete(name);
  known.set(name, offset);
  for (const [oldest, at] of known) {
    if (offset - at <= TOLD_SPAN) break;
    known.delete(oldest);
  }
}
