import type { LocalDate } from "./local-date.ts";

const HOUR = 3_600_000;
/** Zones lie between UTC-12 and UTC+14. */
const WIDEST = 15 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether it is a zone of the IANA database, by name: `Europe/Berlin`, `UTC`. An offset is none: it knows no summer time. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * When a day begins in a zone, epoch milliseconds: its midnight, or its first moment where clocks skip midnight. `zone` must be
 * one (see {@link isZone}).
 */
export function midnightOf(date: LocalDate, zone: string): number {
  const near = Date.parse(`${date}T00:00:00Z`);
  // Clocks are set back and forward, but not from a day into another once midnight has come: so the day can be searched for by halves.
  let before = near - WIDEST;
  let from = near + WIDEST;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (dayOf(middle, zone) < date) before = middle;
    else from = middle;
  }
  return from;
}

/** The day of a moment (epoch milliseconds) in a zone. */
export function dayOf(time: number, zone: string): LocalDate {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    const style = { year: "numeric", month: "2-digit", day: "2-digit", calendar: "gregory" } as const;
    format = new Intl.DateTimeFormat("en-US", { ...style, timeZone: zone });
    formats.set(zone, format);
  }
  return format;
}
