import { createHash, hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ValidRequest } from "../../../../domain/message/validation.ts";

/** Octets of a fingerprint. */
export const FINGERPRINT_OCTETS = 12;

/** Messages of a batch that are read in one go: between two slices other requests get their turn. */
const SLICE_MESSAGES = 500;

/**
 * 96 bits that stand for the content of a request, in base64; the order of metadata does not matter.
 * @param time what stands for its time; `sendAt` says another one in each repeat where it was counted from now.
 */
export function fingerprintOf(request: ValidRequest, time: number | string | undefined = request.sendAt): string {
  const metadata = request.metadata === undefined ? [] : Object.entries(request.metadata);
  const content = JSON.stringify([
    request.destination,
    request.from,
    request.text,
    request.lane,
    request.validitySeconds,
    request.reference,
    request.callbackUrl,
    metadata.sort(([a], [b]) => (a < b ? -1 : 1)),
    ...(time === undefined ? [] : [time]),
  ]);
  // Of twelve octets: a piece of the whole text would hold all of it in memory.
  return hash("sha256", content, "buffer").toString("base64", 0, FINGERPRINT_OCTETS);
}

/** A fingerprint of an account's request, where others' are beside it. */
export function ofAccount(accountId: string, fingerprint: string): string {
  return hash("sha256", `${accountId}:${fingerprint}`, "buffer").toString("base64", 0, FINGERPRINT_OCTETS);
}

/** Empty for what is nested too deeply to be written: no message is, and so it is refused by its content. */
export function jsonOf(message: unknown): string {
  try {
    return JSON.stringify(message) ?? "";
  } catch {
    return "";
  }
}

/** A fingerprint of all messages of a batch together, as they were given: blanks between the values do not matter, all else does. */
export async function fingerprintOfBatch(messages: readonly unknown[]): Promise<string> {
  const sum = createHash("sha256");
  for (const [index, message] of messages.entries()) {
    // JSON.stringify writes no line ends, so that one ends each message.
    sum.update(jsonOf(message)).update("\n");
    if (index % SLICE_MESSAGES === SLICE_MESSAGES - 1) await nextTurn();
  }
  return sum.digest().toString("base64", 0, FINGERPRINT_OCTETS);
}
