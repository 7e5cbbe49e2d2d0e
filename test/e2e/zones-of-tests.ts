/**
 * Adds time zones to those of the IANA database, so that a test need not wait for a midnight: `Test/-3723` is 3,723 seconds behind
 * UTC. Loaded before a process's own code (`--import`); all else there is as ever, its clock and the brokers' included.
 */
const NAME = /^Test\/(-?\d+)$/;
const DAY_SECONDS = 86_400;
const Real = Intl.DateTimeFormat;

Intl.DateTimeFormat = new Proxy(Real, {
  construct(target, [locales, options]: [string, Intl.DateTimeFormatOptions | undefined], newTarget) {
    const ahead = NAME.exec(options?.timeZone ?? "")?.[1];
    if (ahead === undefined) return Reflect.construct(target, [locales, options], newTarget);
    const utc = new Real(locales, { ...options, timeZone: "UTC" });
    const shifted = (time?: Date | number) => Number(time ?? Date.now()) + Number(ahead) * 1_000;
    return Object.defineProperties(utc, {
      format: { value: (time?: Date | number) => Real.prototype.format.call(utc, shifted(time)) },
      formatToParts: {
        value: (time?: Date | number) => Real.prototype.formatToParts.call(utc, shifted(time)),
      },
    });
  },
});

/** The zone in which this moment (epoch ms) is midnight, to the second, and the day that begins there. */
export function zoneOfMidnight(at: number): { readonly zone: string; readonly day: string } {
  const seconds = Math.floor(at / 1_000);
  // At most half a day from UTC, as zones are.
  const passed = seconds % DAY_SECONDS;
  const ahead = passed <= DAY_SECONDS / 2 ? -passed : DAY_SECONDS - passed;
  const day = new Date((seconds + ahead) * 1_000).toISOString().slice(0, 10);
  return { zone: `Test/${ahead}`, day };
}
