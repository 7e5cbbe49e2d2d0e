/** Headers of a record of sms.callbacks. */
export const ENDPOINT_HEADER = "endpoint";
export const DUE_HEADER = "due";
export const SINCE_HEADER = "since";
/** Names a writing, so that its writer knows it when it comes back. */
export const WRITE_HEADER = "write";

/** Where a callback stands among those that are told in order. */
export interface CallbackKey {
  /** A message and its destination; of messages from handsets, the handset and the account's number. */
  readonly chain: string;
  /** Offset of its event, by which they are ordered; of messages from handsets twice that of the record, and one more for what it says of consent. */
  readonly place: number;
}

/** Key in sms.callbacks: `<chain>/<place>`. */
export function callbackKey({ chain, place }: CallbackKey): string {
  return `${chain}/${place}`;
}

/** Undefined for a text that `callbackKey` did not make. */
export function readCallbackKey(text: string): CallbackKey | undefined {
  const match = /^([\w-]{1,64}\/\d{0,15})\/(\d{1,16})$/.exec(text);
  return match === null ? undefined : { chain: match[1]!, place: Number(match[2]) };
}

/** The headers of one that waits for an endpoint until `due`, since `since`; both epoch ms. */
export function waitingHeaders(of: {
  readonly endpoint: string;
  readonly due: number;
  readonly since: number;
  readonly write: string;
}): Record<string, string> {
  return {
    [ENDPOINT_HEADER]: of.endpoint,
    [DUE_HEADER]: String(Math.floor(of.due)),
    [SINCE_HEADER]: String(of.since),
    [WRITE_HEADER]: of.write,
  };
}
