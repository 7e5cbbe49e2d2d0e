/**
 * One of `of` parts of all ids, told apart by a hash: what is too much for memory at once is looked at part by part, each
 * time from the beginning.
 */
export interface Slice {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** All ids at once. */
export const ALL: Slice = { index: 0, of: 1 };

/** Whether the id (ASCII, as text or as its bytes) belongs to the slice. */
export function inSlice(id: string | Uint8Array, { index, of }: Slice): boolean {
  return of === 1 || hashOf(id) % of === index;
}

/** More than one slice may hold; it takes more, smaller ones. */
export class SliceOverflow extends Error {
  readonly code = "SLICE_OVERFLOW";
}

/** 32 bits of a text. FNV-1a with a last mix, since the lowest bits alone would repeat in ids that count up. */
export function hashOf(id: string | Uint8Array): number {
  let hash = 0x811c9dc5;
  if (typeof id === "string")
    for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  else for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}
