/**
 * How many segments a provider has taken, or may have, in the calendar day and the calendar month, and whether its quota
 * lets it have more. A process counts what it submits, by partition; what the owners of the other partitions count it is
 * told. Time is passed in: epoch ms by the brokers' clock.
 */
import { type CalendarPeriods, periodsAt } from "../../domain/catalog/calendar-period.ts";
import type { Quota } from "../../domain/catalog/quota.ts";
import { NO_VOLUME, type ToldVolume, type VolumeCount, volumeAt } from "../../pipeline/follow/told-volume.ts";

/** Segments that the provider took at a moment. */
export interface TakenSegments {
  readonly at: number;
  readonly segments: number;
  /** What they come to without the provider's commitment in money, micro-units; 0 where it has none. */
  readonly spent: number;
}

/** Of what was told, what a new owner goes on from. */
type Told = Omit<ToldVolume, "dayStart" | "monthStart">;

interface Count {
  today: number;
  thisMonth: number;
  /** Micro-units, of the month. */
  spent: number;
}

const NOTHING: Readonly<Count> = { today: 0, thisMonth: 0, spent: 0 };

export class SegmentVolume {
  private quota: Quota;
  /** Whether there is a quota at all. */
  limited: boolean;
  private periods: CalendarPeriods;
  private readonly partitions = new Map<number, Count>();
  /** Of all partitions here. */
  private readonly own: Count = { ...NOTHING };
  private readonly others: () => VolumeCount;
  private elsewhere = NO_VOLUME;
  /** Segments of messages under way, which may come to count. */
  private underWay = 0;

  /** `others`: what the owners of the provider's other partitions have told. */
  constructor(quota: Quota, at: number, others: () => VolumeCount = () => NO_VOLUME) {
    this.quota = quota;
    this.limited = isLimited(quota);
    this.periods = periodsAt(at, quota.zone);
    this.others = others;
  }

  /** Another quota holds from now on. What was counted stays, in another zone too: it may be of the day before there, for some hours. */
  change(quota: Quota, at: number): void {
    this.turn(at);
    this.quota = quota;
    this.limited = isLimited(quota);
    this.periods = periodsAt(at, quota.zone);
  }

  /** A partition comes: its count goes on from what its last owner told, and what has been taken since. */
  begin(partition: number, told: Told | undefined, since: readonly TakenSegments[], at: number): void {
    this.turn(at);
    this.partitions.set(partition, { ...NOTHING });
    const { today, thisMonth } = told === undefined ? NO_VOLUME : volumeAt(told, at);
    const spent = told !== undefined && at < told.monthEnd ? told.spentThisMonth : 0;
    this.count(partition, { today, thisMonth, spent });
    const { day, month } = this.periods;
    for (const { at: then, segments, spent: money } of since) {
      const ofMonth = then >= month.start ? { thisMonth: segments, spent: money } : { thisMonth: 0, spent: 0 };
      this.count(partition, { today: then >= day.start ? segments : 0, ...ofMonth });
    }
  }

  /** A partition has gone: its next owner counts. */
  end(partition: number): void {
    const { today, thisMonth, spent } = this.partitions.get(partition) ?? NOTHING;
    this.count(partition, { today: -today, thisMonth: -thisMonth, spent: -spent });
    this.partitions.delete(partition);
  }

  /** The provider has taken this, or may have. What is of a partition that has gone is for its next owner to count. */
  add(partition: number, { at, segments, spent }: TakenSegments): void {
    if (at >= this.periods.day.end) this.turn(at);
    this.count(partition, { today: segments, thisMonth: segments, spent });
  }

  /** What is known of the other partitions may have changed, and a period may be over. Call it every now and then. */
  tick(at: number): void {
    this.turn(at);
    this.elsewhere = this.others();
  }

  /** Segments that may go now. */
  get room(): number {
    if (!this.limited) return Number.POSITIVE_INFINITY;
    const { daily, monthly } = this.quota;
    const today = this.own.today + this.elsewhere.today;
    const thisMonth = this.own.thisMonth + this.elsewhere.thisMonth;
    const left = Math.min(
      (daily ?? Number.POSITIVE_INFINITY) - today,
      (monthly ?? Number.POSITIVE_INFINITY) - thisMonth,
    );
    return Math.max(0, left - this.underWay);
  }

  /** A message of so many segments goes on its way, until it is `released`. */
  reserve(segments: number): void {
    this.underWay += segments;
  }

  release(segments: number): void {
    this.underWay -= segments;
  }

  /** Whether something is under way that may come to count, or not. */
  get waits(): boolean {
    return this.underWay > 0;
  }

  /** Until when there is no room for so many segments, if nothing comes back of what is under way; undefined while there is. */
  fullUntil(segments: number): number | undefined {
    if (!this.limited) return undefined;
    const { daily, monthly } = this.quota;
    const { day, month } = this.periods;
    if (monthly !== undefined && this.own.thisMonth + this.elsewhere.thisMonth + segments > monthly) return month.end;
    if (daily !== undefined && this.own.today + this.elsewhere.today + segments > daily) return day.end;
    return undefined;
  }

  /** What is told of a partition. */
  of(partition: number, at: number): ToldVolume {
    this.turn(at);
    const { day, month } = this.periods;
    const { today, thisMonth, spent } = this.partitions.get(partition) ?? NOTHING;
    const ofDay = { dayStart: day.start, dayEnd: day.end, segmentsToday: today };
    const ofMonth = { monthStart: month.start, monthEnd: month.end, segmentsThisMonth: thisMonth };
    return { ...ofDay, ...ofMonth, spentThisMonth: spent };
  }

  /** Of the partitions here. */
  get here(): VolumeCount {
    const { today, thisMonth } = this.own;
    return { today, thisMonth };
  }

  /** What is used up of the quota, the other partitions' part included: 1 is all; undefined where there is no limit. */
  get used(): { readonly day: number | undefined; readonly month: number | undefined } {
    const { daily, monthly } = this.quota;
    return {
      day: daily === undefined ? undefined : (this.own.today + this.elsewhere.today) / daily,
      month: monthly === undefined ? undefined : (this.own.thisMonth + this.elsewhere.thisMonth) / monthly,
    };
  }

  private turn(at: number): void {
    const { day, month } = this.periods;
    if (at < day.end) return;
    const monthIsOver = at >= month.end;
    for (const count of [this.own, ...this.partitions.values()]) {
      count.today = 0;
      if (!monthIsOver) continue;
      count.thisMonth = 0;
      count.spent = 0;
    }
    this.periods = periodsAt(at, this.quota.zone);
    this.elsewhere = this.others();
  }

  private count(partition: number, { today, thisMonth, spent }: Readonly<Count>): void {
    const counted = this.partitions.get(partition);
    if (counted === undefined) return;
    for (const count of [counted, this.own]) {
      count.today += today;
      count.thisMonth += thisMonth;
      count.spent += spent;
    }
  }
}

function isLimited({ daily, monthly }: Quota): boolean {
  return daily !== undefined || monthly !== undefined;
}
