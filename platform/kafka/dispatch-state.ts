/** What a dispatcher leaves to the next owner of its partition in the metadata of its commits. Readable by older and newer ones. */
export interface DispatchState {
  /** Horizon by lane. */
  h: number[];
  /** E: where to read outcomes back from, by partition of the outcome log. */
  e: number[];
  /** Packed source positions of all that is done, by lane. */
  p: string[];
  /** Packed offsets below the horizon that were not handed over, by lane. Only a drained owner can know, in its last commit. */
  u?: string[];
  /** Name of the owner's journal, where it keeps one. */
  j?: string;
}

/** Undefined before the first commit. */
export function readState(text: string): DispatchState | undefined {
  return text === "" ? undefined : (JSON.parse(text) as DispatchState);
}
