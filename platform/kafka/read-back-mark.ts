/** Log ends noted at a moment, beside how far effects could have gone at that moment. */
interface Mark {
  readonly at: number;
  /** For each input: nothing at or beyond this offset had had any effect. */
  readonly horizon: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Finds E: where to begin reading the log of outcomes back. Ends of that log are noted every now and then together with
 * the horizon of the moment; for a commit at C every outcome of a record at or above C stands behind the newest mark
 * whose horizon is at or below C. `keepMs` asks for at least so much history besides (repeats to be recognised).
 */
export class ReadBackMarks {
  private readonly keepMs: number;
  private readonly inherited: readonly number[];
  private marks: Mark[] = [];

  /**
   * `initialEnds`: where this owner itself began to read back. `inherited`: how far effects of earlier owners may have
   * gone in each input; until the commits have passed that, their outcomes are needed, however far this owner has come.
   */
  constructor(
    keepMs: number,
    initialEnds: readonly number[],
    initialOffsets: readonly number[],
    inherited: readonly number[] = initialOffsets,
  ) {
    this.keepMs = keepMs;
    this.inherited = inherited;
    this.marks.push({ at: Number.NEGATIVE_INFINITY, horizon: [...initialOffsets], ends: [...initialEnds] });
  }

  /**
   * Notes the ends of the outcome log; they must have been asked for before the horizon given here was passed. Where an end
   * is not known the one noted last stands: it lies below.
   */
  note(now: number, horizon: readonly number[], ends: readonly (number | undefined)[]): void {
    const last = this.marks.at(-1)!.ends;
    this.marks.push({
      at: now,
      horizon: horizon.map((h, i) => Math.max(h, this.inherited[i] ?? 0)),
      ends: ends.map((end, partition) => end ?? last[partition] ?? 0),
    });
    // A mark is of no more use when the next one has the same horizon and is old enough: so a still input costs no memory.
    this.marks = this.marks.filter((mark, i) => {
      const next = this.marks[i + 1];
      return next === undefined || now - next.at < this.keepMs || !mark.horizon.every((h, n) => h === next.horizon[n]);
    });
  }

  /** E for a commit of these offsets. Older marks are forgotten: offsets never go back. */
  pick(now: number, offsets: readonly number[]): readonly number[] {
    // From the newest on: a horizon that was taken back lies below those of earlier marks.
    const chosen = this.marks.findLastIndex(
      ({ at, horizon }) => now - at >= this.keepMs && horizon.every((h, input) => h <= offsets[input]!),
    );
    if (chosen > 0) this.marks = this.marks.slice(chosen);
    return this.marks[0]!.ends;
  }

  /** Marks held. */
  get size(): number {
    return this.marks.length;
  }
}
