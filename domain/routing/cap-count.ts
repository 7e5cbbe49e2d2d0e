import { periodsAt } from "../catalog/calendar-period.ts";

/** What has been counted in an hour and a day. Ends are epoch ms; 0: nothing was ever counted. */
export interface CapCount {
  readonly hour: number;
  readonly hourEnd: number;
  readonly day: number;
  readonly dayEnd: number;
}

const HOUR_MS = 3_600_000;

/** The ends of the hour and the day that a moment lies in. Hours are those of UTC, days those of a zone. */
export class CapPeriods {
  private readonly days = new Map<string, { readonly start: number; readonly end: number }>();

  /** Nothing counted yet in the periods of this moment, epoch ms. */
  emptyAt(now: number, zone: string): CapCount {
    let day = this.days.get(zone);
    if (day === undefined || now >= day.end || now < day.start) {
      ({ day } = periodsAt(now, zone));
      this.days.set(zone, day);
    }
    return { hour: 0, hourEnd: (Math.floor(now / HOUR_MS) + 1) * HOUR_MS, day: 0, dayEnd: day.end };
  }
}

/**
 * What of a count still holds at `now`, epoch ms; `empty`: of that moment. A period that has begun ends by the clocks that it began by,
 * whatever zone the cap has got since.
 */
export function currentOf(count: CapCount, empty: CapCount, now: number): CapCount {
  const { hour, hourEnd } = now < count.hourEnd ? count : empty;
  const { day, dayEnd } = now < count.dayEnd ? count : empty;
  return { hour, hourEnd, day, dayEnd };
}
