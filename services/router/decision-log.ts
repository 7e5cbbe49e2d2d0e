import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { decisionKeyOf } from "./decided-messages.ts";

export type DecisionKind = "routed" | "postponed" | "closed";

/** A decision that stands in the event log, for one source record. */
export interface RecordedDecision {
  readonly kind: DecisionKind;
  /** `<messageId>/<attempt>`. */
  readonly key: string;
  /** The event as it was written. */
  readonly value: Buffer;
}

/** `<messageId>/<attempt>` and the kind, from an event id; undefined for the events of others. */
export function decisionOf(eventId: string | undefined): { key: string; kind: DecisionKind } | undefined {
  if (eventId === undefined) return undefined;
  const cut = eventId.lastIndexOf("/");
  if (cut <= 0) return undefined;
  const kind = eventId.slice(cut + 1);
  return kind === "routed" || kind === "postponed" || kind === "closed"
    ? { key: eventId.slice(0, cut), kind }
    : undefined;
}

/**
 * Collects, from the event log, which routing decisions exist: all of them by message, attempt and destination (a repeat
 * of a request is recognised by it), and those of source records at or beyond the committed offsets with their content
 * (they are carried out again as they were decided).
 */
export class DecisionLog {
  readonly bySource = new Map<string, RecordedDecision>();
  /** By source topic: one above the highest offset whose decision stands in the log. */
  readonly reach = new Map<string, number>();
  private readonly offsets: ReadonlyMap<string, number>;
  private readonly decided: (key: string) => void;

  /** `offsets`: committed offset by source topic. `decided` is called with the decisionKey of each decision. */
  constructor(offsets: ReadonlyMap<string, number>, decided: (key: string) => void) {
    this.offsets = offsets;
    this.decided = decided;
  }

  read(record: InRecord): void {
    const decision = decisionOf(headerText(record, "id"));
    if (decision === undefined) return;
    this.decided(decisionKeyOf(decision.key, record));
    const src = headerText(record, "src");
    if (src === undefined || record.value === null || this.bySource.has(src)) return;
    const second = src.lastIndexOf("/");
    const topic = src.slice(0, src.lastIndexOf("/", second - 1));
    const committed = this.offsets.get(topic);
    const offset = Number(src.slice(second + 1));
    if (committed === undefined || offset < committed) return;
    this.reach.set(topic, Math.max(offset + 1, this.reach.get(topic) ?? 0));
    this.bySource.set(src, { ...decision, value: record.value });
  }
}
