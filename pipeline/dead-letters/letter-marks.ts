import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";
import { type LetterPlace, placeText, type ReplayMark, readMark } from "./replay-mark.ts";

/** The marks of some letters. Each record behind them is read once, however often they are asked for. */
export class LetterMarks {
  private readonly reader: Pick<TopicReader, "watermarks" | "readRange">;
  /** By `placeText`. */
  private readonly found: Map<string, ReplayMark[]>;
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
      await this.reader.readRange(DEAD_LETTER_TOPIC, partition, from, high, (record) => {
        const mark = readMark(record);
        if (mark !== undefined) this.found.get(placeText(mark.letter))?.push(mark);
      });
      this.next.set(partition, high);
    }
  }

  /** In the order of the log, as far as it has been read. */
  of(letter: LetterPlace): readonly ReplayMark[] {
    return this.found.get(placeText(letter)) ?? [];
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
