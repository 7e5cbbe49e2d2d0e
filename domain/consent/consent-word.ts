/** What stands of the consent between an account and a recipient, and which of several words holds. */

/** In the place of an account: for all of them. No account can have this name. */
export const ALL_ACCOUNTS = "*";

export type ConsentState = "opted_in" | "opted_out";

/** Who said it: the recipient by a message, the account by its API or by what its own systems report, an operator by a file. */
export const consentSources = ["keyword", "api", "webhook", "import"] as const;

export type ConsentSource = (typeof consentSources)[number];

export interface ConsentWord {
  readonly state: ConsentState;
  readonly source: string;
  /** When it was said, epoch ms. */
  readonly at: number;
  /** Where it stands in its partition of the log. */
  readonly offset: number;
}

/**
 * Whether a word holds against another one of the same pair: the later one, by when it was said. Of two that were said in the same
 * millisecond the one that stands behind the other in the log. So it does not matter in which order they are read, or how often.
 */
export function holdsAgainst(
  word: Pick<ConsentWord, "at" | "offset">,
  other: Pick<ConsentWord, "at" | "offset">,
): boolean {
  return word.at > other.at || (word.at === other.at && word.offset >= other.offset);
}

/**
 * The word by which an account may not write to a recipient; undefined: none. What closed all accounts is lifted for one of them by the
 * recipient alone, who has written a later word to that account: an account cannot lift it by itself.
 */
export function optOutOf(own: ConsentWord | undefined, all: ConsentWord | undefined): ConsentWord | undefined {
  if (own?.state === "opted_out") return own;
  if (all?.state !== "opted_out") return undefined;
  return own !== undefined && own.source === "keyword" && own.at > all.at ? undefined : all;
}

/** Whether it is the recipient's own stop. Of a pair's last word: nobody has said anything since. */
export function isRecipientsStop(word: Pick<ConsentWord, "source" | "state"> | undefined): boolean {
  return word?.state === "opted_out" && word.source === "keyword";
}

/** Whether it is the recipient's own start. What an account says in its place would not open what is closed for all accounts. */
export function isRecipientsStart(word: Pick<ConsentWord, "source" | "state"> | undefined): boolean {
  return word?.state === "opted_in" && word.source === "keyword";
}

/** The name of a pair, as key of its records. */
export function consentKey(accountId: string, destination: string): string {
  return `${accountId}:${destination}`;
}

const ACCOUNT = /^(?:\*|[a-z][a-z0-9-]{0,39})$/;
/** Whether a text can be an account's id in a key, or stands for all of them. */
export function isConsentAccount(text: string): boolean {
  return ACCOUNT.test(text);
}

const DESTINATION = /^[1-9]\d{6,14}$/;

/** Account and destination of a key; undefined for what is no such key. */
export function readConsentKey(key: string): { readonly accountId: string; readonly destination: string } | undefined {
  const cut = key.indexOf(":");
  const [accountId, destination] = [key.slice(0, cut), key.slice(cut + 1)];
  return cut > 0 && ACCOUNT.test(accountId) && DESTINATION.test(destination) ? { accountId, destination } : undefined;
}

/** For people: who said it, and when. */
export function optOutText({ source, at }: ConsentWord): string {
  const who = source === "keyword" ? "the recipient said stop" : `the recipient is suppressed (${source})`;
  return `${who} on ${new Date(at).toISOString()}`;
}
