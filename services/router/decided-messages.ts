import type { InRecord } from "../../platform/kafka/record.ts";
import { wholeText } from "../../platform/kafka/whole-text.ts";
import type { SendRequest } from "../../schemas/generated/types.ts";

/** What is known of a request that comes now: `same` also where only its id is remembered. */
export type Earlier = "new" | "same" | "other-content";

const UNKNOWN = 0;

/** What a decision is remembered by. An id that was given to two numbers is two messages. */
export function decisionKey(messageId: string, to: string, attempt: number): string {
  return `${messageId}/${attempt}/${to}`;
}

/**
 * The last `capacity` decisions of a partition, by message, attempt and destination, each with a hash of what the request
 * said. The hash is kept in memory only: a stored one would tell short texts to whoever tries them all.
 */
export class DecidedMessages {
  private readonly ring: (string | undefined)[];
  private readonly known = new Map<string, number>();
  private next = 0;

  constructor(capacity: number) {
    this.ring = new Array<string | undefined>(capacity).fill(undefined);
  }

  /** Remembers a decision; one that is known already stays as it is. */
  add(key: string, content = UNKNOWN): void {
    if (this.known.has(key)) return;
    const evicted = this.ring[this.next];
    if (evicted !== undefined) this.known.delete(evicted);
    const kept = wholeText(key);
    this.ring[this.next] = kept;
    this.known.set(kept, content);
    this.next = (this.next + 1) % this.ring.length;
  }

  compare(key: string, content = UNKNOWN): Earlier {
    const before = this.known.get(key);
    if (before === undefined) return "new";
    return before === UNKNOWN || content === UNKNOWN || before === content ? "same" : "other-content";
  }
}

/** 31 bits of what a request is about beside its number: whose it is, its sender and its text; never 0. */
export function contentHash({ accountId, from, text }: Pick<SendRequest, "accountId" | "from" | "text">): number {
  const hash = mix(mix(mix(0x811c9dc5, accountId), from ?? "\0"), text);
  return (hash >>> 1) | 1;
}

function mix(seed: number, text: string): number {
  let hash = seed ^ text.length;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

/** The key of a decision in the event log: `id` is `<messageId>/<attempt>` of its event id, and the destination is the record's key. */
export function decisionKeyOf(id: string, record: InRecord): string {
  return `${id}/${record.key?.toString() ?? ""}`;
}
