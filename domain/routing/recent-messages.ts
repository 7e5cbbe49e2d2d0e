/** The last messages to one recipient, by when they went: what a frequency cap counts. */

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
