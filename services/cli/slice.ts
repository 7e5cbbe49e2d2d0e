import { hashOf } from "../../pipeline/records/id-hash.ts";

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
