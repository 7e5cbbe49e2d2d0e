/** The ends of a topic's partitions, and what a group has committed of them, at one moment. */
export interface TopicSample {
  /** One above the last offset of each partition. */
  readonly ends: readonly number[];
  /** The first offset that is still there, of each partition. */
  readonly starts: readonly number[];
  /** What its reader has committed; -1: nothing. Undefined where nobody is asked. */
  readonly committed?: readonly number[];
}

/** What goes through a topic. */
export interface TopicFlow {
  /** Records a second that are written to it, over the last seconds. */
  readonly perSecond: number;
  /** Records that its reader has not finished; null where nobody is asked. */
  readonly waiting: number | null;
}

/** Rates are over so long, ms: shorter ones jump with each batch. */
const OVER_MS = 4_000;

interface Mark {
  readonly at: number;
  readonly written: number;
}

/** Rates and backlogs from samples of a topic's offsets. Times are monotonic, ms. */
export class FlowMeter {
  private readonly marks: Mark[] = [];
  private flow: TopicFlow = { perSecond: 0, waiting: null };

  sample({ ends, starts, committed }: TopicSample, at: number): void {
    const written = ends.reduce((sum, end) => sum + (end ?? 0), 0);
    const last = this.marks.at(-1);
    // A topic that was made anew begins at 0.
    if (last !== undefined && written < last.written) this.marks.length = 0;
    this.marks.push({ at, written });
    while (this.marks.length > 2 && at - this.marks[1]!.at >= OVER_MS) this.marks.shift();
    const first = this.marks[0]!;
    const perSecond = at > first.at ? ((written - first.written) * 1_000) / (at - first.at) : 0;
    this.flow = { perSecond, waiting: committed === undefined ? null : waitingOf(ends, starts, committed) };
  }

  get now(): TopicFlow {
    return this.flow;
  }
}

function waitingOf(ends: readonly number[], starts: readonly number[], committed: readonly number[]): number {
  return ends.reduce((sum, end, partition) => {
    const from = Math.max(starts[partition] ?? 0, committed[partition] ?? -1);
    return sum + Math.max(0, end - from);
  }, 0);
}
