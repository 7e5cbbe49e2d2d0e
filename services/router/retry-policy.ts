import {
  appendTry,
  HELD_CLASS,
  MISSING_CLASS,
  OPTED_OUT_CLASS,
  refusals,
  UNDELIVERED_CLASS,
} from "../../domain/message/tries.ts";
import type { Choice } from "../../domain/routing/choose-provider.ts";
import { refusalCode, senderCodes } from "../../domain/routing/refusal-code.ts";
import { MAX_ATTEMPT } from "../../pipeline/records/plausible.ts";
import type { Attempt, Event } from "../../schemas/generated/types.ts";
import { RETRY_DELAY_MS, RETRY_DELAYS, type RetryDelay } from "../../schemas/topics.ts";

/** How often a message may be refused by providers before it is given up. */
export const MAX_SUBMISSIONS = 8;
/** Delay after each round in which no provider could be chosen; the last one repeats until the message expires. */
const ROUND_DELAYS: readonly RetryDelay[] = ["5s", "5s", "5s", "1m", "1m", "10m", "10m", "1h"];

/** Why a message waits when all that could take it are out of order: the code of Choice. */
export const CIRCUITS_OPEN = "circuits-open";

/** Classes of tries in which the provider gave an answer about the message or none: these count. */
const COUNTED: ReadonlySet<string> = new Set([
  "transient",
  "throttled",
  "refused",
  "unknown",
  UNDELIVERED_CLASS,
  MISSING_CLASS,
]);

/** How the router ends a message. */
export interface GivenUp {
  readonly state: "expired" | "rejected" | "failed" | "undelivered" | "unknown";
  readonly errorClass: string;
  /** The provider's own where a provider's word decides, else Sluice's. */
  readonly code: string;
  /** Whose word decides; default: the last one that was tried. */
  readonly provider?: string | null;
}

/** Class and code of a message whose recipient has had all that a frequency cap allows. */
export const FREQUENCY_CAP = "frequency-cap";

/** The end of a message whose recipient has said stop. */
export const OPTED_OUT: GivenUp = { state: "rejected", errorClass: OPTED_OUT_CLASS, code: OPTED_OUT_CLASS };

/** Class of a message that its account has cancelled. */
export const CANCELLED_CLASS = "cancelled";

/** Code of a message that was handed in for a later time. */
export const SCHEDULED = "scheduled";

/** Why the message must be given up, or undefined. `attempt`: the one that is to be made. */
export function givingUp(tried: readonly Attempt[], now: number, expiresAt: number, attempt = 1): GivenUp | undefined {
  if (now >= expiresAt) return { state: "expired", errorClass: "expired", code: "expired" };
  const last = tried.at(-1);
  if (last?.errorClass === "permanent")
    return { state: "rejected", errorClass: "permanent", code: last.errorCode || "permanent" };
  if (last?.errorClass === OPTED_OUT_CLASS) return OPTED_OUT;
  if (tried.filter((attempt) => COUNTED.has(attempt.errorClass)).length >= MAX_SUBMISSIONS)
    return { state: "failed", errorClass: last?.errorClass ?? "unroutable", code: "attempts-exhausted" };
  // The next one would be no record of ours any more, and end without an event.
  if (attempt >= MAX_ATTEMPT) return { state: "failed", errorClass: "unroutable", code: "attempts-exhausted" };
  return undefined;
}

/** The end of a message that nobody is left to be asked about, when somebody has refused it or failed with it: by the last word. */
export function refusedByAll(tried: readonly Attempt[]): GivenUp | undefined {
  const last = [...refusals(tried).values()].at(-1);
  if (last === undefined) return undefined;
  const { provider, errorClass, errorCode } = last;
  return { state: STATE_OF_REFUSAL[errorClass] ?? "rejected", errorClass, code: errorCode || errorClass, provider };
}

/** How a message stands whose receipts have said so: the correlator, which has them, ends it. */
const STATE_OF_REFUSAL: Readonly<Record<string, GivenUp["state"]>> = {
  [UNDELIVERED_CLASS]: "undelivered",
  [MISSING_CLASS]: "unknown",
};

/**
 * Whether a message that is given up was never taken by a provider, and somebody may want to look into why: then its record is a dead letter.
 * That a recipient has said stop or has had enough, or an account has cancelled it, is no fault of anything, and to send it again would be one.
 */
export function isDeadLetter({ errorClass }: Pick<Event, "errorClass">): boolean {
  if (errorClass === OPTED_OUT_CLASS || errorClass === CANCELLED_CLASS || errorClass === FREQUENCY_CAP) return false;
  return errorClass === null || STATE_OF_REFUSAL[errorClass] === undefined;
}

/** The end of a message that no provider of its route can take at all. */
export function unroutableEnd(choice: Extract<Choice, { ok: false }>): GivenUp {
  const code = refusalCode(choice);
  if (senderCodes.has(code)) return { state: "rejected", errorClass: "invalid", code };
  return { state: "failed", errorClass: "unroutable", code };
}

/** The reason of the dead letter that goes with a `closed` event: providers' own codes are not for labels of metrics. */
export function letterReason({ errorClass, errorCode }: Pick<Event, "errorClass" | "errorCode">): string {
  return errorClass === "refused" || errorClass === "permanent" ? "refused" : (errorCode ?? "invalid");
}

/**
 * When to look for a provider again, after a round in which there was none: after the round's time, or sooner where the message would
 * end before. The last look is at its end. `at`: epoch ms of the decision; `until`: when what it waits for is, which is looked for every
 * hour; null: nobody knows.
 */
export function nextRound(
  tried: readonly Attempt[],
  reason: string,
  at: number,
  expiresAt: number,
  until: number | null = null,
): { delay: RetryDelay; due: number; tried: Attempt[] } {
  const rounds = tried.filter(({ provider, errorClass }) => provider === null && errorClass !== HELD_CLASS).length;
  const usual =
    until === null
      ? RETRY_DELAY_MS[ROUND_DELAYS[Math.min(rounds, ROUND_DELAYS.length - 1)]!]
      : Math.min(until - at, RETRY_DELAY_MS["1h"]);
  const delay = tierFor(Math.min(usual, expiresAt - at));
  const due = Math.min(at + (until === null ? RETRY_DELAY_MS[delay] : usual), expiresAt);
  return { delay, due, tried: appendTry(tried, { provider: null, errorClass: "unroutable", errorCode: reason }) };
}

/** A try that was not made, since a rule or the message itself said that it was not its time; what is tried afterwards is another round. */
export function heldBack(tried: readonly Attempt[], code: string): Attempt[] {
  return appendTry(tried, { provider: null, errorClass: HELD_CLASS, errorCode: code });
}

/** The longest tier that is over within `ms`; the shortest one when none is. */
export function tierFor(ms: number): RetryDelay {
  return RETRY_DELAYS.findLast((delay) => delay !== "0s" && RETRY_DELAY_MS[delay] <= ms) ?? "5s";
}

/** What the providers said, for people: `3 tries; smsc-b: ESME_RINVDSTADR, smsc-a: ESME_RX_R_APPN`, the last word first. */
export function lastWords(tried: readonly Attempt[]): string {
  const said = new Map<string, string>();
  for (const { provider, errorCode, errorClass } of tried.toReversed())
    if (provider !== null && !said.has(provider)) said.set(provider, `${provider}: ${errorCode || errorClass}`);
  const tries = tried.filter(({ provider }) => provider !== null).length;
  return said.size === 0 ? "not tried" : `${tries} tries; ${[...said.values()].join(", ")}`;
}
