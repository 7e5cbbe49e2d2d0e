/** One earlier try of a message; `provider` is null for a round in which none could be chosen. */
export interface Try {
  readonly provider: string | null;
  /**
   * `refused`: this provider never will. `undelivered`, `missing`: it took the message, and the receipt said that it failed, or
   * did not come in time. `permanent`, `opted-out`: nobody may. The others may pass.
   */
  readonly errorClass: string;
  readonly errorCode: string | null;
}

/** Class of a try that may have been accepted. */
export const IN_DOUBT_CLASS = "unknown";

/** Class of a try that was accepted, and failed by its receipt. */
export const UNDELIVERED_CLASS = "undelivered";

/** Class of a try that was accepted, and whose receipt did not come in time. */
export const MISSING_CLASS = "missing";

/** Class of a try that was given up before it was submitted, since the recipient has said stop. It is also how the message ends. */
export const OPTED_OUT_CLASS = "opted-out";

/** Class of a try that was given up before it was submitted, since its recipient's quiet hours have begun: the message waits for their end. */
export const QUIET_HOURS_CLASS = "quiet-hours";

/**
 * Class of a try that was given up before it was submitted, since what is known of its recipient, and not of all, is too old to go by: the message waits at the
 * router, and holds up nobody.
 */
export const CONSENT_UNKNOWN_CLASS = "consent-unknown";

/** Class of a try that was not made, since it was not the message's time. */
export const HELD_CLASS = "held";

/** Tries kept on a message. */
export const MAX_TRIED = 32;

/** Who spoke so is not asked again. */
const REFUSING: ReadonlySet<string> = new Set(["refused", UNDELIVERED_CLASS, MISSING_CLASS]);
/** A provider took it, and it goes on since the receipt failed or did not come. */
const ACCEPTED: ReadonlySet<string> = new Set([UNDELIVERED_CLASS, MISSING_CLASS]);
/** What may have reached the recipient. */
const DOUBTFUL: ReadonlySet<string> = new Set([IN_DOUBT_CLASS, MISSING_CLASS]);

/**
 * The tries with one more, newest last. Beyond the limit an old one falls away; refusals last, since a provider that has refused
 * must not be asked again, and tries in doubt, by which copies are counted; and not the one with which the round began.
 */
export function appendTry<T extends Try>(tried: readonly T[], one: T): T[] {
  if (tried.length < MAX_TRIED) return [...tried, one];
  const round = tried.findLastIndex(({ provider }) => provider === null);
  const least = tried.findIndex(
    ({ errorClass }, at) => !REFUSING.has(errorClass) && !DOUBTFUL.has(errorClass) && at !== round,
  );
  const gone =
    least >= 0
      ? least
      : Math.max(
          0,
          tried.findIndex(({ errorClass }) => !DOUBTFUL.has(errorClass)),
        );
  return [...tried.slice(0, gone), ...tried.slice(gone + 1), one];
}

/**
 * Whether the time from a message's acceptance to a provider's yes is ours, and the first: it has not waited for its time, for a cap or for its
 * account's budget, and no provider had accepted it before. What waited since nobody knew its recipient's consent has waited for us. With all the
 * tries that are kept the one that says so may have fallen away: then it is taken for none of ours.
 */
export function isOursFromAcceptance(tried: readonly Try[]): boolean {
  return (
    tried.length < MAX_TRIED &&
    !tried.some(({ errorClass, errorCode }) =>
      errorClass === HELD_CLASS ? errorCode !== CONSENT_UNKNOWN_CLASS : ACCEPTED.has(errorClass),
    )
  );
}

/** How many of these tries may have been accepted. */
export function triesInDoubt(tried: readonly Try[]): number {
  let count = 0;
  for (const { errorClass } of tried) if (DOUBTFUL.has(errorClass)) count++;
  return count;
}

/** A round ends when nobody could be chosen: that try has no provider. Providers of the current round are not tried again. */
export function triedThisRound(tried: readonly Try[]): string[] {
  const start = tried.findLastIndex(({ provider }) => provider === null) + 1;
  return tried.slice(start).flatMap(({ provider }) => (provider === null ? [] : [provider]));
}

/** Providers that are not asked again: they have refused it for good, or failed with it; each with its last word, in the order in which they spoke last. */
export function refusals(tried: readonly Try[]): Map<string, Try> {
  const found = new Map<string, Try>();
  for (const one of tried) {
    if (one.provider === null || !REFUSING.has(one.errorClass)) continue;
    found.delete(one.provider);
    found.set(one.provider, one);
  }
  return found;
}
