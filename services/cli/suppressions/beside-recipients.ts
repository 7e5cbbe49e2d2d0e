/** What of an import would take the place of what a recipient has said: it is left out, so that an import strips nobody's STOP of its protection. */
import {
  ALL_ACCOUNTS,
  type ConsentWord,
  consentKey,
  isRecipientsStart,
  isRecipientsStop,
} from "../../../domain/consent/consent-word.ts";
import type { ListedWord } from "../../../domain/consent/suppression-list.ts";
import { destinationForms } from "../../../domain/numbers/destination.ts";
import { type ConsentLog, lastWords } from "../../../pipeline/follow/last-words.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";

/** The last words of the pairs of a list, by their keys in sms.consent. Reads the partitions of its recipients. */
export async function lastWordsOf(log: ConsentLog, words: readonly ListedWord[]): Promise<Map<string, ConsentWord>> {
  const pairs = new Set(words.flatMap(keysOf));
  const forms = words.flatMap(({ destination }) => destinationForms(destination));
  const found = new Map<string, ConsentWord>();
  for (const partition of new Set(forms.map((form) => partitionFor(form, log.partitions))))
    for (const { accountId, destination, word } of await lastWords(log, partition)) {
      const key = consentKey(accountId, destination);
      if (pairs.has(key)) found.set(key, word);
    }
  return found;
}

export interface BesideRecipients {
  /** To be written. */
  readonly kept: readonly ListedWord[];
  /** Left out, since the recipients have said stop themselves. */
  readonly optOuts: number;
  readonly optIns: number;
  /** Opt-ins that are left out, since the recipients have said start themselves. */
  readonly starts: number;
}

/**
 * The words to write. Where the recipient's opt-out stands, in the log or by a line of the list itself, only what the recipient has said
 * too takes its place; an opt-in does with `lift` alone, whoever has said it. An opt-out is never left out where something else might hold in its place: a later
 * word of the log, or an opt-in of the list that lifts, and that it is behind. An opt-in leaves a recipient's START in its place, which opens more: what is closed for
 * all accounts (`optOutOf`).
 */
export function besideRecipients(
  words: readonly ListedWord[],
  last: ReadonlyMap<string, ConsentWord>,
  lift: boolean,
): BesideRecipients {
  const held = new Set<string>();
  const lifted = new Map<string, ListedWord>();
  for (const [key, word] of last) if (isRecipientsStop(word)) held.add(key);
  for (const word of words)
    for (const key of keysOf(word)) {
      if (word.at < (last.get(key)?.at ?? 0)) continue;
      if (isRecipientsStop(word)) held.add(key);
      const first = lifted.get(key);
      if (lift && word.state === "opted_in" && (first === undefined || isBehind(first, word))) lifted.set(key, word);
    }
  const outs = new Set(words.flatMap((word) => (word.state === "opted_out" ? keysOf(word) : [])));
  let [optOuts, optIns, starts] = [0, 0, 0];
  const kept = words.filter((word) => {
    const keys = keysOf(word);
    if (!keys.some((key) => held.has(key))) {
      const repeats = word.state === "opted_in" && word.source !== "keyword";
      if (!repeats || !keys.every((key) => isRecipientsStart(last.get(key)) && !outs.has(key))) return true;
      starts++;
      return false;
    }
    const isLifted = keys.some((key) => lifted.has(key) && isBehind(word, lifted.get(key)!));
    if (word.state === "opted_in" ? lift : word.source === "keyword" || isLifted) return true;
    if (word.state === "opted_in") optIns++;
    else optOuts++;
    return false;
  });
  return { kept, optOuts, optIns, starts };
}

/** Whether a line of the list holds against another one of the same pair. */
function isBehind(one: ListedWord, other: ListedWord): boolean {
  return one.at > other.at || (one.at === other.at && one.line > other.line);
}

function keysOf({ account = ALL_ACCOUNTS, destination }: ListedWord): string[] {
  return destinationForms(destination).map((form) => consentKey(account, form));
}
