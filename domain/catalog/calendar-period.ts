import type { LocalDate } from "../prices/local-date.ts";
import { dayOf, midnightOf } from "../prices/zone.ts";

/** A stretch of time, epoch ms: from `start` on, before `end`. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

/** The calendar day and the calendar month that a moment lies in. */
export interface CalendarPeriods {
  readonly day: Period;
  readonly month: Period;
}

/** By the clocks of `zone`, which must be one (see `isZone`). `at`: epoch ms. Costs a millisecond or so: to be kept until the day is over. */
export function periodsAt(at: number, zone: string): CalendarPeriods {
  const [year, month, day] = dayOf(at, zone).split("-").map(Number) as [number, number, number];
  const beginning = (y: number, m: number, d: number) => midnightOf(localDate(y, m, d), zone);
  return {
    day: { start: beginning(year, month, day), end: beginning(year, month, day + 1) },
    month: { start: beginning(year, month, 1), end: beginning(year, month + 1, 1) },
  };
}

/** Months and days beyond their end are those of the next year and month. */
function localDate(year: number, month: number, day: number): LocalDate {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}
