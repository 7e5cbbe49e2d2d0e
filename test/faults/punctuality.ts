import type { Event } from "../../schemas/generated/types.ts";
import type { Happened } from "./timeline.ts";

/** What happened before its time, and how late the rest was, by the brokers' clock. */
export interface Punctuality {
  /** Ended `expired`; `early`: before their validity was over. */
  readonly expired: Timed;
  /** Ended `unknown`; `early`: before the receipt deadline. */
  readonly unknown: Timed;
  /** Came back from a retry tier; `early`: before the tier's delay had passed. */
  readonly retried: Timed;
  /** Postponed since the router took every provider for gone. */
  readonly abandoned: readonly string[];
  /** Events whose own stamps are further from their append time than `stampMs`. */
  readonly stamps: readonly string[];
}

export interface Timed {
  count: number;
  readonly early: string[];
  /** Milliseconds. */
  latest: number;
}

/** Append times are whole milliseconds, and several brokers' clocks may differ by a little. */
const EXACT_MS = 50;
const TIER_MS = 5_000;

export interface PunctualityOptions {
  readonly receiptDeadlineMs: number;
  readonly stampMs: number;
}

/** Judges every message by its timeline; what is due counts from the stamp of the decision, which is judged as well. Only the first tier (5 s) is looked at: messages that reach others are not late, but in them. */
export function judgePunctuality(timelines: ReadonlyMap<string, Happened[]>, options: PunctualityOptions): Punctuality {
  const found = { expired: timed(), unknown: timed(), retried: timed(), abandoned: [], stamps: [] } as {
    expired: Timed;
    unknown: Timed;
    retried: Timed;
    abandoned: string[];
    stamps: string[];
  };
  for (const [id, timeline] of timelines) {
    const rounds = timeline.filter(({ event }) => event.type === "postponed").length;
    for (const { event, appendedAt } of timeline) {
      const { type, state, attempt, facts } = event;
      if (type === "closed" && state === "expired") {
        const late = appendedAt - facts.expiresAt;
        if (rounds <= 3) note(found.expired, id, late);
        else if (late < -EXACT_MS) found.expired.early.push(`${id}: ${-late} ms early`);
      }
      if (type === "returned" && event.errorCode === "expired" && appendedAt < facts.expiresAt - EXACT_MS)
        found.expired.early.push(id);
      if (type === "final" && state === "unknown") {
        const submitted = timeline.findLast((one) => one.event.type === "submitted" || one.event.type === "in_doubt");
        if (submitted !== undefined)
          note(
            found.unknown,
            id,
            appendedAt - (submitted.event.submittedAt ?? submitted.event.at) - options.receiptDeadlineMs,
          );
      }
      if (type === "postponed") {
        if (isAbandoned(event)) found.abandoned.push(`${id}: ${event.reason}`);
        const next = timeline.find((one) => one.event.attempt === attempt + 1);
        const late = next === undefined ? undefined : next.appendedAt - event.at - TIER_MS;
        if (late !== undefined && rounds <= 3) note(found.retried, id, late);
        // Every tier is as long as the first one or longer: whoever comes back sooner came too early, in whatever round.
        else if (late !== undefined && late < -EXACT_MS)
          found.retried.early.push(`${id}: ${-late} ms early in a later round`);
      }
      for (const stamp of [event.at, event.submittedAt, event.receiptAt])
        if (stamp !== null && isOff(stamp, event, appendedAt, options.stampMs))
          found.stamps.push(`${id} ${type}: ${stamp - appendedAt} ms off`);
    }
  }
  return found;
}

function timed(): Timed {
  return { count: 0, early: [], latest: Number.NEGATIVE_INFINITY };
}

function note(kind: Timed, id: string, late: number): void {
  kind.count++;
  kind.latest = Math.max(kind.latest, late);
  // The time that counts is the decision's, which stands in the log a little later, never earlier.
  if (late < -EXACT_MS) kind.early.push(`${id}: ${-late} ms early`);
}

/** Times of earlier steps may lie back as long as a message lives here, but never ahead. */
function isOff(stamp: number, event: Event, appendedAt: number, stampMs: number): boolean {
  return stamp > appendedAt + 1_000 || (stamp === event.at && appendedAt - stamp > stampMs);
}

function isAbandoned({ errorCode, reason }: Event): boolean {
  const verdicts = (reason ?? "").split(", ");
  return errorCode === "circuits-open" && verdicts.length > 1 && verdicts.every((one) => one.endsWith("circuit-open"));
}
