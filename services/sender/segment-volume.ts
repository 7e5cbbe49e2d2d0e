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
}

/** Of what was told, what a new owner goes on from. */
type Told = Omit<ToldVolume, "dayStart" | "monthStart">;

interface Count {
  today: number;
  thisMonth: number;
}

export class SegmentVolume {
  private quota: Quota;
  /** Whether there is a quota at all. */
  limited: boolean;
  private periods: CalendarPeriods;
  private readonly partitions = new Map<number, Count>();
  /** Of all partitions here. */
  private readonly own: Count = { today: 0, thisMonth: 0 };
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
    this.partitions.set(partition, { today: 0, thisMonth: 0 });
    const { today, thisMonth } = told === undefined ? NO_VOLUME : volumeAt(told, at);
    this.count(partition, today, thisMonth);
    const { day, month } = this.periods;
    for (const taken of since)
      this.count(partition, taken.at >= day.start ? taken.segments : 0, taken.at >= month.start ? taken.segments : 0);
  }

  /** A partition has gone: its next owner counts. */
  end(partition: number): void {
    const { today, thisMonth } = this.partitions.get(partition) ?? NO_VOLUME;
    this.count(partition, -today, -thisMonth);
    this.partitions.delete(partition);
  }

  /** The provider has taken so many, or may have. Those of a partition that has gone are for its next owner to count. */
  add(partition: number, segments: number, at: number): void {
    if (at >= this.periods.day.end) this.turn(at);
    this.count(partition, segments, segments);
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
    const { today, thisMonth } = this.partitions.get(partition) ?? NO_VOLUME;
    const ofDay = { dayStart: day.start, dayEnd: day.end, segmentsToday: today };
    return { ...ofDay, monthStart: month.start, monthEnd: month.end, segmentsThisMonth: thisMonth };
  }

  /** Of the partitions here. */
  get here(): VolumeCount {
    return this.own;
  }

  private turn(at: number): void {
    const { day, month } = this.periods;
    if (at < day.end) return;
    const monthIsOver = at >= month.end;
    for (const count of [this.own, ...this.partitions.values()]) {
      count.today = 0;
      if (monthIsOver) count.thisMonth = 0;
    }
    this.periods = periodsAt(at, this.quota.zone);
    this.elsewhere = this.others();
  }

  private count(partition: number, today: number, thisMonth: number): void {
    const count = this.partitions.get(partition);
    if (count === undefined) return;
    count.today += today;
    count.thisMonth += thisMonth;
    this.own.today += today;
    this.own.thisMonth += thisMonth;
  }
}

function isLimited({ daily, monthly }: Quota): boolean {
  return daily !== undefined || monthly !== undefined;
}
