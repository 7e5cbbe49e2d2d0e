import type { Event } from "../../schemas/generated/types.ts";
import type { Happened } from "./timeline.ts";

/** What happened before its time, and how late the rest was, by the brokers' clock. */
export interface Punctuality {
  /** Ended `expired`; `early`: before their validity was over. */
  readonly expired: Timed;
  /** Ended `unknown`; `early`: before the receipt deadline. */
  readonly unknown: Timed;
  /** Came back from a retry tier; `early`: before the tier's delay had passed, and before the message expired. */
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
/** So many rounds of retries are in the first tier. */
const FIRST_TIER_ROUNDS = 3;

export interface PunctualityOptions {
  readonly receiptDeadlineMs: number;
  readonly stampMs: number;
}

/** Judges every message by its timeline; what is due counts from the stamp of the decision, which is judged as well. Messages that reach other tiers than the first one (5 s) are not late, but in them: they may only not be early. */
export function judgePunctuality(timelines: ReadonlyMap<string, Happened[]>, options: PunctualityOptions): Punctuality {
  const found = { expired: timed(), unknown: timed(), retried: timed(), abandoned: [], stamps: [] } as {
    expired: Timed;
    unknown: Timed;
    retried: Timed;
    abandoned: string[];
    stamps: string[];
  };
  for (const [id, timeline] of timelines) {
    const firstTier = timeline.filter(({ event }) => event.type === "postponed").length <= FIRST_TIER_ROUNDS;
    for (const { event, appendedAt } of timeline) {
      const { type, state, attempt, facts } = event;
      if (type === "closed" && state === "expired") note(found.expired, id, appendedAt - facts.expiresAt, firstTier);
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
        // Every tier is as long as the first one or longer: whoever comes back sooner came too early, in whatever round. But the
        // last wait ends with the message.
        const due = Math.min(event.at + TIER_MS, facts.expiresAt);
        if (next !== undefined) note(found.retried, id, next.appendedAt - due, firstTier);
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

/** `timely`: it may not be late either, and counts. */
function note(kind: Timed, id: string, late: number, timely = true): void {
  if (timely) {
    kind.count++;
    kind.latest = Math.max(kind.latest, late);
  }
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
