import type { LabAccount, Share, Spell } from "./installation.ts";
import { DAY, HOUR, MONTH_DAYS, WARM_UP_DAYS } from "./traffic.ts";

/** How much traffic an account has at a moment, beside its average: hours, weekdays, the month's end, a holiday, growth and crowds. */
export function load(account: LabAccount, minute: number, holiday: number): number {
  if (minute < account.firstMinute) return 0;
  const local = minute + account.zoneMinutes + 7 * DAY;
  const hour = (local % DAY) / HOUR;
  const day = Math.floor(local / DAY) - 7;
  const bump = Math.max(0, 0.5 + 0.5 * Math.cos(((hour - account.peakHour) / 24) * 2 * Math.PI)) ** 1.5;
  let factor = account.nightFactor + (1 - account.nightFactor) * 2 * bump;
  if ((day + 7) % 7 >= 5) factor *= account.weekendFactor;
  if ((day - WARM_UP_DAYS + MONTH_DAYS) % MONTH_DAYS >= MONTH_DAYS - 3) factor *= account.monthEndFactor;
  if (day === holiday) factor *= account.holidayFactor;
  return factor * spellFactor(account.crowds, minute) * grown(account.firstMinute, account.ramp, minute);
}

/** The next minute, from `from` on, in which a clock that is `zoneMinutes` ahead of UTC shows the full hour `hour`. */
export function nextHour(zoneMinutes: number, from: number, hour: number): number {
  const local = from + zoneMinutes + 7 * DAY;
  return from + ((hour * HOUR - (local % DAY) + DAY) % DAY);
}

/** The product of the spells that a minute lies in. */
export function spellFactor(spells: readonly Spell[], minute: number): number {
  let factor = 1;
  for (const spell of spells) if (minute >= spell.from && minute < spell.until) factor *= spell.factor;
  return factor;
}

/** From 0 to 1 within `ramp` minutes; a tenth is there at once. */
function grown(from: number, ramp: number, minute: number): number {
  if (minute < from) return 0;
  return minute >= from + ramp ? 1 : 0.1 + (0.9 * (minute - from)) / ramp;
}

/** The weights of shares at a moment, up to a running sum, so that a draw finds its own. */
export function cumulated<T>(shares: readonly Share<T>[], minute: number, into: number[]): number[] {
  let sum = 0;
  for (let n = 0; n < shares.length; n++) {
    const { share, from, ramp } = shares[n]!;
    sum += share * grown(from, ramp, minute);
    into[n] = sum;
  }
  into.length = shares.length;
  return into;
}

/** Index of the one that a draw between 0 and 1 hits. */
export function drawn(cumulative: readonly number[], draw: number): number {
  const point = draw * cumulative[cumulative.length - 1]!;
  let n = 0;
  while (n < cumulative.length - 1 && point >= cumulative[n]!) n++;
  return n;
}
