import type { Cap } from "../../../domain/catalog/cap.ts";
import { CapPeriods, currentOf } from "../../../domain/routing/cap-count.ts";
import { type CountKey, sharedBy, type ToldCount } from "../../../domain/routing/cap-counts.ts";

/** What one sender or campaign has had of a cap, in all partitions. */
export interface CapUsage {
  /** The sender, or the account and its campaign with a slash between them. */
  readonly value: string;
  /** The account whose names beyond the first 200 of a day are counted here together; null: it is one name's count. */
  readonly sharedBy: string | null;
  readonly hour: number;
  readonly day: number;
}

/** Counts that are held, of one partition each; where there are more, sums are too low, and `isWholeAt` says so. */
const MAX_COUNTS = 50_000;
/** Senders or campaigns of a cap that are shown. */
const SHOWN = 10;

/** What routers have counted for caps, from sms.usage. Times are epoch ms by the brokers' clock. */
export class CapUsageBoard {
  /** By cap, value and partition. */
  private readonly counts = new Map<string, ToldCount>();
  private readonly periods = new CapPeriods();
  /** Until then a count that was left out would have counted, epoch ms. */
  private leftOutUntil = 0;

  fold(count: ToldCount): void {
    const name = nameOf(count, count.partition);
    if (this.counts.has(name) || this.counts.size < MAX_COUNTS) this.counts.set(name, count);
    else this.leftOutUntil = Math.max(this.leftOutUntil, count.dayEnd);
  }

  /** Whether all counts that hold at this moment are held here. */
  isWholeAt(now: number): boolean {
    return now >= this.leftOutUntil;
  }

  forget(key: CountKey, partition: number): void {
    this.counts.delete(nameOf(key, partition));
  }

  /** The senders or campaigns that have used most of each of these caps, the fullest first. */
  fullest(caps: readonly Cap[], now: number): ReadonlyMap<string, readonly CapUsage[]> {
    const sums = new Map(caps.map(({ id }) => [id, new Map<string, CapUsage>()]));
    const empty = new Map(caps.map(({ id, zone }) => [id, this.periods.emptyAt(now, zone)]));
    for (const count of this.counts.values()) {
      const values = sums.get(count.cap);
      if (values === undefined) continue;
      const { hour, day } = currentOf(count, empty.get(count.cap)!, now);
      const { value } = count;
      const known = values.get(value) ?? { value, sharedBy: sharedBy(value) ?? null, hour: 0, day: 0 };
      values.set(value, { ...known, hour: known.hour + hour, day: known.day + day });
    }
    return new Map(caps.map((cap) => [cap.id, fullestOf(cap, [...sums.get(cap.id)!.values()])]));
  }
}

function fullestOf({ maxPerHour, maxPerDay }: Cap, values: readonly CapUsage[]): readonly CapUsage[] {
  const share = ({ hour, day }: CapUsage) =>
    Math.max(hour / (maxPerHour ?? Number.POSITIVE_INFINITY), day / (maxPerDay ?? Number.POSITIVE_INFINITY));
  return values
    .filter(({ day, hour }) => day > 0 || hour > 0)
    .sort((a, b) => share(b) - share(a))
    .slice(0, SHOWN);
}

function nameOf({ cap, value }: CountKey, partition: number): string {
  return `${cap}/${partition}/${value}`;
}
