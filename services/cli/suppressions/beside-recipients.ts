/** What of an import would take the place of what a recipient has said: it is left out, so that an import strips nobody's STOP of its protection. */
import { ALL_ACCOUNTS, consentKey } from "../../../domain/consent/consent-word.ts";
import type { ListedWord } from "../../../domain/consent/suppression-list.ts";
import { destinationForms } from "../../../domain/numbers/destination.ts";
import { type ConsentLog, lastWords } from "../../../pipeline/follow/last-words.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";

/** The pairs of a list (keys of sms.consent) of which the recipient's own opt-out is the last word. Reads the partitions of its recipients. */
export async function recipientOptOuts(log: ConsentLog, words: readonly ListedWord[]): Promise<Set<string>> {
  const pairs = new Set(words.flatMap(keysOf));
  const forms = words.flatMap(({ destination }) => destinationForms(destination));
  const held = new Set<string>();
  for (const partition of new Set(forms.map((form) => partitionFor(form, log.partitions))))
    for (const { accountId, destination, word } of await lastWords(log, partition)) {
      const key = consentKey(accountId, destination);
      if (word.source === "keyword" && word.state === "opted_out" && pairs.has(key)) held.add(key);
    }
  return held;
}

/**
 * The words to write. Where the recipient's opt-out stands, in the log or by a line of the list itself, only what the recipient has said
 * too takes its place; an opt-in does with `lift` alone, whoever has said it.
 */
export function besideRecipients(
  words: readonly ListedWord[],
  standing: ReadonlySet<string>,
  lift: boolean,
): { readonly kept: readonly ListedWord[]; readonly optOuts: number; readonly optIns: number } {
  const held = new Set(standing);
  for (const word of words)
    if (word.source === "keyword" && word.state === "opted_out") for (const key of keysOf(word)) held.add(key);
  let [optOuts, optIns] = [0, 0];
  const kept = words.filter((word) => {
    if (!keysOf(word).some((key) => held.has(key))) return true;
    if (word.state === "opted_in" ? lift : word.source === "keyword") return true;
    if (word.state === "opted_in") optIns++;
    else optOuts++;
    return false;
  });
  return { kept, optOuts, optIns };
}

function keysOf({ account = ALL_ACCOUNTS, destination }: ListedWord): string[] {
  return destinationForms(destination).map((form) => consentKey(account, form));
}
