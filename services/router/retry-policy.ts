import type { Attempt } from "../../schemas/generated/types.ts";
import type { RetryDelay } from "../../schemas/topics.ts";

/** How often a message may be refused by providers before it is given up. */
export const MAX_SUBMISSIONS = 8;
/** Tries kept on a message, newest last. */
const MAX_TRIED = 32;
/** Delay after each round in which no provider could be chosen; the last one repeats until the message expires. */
const ROUND_DELAYS: readonly RetryDelay[] = ["5s", "5s", "5s", "1m", "1m", "10m", "10m", "1h"];

/** Classes of tries in which the provider gave an answer about the message or none: these count. */
const COUNTED: ReadonlySet<string> = new Set(["transient", "throttled", "refused", "unknown"]);

/** A round ends when the router found nobody: that try has no provider. Providers of the current round are not tried again. */
export function triedThisRound(tried: readonly Attempt[]): string[] {
  const start = tried.findLastIndex((attempt) => attempt.provider === null) + 1;
  return tried.slice(start).flatMap((attempt) => (attempt.provider === null ? [] : [attempt.provider]));
}

/** Why the message must be given up, or undefined. */
export function givingUp(
  tried: readonly Attempt[],
  now: number,
  expiresAt: number,
): { state: "expired" | "rejected" | "failed"; code: string } | undefined {
  if (now >= expiresAt) return { state: "expired", code: "expired" };
  const last = tried.at(-1);
  if (last?.errorClass === "permanent") return { state: "rejected", code: last.errorCode ?? "permanent" };
  if (tried.filter((attempt) => COUNTED.has(attempt.errorClass)).length >= MAX_SUBMISSIONS)
    return { state: "failed", code: "attempts-exhausted" };
  return undefined;
}

/** When to look for a provider again, after a round in which there was none. */
export function nextRound(tried: readonly Attempt[], reason: string): { delay: RetryDelay; tried: Attempt[] } {
  const rounds = tried.filter((attempt) => attempt.provider === null).length;
  const delay = ROUND_DELAYS[Math.min(rounds, ROUND_DELAYS.length - 1)]!;
  return { delay, tried: appendTry(tried, { provider: null, errorClass: "unroutable", errorCode: reason }) };
}

/** The tries with one more; the oldest fall away beyond the limit. */
export function appendTry(tried: readonly Attempt[], attempt: Attempt): Attempt[] {
  return [...tried.slice(-(MAX_TRIED - 1)), attempt];
}
