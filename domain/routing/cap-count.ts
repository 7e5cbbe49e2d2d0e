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

/** What of a count still holds in the periods of `empty`. */
export function currentOf(count: CapCount, empty: CapCount): CapCount {
  return {
    ...empty,
    hour: count.hourEnd === empty.hourEnd ? count.hour : 0,
    day: count.dayEnd === empty.dayEnd ? count.day : 0,
  };
}

/** Of two words about one count that which is further on: a later period counts, and in one period counts only grow. */
export function furtherOf(a: CapCount, b: CapCount): CapCount {
  const later = (endA: number, hadA: number, endB: number, hadB: number) =>
    endA > endB
      ? ([endA, hadA] as const)
      : endB > endA
        ? ([endB, hadB] as const)
        : ([endA, Math.max(hadA, hadB)] as const);
  const [hourEnd, hour] = later(a.hourEnd, a.hour, b.hourEnd, b.hour);
  const [dayEnd, day] = later(a.dayEnd, a.day, b.dayEnd, b.day);
  return { hour, hourEnd, day, dayEnd };
}
