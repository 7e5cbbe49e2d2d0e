import { hash } from "node:crypto";
import type { ValidRequest } from "../../../domain/message/validation.ts";
import { AgingMap } from "./aging-map.ts";

/** Retries of one request come within minutes; a day of keys would only cost memory. Milliseconds. */
const PERIOD_MS = 3_600_000;

export interface Claimed {
  /** The account whose keys it is among. Message ids are everybody's: the empty one has them. */
  readonly owner: string;
  readonly key: string;
}

/**
 * Remembers which request a key stood for, to refuse the same key with another request. It covers what this instance saw
 * in the last hour (up to two), within its capacity; the account with the most keys makes room. Beyond that the message id is made of
 * account, key and destination, so the router drops the repeat, and sets another text aside (id-reused), while it remembers the first.
 */
export class IdempotencyMemory {
  readonly #fingerprints: AgingMap<string>;

  /** @param capacity keys kept per period; about 150 bytes each. */
  constructor(capacity: number, nowMs: number) {
    this.#fingerprints = new AgingMap({ periodMs: PERIOD_MS, capacity }, nowMs);
  }

  /** `owner`: whose key it is. `new`: the key was not known and is now; `same` or `different`: what it stood for before. */
  claim({ owner, key }: Claimed, fingerprint: string, nowMs: number): "new" | "same" | "different" {
    const known = this.#fingerprints.get(owner, key, nowMs);
    if (known !== undefined) return known === fingerprint ? "same" : "different";
    this.#fingerprints.set(owner, key, fingerprint, nowMs);
    return "new";
  }

  /** Gives a key back whose request was certainly not accepted. */
  release({ owner, key }: Claimed): void {
    this.#fingerprints.delete(owner, key);
  }
}

/**
 * 96 bits that stand for the content of a request; the order of metadata does not matter.
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
  return hash("sha256", content, "buffer").toString("base64", 0, 12);
}
