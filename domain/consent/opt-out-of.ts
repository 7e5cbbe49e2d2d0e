import type { ConsentState } from "./consent-word.ts";
import { readKeyword } from "./keyword.ts";

/** A message from a handset, as far as it counts here (schemas/inbound.avsc). */
export interface HandsetMessage {
  readonly from: string;
  readonly text: string;
  readonly total: number | null;
  readonly alphabet: string | null;
  readonly optOut: string | null;
}

/** What a provider that keeps opt-outs itself calls what it has done; other words of it, such as HELP, change nothing. */
const OF_PROVIDER: ReadonlyMap<string, ConsentState> = new Map([
  ["STOP", "opted_out"],
  ["START", "opted_in"],
]);

/**
 * What a message says of its sender's consent. A provider that has acted on it knows best: it submits nothing to them any more. Of a message in
 * parts none is a keyword, which fits into one; nor is a binary one.
 */
export function consentIn({ from, text, total, alphabet, optOut }: HandsetMessage): ConsentState | undefined {
  const acted = optOut === null ? undefined : OF_PROVIDER.get(optOut.trim().toUpperCase());
  if (acted !== undefined) return acted;
  if ((total !== null && total > 1) || alphabet === "binary") return undefined;
  return readKeyword(text, from);
}
