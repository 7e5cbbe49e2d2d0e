import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";
import { DEAD_AFTER_MS, type LetterPlace, placeText, type ReplayMark, readMark } from "./replay-mark.ts";

/** A mark without its end, and its own offset: in a partition that is the order of the runs. */
interface OpenMark {
  readonly mark: ReplayMark;
  readonly offset: number;
}

/**
 * The marks of some letters, and which others in their partitions are about to be replayed. Each record behind them is read once, however often they are
 * asked for.
 */
export class LetterMarks {
  private readonly reader: Pick<TopicReader, "watermarks" | "readRange">;
  /** By `placeText`. */
  private readonly found: Map<string, ReplayMark[]>;
  /** Of any letter, in the order of the log: no more than what runs that go on, or were cut off, have in hand. */
  private readonly open = new Map<number, OpenMark[]>();
  /** By partition, the first offset that has not been read. */
  private readonly next: Map<number, number>;

  constructor(reader: Pick<TopicReader, "watermarks" | "readRange">, places: readonly LetterPlace[]) {
    this.reader = reader;
    this.found = new Map(places.map((place) => [placeText(place), []]));
    this.next = new Map([...byPartition(places)].map(([partition, offsets]) => [partition, least(offsets)]));
  }

  /** Reads on to the end of the log as of now. */
  async read(): Promise<void> {
    const marks = await this.reader.watermarks(DEAD_LETTER_TOPIC);
    for (const [partition, from] of this.next) {
      const { high } = marks[partition] ?? { high: 0 };
      if (from >= high) continue;
      await this.reader.readRange(DEAD_LETTER_TOPIC, partition, from, high, (record) => this.take(record));
      this.next.set(partition, high);
    }
  }

  /** In the order of the log, as far as it has been read. */
  of(letter: LetterPlace): readonly ReplayMark[] {
    return this.found.get(placeText(letter)) ?? [];
  }

  /**
   * Other letters of its partition that other runs are about to replay, and said so before this run did of the letter: two letters may be of one work.
   * `now`: epoch ms by the brokers' clock.
   */
  goingBefore(letter: LetterPlace, run: string, now: number): LetterPlace[] {
    const open = this.open.get(letter.partition) ?? [];
    const said = open.find(({ mark }) => mark.run === run && mark.letter.offset === letter.offset);
    // A run that has not said so goes behind all that have.
    const own = said?.offset ?? Number.POSITIVE_INFINITY;
    return open
      .filter(({ mark, offset }) => mark.run !== run && mark.letter.offset !== letter.offset && offset < own)
      .filter(({ mark }) => now - mark.storedAt < DEAD_AFTER_MS)
      .map(({ mark }) => mark.letter);
  }

  private take(record: InRecord): void {
    const mark = readMark(record);
    if (mark === undefined) return;
    const { letter, state } = mark;
    this.found.get(placeText(letter))?.push(mark);
    const open = this.open.get(letter.partition) ?? [];
    const still = state === "begun" ? open : open.filter((one) => one.mark.letter.offset !== letter.offset);
    if (state === "begun") still.push({ mark, offset: record.offset });
    this.open.set(letter.partition, still);
  }
}

function least(numbers: Iterable<number>): number {
  let found = Number.POSITIVE_INFINITY;
  for (const number of numbers) found = Math.min(found, number);
  return found;
}

/** Offsets by partition. */
export function byPartition(places: readonly LetterPlace[]): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (const { partition, offset } of places) {
    const offsets = found.get(partition) ?? new Set<number>();
    found.set(partition, offsets.add(offset));
  }
  return found;
}
