const QUARTER_MS = 15 * 60_000;
const TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([+R-])$/;
/** Quarters of an hour that a clock may differ from UTC by. */
const MOST_QUARTERS = 48;

/** A time in SMPP's form (SMPP 3.4, 7.1.1), `YYMMDDhhmmsstnnp`, epoch ms: absolute, or with R from `now` on. Undefined: there is no such time. */
export function readSmppTime(text: string, now: number): number | undefined {
  const found = TIME.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second, tenth, quarters] = found.slice(1, 9).map(Number) as [
    ...[number, number, number, number, number, number, number, number],
  ];
  if (found[9] === "R") {
    const from = new Date(now);
    return Date.UTC(
      ...([from.getUTCFullYear() + year, from.getUTCMonth() + month, from.getUTCDate() + day] as const),
      ...([from.getUTCHours() + hour, from.getUTCMinutes() + minute, from.getUTCSeconds() + second] as const),
    );
  }
  const local = Date.UTC(2_000 + year, month - 1, day, hour, minute, second, tenth * 100);
  const read = new Date(local);
  const exists =
    read.getUTCMonth() === month - 1 && read.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists || quarters > MOST_QUARTERS) return undefined;
  return found[9] === "+" ? local - quarters * QUARTER_MS : local + quarters * QUARTER_MS;
}
