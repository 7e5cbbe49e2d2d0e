/** By partition; undefined where nobody can say, since it has no leader: it counts as it was last known. */
type Offsets = readonly (number | undefined)[];

/** The ends of a topic's partitions, and what a group has committed of them, at one moment. */
export interface TopicSample {
  /** One above the last offset of each partition. */
  readonly ends: Offsets;
  /** The first offset that is still there, of each partition. */
  readonly starts: Offsets;
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
  private ends: Offsets = [];
  private starts: Offsets = [];
  private flow: TopicFlow = { perSecond: 0, waiting: null };

  sample({ committed, ...asked }: TopicSample, at: number): void {
    const ends = asked.ends.map((end, partition) => end ?? this.ends[partition]);
    const starts = asked.starts.map((start, partition) => start ?? this.starts[partition]);
    const written = ends.reduce<number>((sum, end) => sum + (end ?? 0), 0);
    const last = this.marks.at(-1);
    // A topic that was made anew begins at 0. What is known of a partition for the first time was not written just now.
    const isNew = ends.some((end, partition) => end !== undefined && this.ends[partition] === undefined);
    if (last !== undefined && (written < last.written || isNew)) this.marks.length = 0;
    this.ends = ends;
    this.starts = starts;
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

function waitingOf(ends: Offsets, starts: Offsets, committed: readonly number[]): number {
  return ends.reduce<number>((sum, end, partition) => {
    if (end === undefined) return sum;
    const from = Math.max(starts[partition] ?? 0, committed[partition] ?? -1);
    return sum + Math.max(0, end - from);
  }, 0);
}
