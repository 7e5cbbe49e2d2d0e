/** How a submission says until when a message is of use: as a time from now, as a point in time, or not at all. */
export const validityPeriods = ["relative", "absolute", "none"] as const;
export type ValidityPeriod = (typeof validityPeriods)[number];

/**
 * The validity_period of a submit_sm (SMPP 3.4, 5.2.16) that ends at `expiresAt`; empty (NULL) leaves it to the centre. Epoch ms. An
 * end that is past, or nearer than a second, is a second ahead: the smallest time that the relative form can say.
 */
export function validityPeriodOf(form: ValidityPeriod, expiresAt: number, now: number): string {
  if (form === "none") return "";
  return form === "relative" ? relativeTime(expiresAt - now) : absoluteTime(Math.max(expiresAt, now + 1_000));
}

/** Relative time format (SMPP 3.4, 7.1.1.2): YYMMDDhhmmsstnnp, here in days to seconds, at least one second. */
export function relativeTime(ms: number): string {
  const seconds = Math.max(1, Math.floor(ms / 1_000));
  const days = Math.min(99, Math.floor(seconds / 86_400));
  const hours = two(Math.floor((seconds % 86_400) / 3_600));
  return `0000${two(days)}${hours}${two(Math.floor((seconds % 3_600) / 60))}${two(seconds % 60)}000R`;
}

/** Absolute time format (7.1.1.1): the same with tenths of a second, in UTC, which is 00 quarters of an hour ahead of itself. */
export function absoluteTime(epochMs: number): string {
  const time = new Date(epochMs);
  const date = `${two(time.getUTCFullYear() % 100)}${two(time.getUTCMonth() + 1)}${two(time.getUTCDate())}`;
  const clock = `${two(time.getUTCHours())}${two(time.getUTCMinutes())}${two(time.getUTCSeconds())}`;
  return `${date}${clock}${Math.floor(time.getUTCMilliseconds() / 100)}00+`;
}

/** The two formats (7.1.1): date, time, tenths of a second, quarters of an hour off UTC, and which format it is. */
const WRITTEN = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([+\-R])$/;
const QUARTER_MS = 15 * 60_000;
/** Quarters of an hour that a place may be off UTC (7.1.1.1). */
const MOST_QUARTERS = 48;

/**
 * The moment that a time in either format names, epoch ms; `now` is what a relative one counts from. Undefined for what is in neither
 * format, or names no day or hour that there is. Years are those of this century.
 */
export function readTime(text: string, now: number): number | undefined {
  const found = WRITTEN.exec(text);
  if (found === null) return undefined;
  const [years, months, days, hours, minutes, seconds, tenths, quarters] = found.slice(1, 9).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (found[9] === "R") {
    const at = new Date(now);
    at.setUTCFullYear(at.getUTCFullYear() + years, at.getUTCMonth() + months, at.getUTCDate() + days);
    return at.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  }
  if (hours > 23 || minutes > 59 || seconds > 59 || quarters > MOST_QUARTERS) return undefined;
  const there = Date.UTC(2000 + years, months - 1, days, hours, minutes, seconds, tenths * 100);
  // A day beyond its month would be one of the next.
  if (new Date(there).getUTCDate() !== days || new Date(there).getUTCMonth() !== months - 1) return undefined;
  return found[9] === "+" ? there - quarters * QUARTER_MS : there + quarters * QUARTER_MS;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
