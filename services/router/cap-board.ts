import { type CapCount, CapPeriods, currentOf } from "../../domain/routing/cap-count.ts";
import { type CountKey, PartitionCounts, type ToldCount } from "../../domain/routing/cap-counts.ts";
import type { CapUse } from "../../domain/routing/cap-table.ts";

/**
 * What all routers have counted for the caps: the partitions of this process to the message, those of others as they have told a
 * second ago at the most.
 */
export class CapBoard {
  private readonly here = new Map<number, PartitionCounts>();
  /** By `cap/value`, then by partition. */
  private readonly told = new Map<string, Map<number, ToldCount>>();
  private readonly periods = new CapPeriods();

  /** A word about a partition. One that was held up may come after that of a later owner, and says less. */
  fold(count: ToldCount): void {
    const name = nameOf(count);
    let partitions = this.told.get(name);
    if (partitions === undefined) {
      partitions = new Map();
      this.told.set(name, partitions);
    }
    const known = partitions.get(count.partition);
    if (known === undefined || known.dayEnd < count.dayEnd || (known.dayEnd === count.dayEnd && known.day <= count.day))
      partitions.set(count.partition, count);
  }

  /** A count whose day is over. */
  forget(key: CountKey, partition: number): void {
    const name = nameOf(key);
    const partitions = this.told.get(name);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.told.delete(name);
  }

  /** A partition comes: it goes on from what has been told of it. */
  own(partition: number): { readonly counts: PartitionCounts; readonly toldAt: (key: CountKey) => number } {
    const words = [...this.told.values()].flatMap((partitions) => partitions.get(partition) ?? []);
    const at = new Map(words.map((word) => [nameOf(word), word.at]));
    const counts = new PartitionCounts(partition, words);
    this.here.set(partition, counts);
    return { counts, toldAt: (key) => at.get(nameOf(key)) ?? 0 };
  }

  /** A partition has gone: until its next owner tells, what was counted here counts. `now`: epoch ms. */
  release(partition: number, now: number): void {
    const counts = this.here.get(partition);
    this.here.delete(partition);
    for (const count of counts?.all(now) ?? []) this.fold(count);
  }

  /** What a use of this partition's message has had everywhere. `now`: epoch ms. */
  countOf(partition: number, use: CapUse, now: number): CapCount {
    const empty = this.periods.emptyAt(now, use.cap.zone);
    const key = { cap: use.cap.id, value: this.here.get(partition)?.slotOf(use) ?? use.value };
    let { hour, hourEnd, day, dayEnd } = empty;
    const take = (count: CapCount | undefined): void => {
      if (count === undefined) return;
      const current = currentOf(count, empty, now);
      hour += current.hour;
      day += current.day;
      // Of periods that began by other clocks the last one to end says when there is room again.
      if (current.hour > 0) hourEnd = Math.max(hourEnd, current.hourEnd);
      if (current.day > 0) dayEnd = Math.max(dayEnd, current.dayEnd);
    };
    for (const counts of this.here.values()) take(counts.get(key));
    for (const [other, count] of this.told.get(nameOf(key)) ?? []) if (!this.here.has(other)) take(count);
    return { hour, hourEnd, day, dayEnd };
  }
}

function nameOf({ cap, value }: CountKey): string {
  return `${cap}/${value}`;
}
