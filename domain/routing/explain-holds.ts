import type { FrequencyCap } from "../catalog/frequency-cap.ts";
import type { Snapshot } from "../catalog/snapshot.ts";
import { type ConsentWord, optOutText } from "../consent/consent-word.ts";
import type { ValidRequest } from "../message/validation.ts";
import { LocalTime } from "./local-time.ts";
import { type QuietNow, quietTableOf, quietText } from "./quiet-hours.ts";
import { reachedCap, type SentMessage } from "./recent-messages.ts";

/** Something that a message would wait for, or end by, before a provider is chosen. */
export interface ExplainedHold {
  readonly rule: (typeof holdRules)[number];
  /** Until when it waits, ISO 8601; null: it ends. */
  readonly until: string | null;
  readonly detail: string;
}

/** In the order in which they are asked. */
export const holdRules = ["send-at", "opted-out", "quiet-hours", "frequency-cap"] as const;

/** What is known of the message's recipient beside their number. */
export interface KnownRecipient {
  /** The word by which nothing of the account goes to them, whatever the lane; null: there is none; undefined: it is not known. */
  readonly optOut?: ConsentWord | null | undefined;
  /** What they have had by a frequency cap of the account, oldest first; undefined: it is not known. */
  readonly sent?: ((cap: string) => readonly SentMessage[]) | undefined;
}

export interface HoldsQuestion {
  readonly request: ValidRequest;
  readonly account: string | undefined;
  /** When it is handed in, epoch ms. */
  readonly at: number;
  readonly recipient: KnownRecipient;
}

export interface Holds {
  readonly holds: readonly ExplainedHold[];
  /** What could not be asked. */
  readonly notes: readonly string[];
}

/** A message is valid for a week, and no cap has it wait for a moment at which it still has no room. */
const MOST_WAITS = 20;

/** What the routers' rules would have a message wait for, as far as it is known; what waits is judged on at the end of its wait. */
export function holdsOn(snapshot: Snapshot, { request, account, at, recipient }: HoldsQuestion): Holds {
  const holds: ExplainedHold[] = [];
  const notes: string[] = [];
  const { lane, destination, country, sendAt, validitySeconds } = request;
  let now = at;
  const wait = (rule: ExplainedHold["rule"], until: number, detail: string) => {
    holds.push({ rule, until: iso(until), detail });
    now = until;
  };
  const end = (rule: ExplainedHold["rule"], detail: string): Holds => {
    holds.push({ rule, until: null, detail });
    return { holds, notes };
  };

  if (sendAt !== undefined && sendAt > now) wait("send-at", sendAt, `handed in for ${iso(sendAt)}`);
  const expiresAt = now + validitySeconds * 1_000;

  const of = account === undefined ? undefined : snapshot.accounts.get(account);
  if (of?.optOut?.lanes?.includes(lane) ?? true) {
    if (recipient.optOut === undefined)
      notes.push("whether the recipient has said stop is not known here: taken that they have not");
    else if (recipient.optOut !== null) return end("opted-out", optOutText(recipient.optOut));
  }

  const table = quietTableOf(snapshot);
  const caps = (of?.frequencyCaps ?? []).filter(({ lanes }) => lanes.includes(lane));
  const { sent } = recipient;
  if (sent === undefined)
    for (const cap of caps)
      notes.push(
        `frequency cap ${capText(cap)} counts it: how many have gone, the routers know; taken to have room here`,
      );
  // At the end of each wait both are asked anew: there may be room under a cap in the night.
  for (let waits = 0; waits < MOST_WAITS; waits++) {
    const quiet = table?.ask({ country, lane, account: account ?? "", to: destination }, now);
    if (quiet !== undefined) {
      const detail = `${quietText(quiet)}${clockThere(quiet)}`;
      if (quiet.until >= expiresAt) return end("quiet-hours", `${detail}, and the message is valid for less`);
      wait("quiet-hours", quiet.until, detail);
    }
    const reached = sent === undefined ? undefined : reachedCap(caps, ({ id }) => sent(id), now);
    if (reached === undefined) break;
    const { cap, due } = reached;
    const detail = `${capText(cap)} have gone to the recipient`;
    if (cap.whenReached === "refuse" || due >= expiresAt) return end("frequency-cap", detail);
    wait("frequency-cap", due, detail);
  }
  return { holds, notes };
}

function capText({ id, most, hours }: FrequencyCap): string {
  return `${id}: ${most} in ${hours} ${hours === 1 ? "hour" : "hours"}`;
}

/** The recipient's clocks at its end, where they are one zone's. */
function clockThere({ zones: [zone, ...others], until }: QuietNow): string {
  return zone === undefined || others.length > 0 ? "" : `, ${clockIn(zone, until)} there`;
}

function clockIn(zone: string, at: number): string {
  const minute = LocalTime.of(zone).minuteOfWeek(at) % 1_440;
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
