/** The last messages to one recipient, by when they went: what a frequency cap counts. */

import type { FrequencyCap } from "../catalog/frequency-cap.ts";

export interface SentMessage {
  /** Epoch ms. */
  readonly at: number;
  /** Hash of the message's id (`messageHash`). */
  readonly message: number;
}

/** FNV-1a of a message id, 32 bits with a sign. */
export function messageHash(messageId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < messageId.length; i++) hash = Math.imul(hash ^ messageId.charCodeAt(i), 0x01000193);
  return hash | 0;
}

/** All of both, each message once, by its first time; the newest `most` of them. */
export function joined(a: readonly SentMessage[], b: readonly SentMessage[], most: number): SentMessage[] {
  const first = new Map<number, number>();
  for (const { at, message } of [...a, ...b]) first.set(message, Math.min(at, first.get(message) ?? at));
  return [...first]
    .map(([message, at]) => ({ at, message }))
    .sort((x, y) => x.at - y.at || x.message - y.message)
    .slice(-most);
}

/**
 * When there is room for another message, epoch ms; undefined: now. Room is made when the oldest of as many as are allowed leaves the window.
 * `sent`: oldest first.
 */
export function roomAt(sent: readonly SentMessage[], most: number, windowMs: number, now: number): number | undefined {
  const within = sent.filter(({ at }) => at + windowMs > now);
  return within.length < most ? undefined : within[within.length - most]!.at + windowMs;
}

const HOUR_MS = 3_600_000;

/**
 * The cap that keeps a message from going now, and when there is room under it, epoch ms; undefined: none does. One that refuses comes before those
 * that let it wait, of which the one with room last counts. `sent`: what each cap counts, oldest first.
 */
export function reachedCap(
  caps: readonly FrequencyCap[],
  sent: (cap: FrequencyCap) => readonly SentMessage[],
  now: number,
): { readonly cap: FrequencyCap; readonly due: number } | undefined {
  let latest: { readonly cap: FrequencyCap; readonly due: number } | undefined;
  for (const cap of caps) {
    const due = roomAt(sent(cap), cap.most, cap.hours * HOUR_MS, now);
    if (due === undefined) continue;
    if (cap.whenReached === "refuse") return { cap, due };
    if (latest === undefined || due > latest.due) latest = { cap, due };
  }
  return latest;
}
