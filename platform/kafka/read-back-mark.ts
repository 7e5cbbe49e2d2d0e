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
  private marks: Mark[] = [];

  /** `initial`: where this owner itself began to read back. */
  constructor(keepMs: number, initialEnds: readonly number[], initialOffsets: readonly number[]) {
    this.keepMs = keepMs;
    this.marks.push({ at: Number.NEGATIVE_INFINITY, horizon: [...initialOffsets], ends: [...initialEnds] });
  }

  /** Notes the ends of the outcome log; they must have been asked for before the horizon given here was passed. */
  note(now: number, horizon: readonly number[], ends: readonly number[]): void {
    this.marks.push({ at: now, horizon: [...horizon], ends: [...ends] });
  }

  /** E for a commit of these offsets. Older marks are forgotten: offsets never go back. */
  pick(now: number, offsets: readonly number[]): readonly number[] {
    let chosen = 0;
    for (let i = 1; i < this.marks.length; i++) {
      const mark = this.marks[i]!;
      if (now - mark.at < this.keepMs || !mark.horizon.every((h, input) => h <= offsets[input]!)) break;
      chosen = i;
    }
    if (chosen > 0) this.marks = this.marks.slice(chosen);
    return this.marks[0]!.ends;
  }
}
