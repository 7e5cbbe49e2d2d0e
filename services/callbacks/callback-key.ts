/** Where a callback stands among those of its message. */
export interface CallbackKey {
  /** The message and its destination: what is told of them goes in order. */
  readonly chain: string;
  /** Offset of its event, by which they are ordered. */
  readonly place: number;
}

/** Key in sms.callbacks: `<message id>/<destination>/<offset of the event>`. */
export function callbackKey({ chain, place }: CallbackKey): string {
  return `${chain}/${place}`;
}

/** Undefined for a text that `callbackKey` did not make. */
export function readCallbackKey(text: string): CallbackKey | undefined {
  const match = /^([\w-]{1,64}\/\d{0,15})\/(\d{1,16})$/.exec(text);
  return match === null ? undefined : { chain: match[1]!, place: Number(match[2]) };
}
