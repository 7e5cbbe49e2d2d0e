import { WEEK_MINUTES, weekdays } from "../catalog/time-window.ts";

const MINUTE_MS = 60_000;
/** Clocks are put forward and back at full quarters of an hour of UTC, everywhere: within one they just go on. */
const QUARTER_MS = 15 * MINUTE_MS;

/** The clocks of one time zone. To ask Intl takes some microseconds, so what it said holds for a quarter of an hour. */
export class LocalTime {
  private static readonly byZone = new Map<string, LocalTime>();
  private readonly format: Intl.DateTimeFormat;
  private quarter = Number.NaN;
  private minute = 0;

  /** Those of a zone of the IANA database, the same for all who ask. @throws RangeError for one that it has not. */
  static of(zone: string): LocalTime {
    let clocks = LocalTime.byZone.get(zone);
    if (clocks === undefined) {
      clocks = new LocalTime(zone);
      LocalTime.byZone.set(zone, clocks);
    }
    return clocks;
  }

  private constructor(zone: string) {
    this.format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
  }

  /** Minutes since Monday 00:00 by these clocks. `at`: epoch ms. */
  minuteOfWeek(at: number): number {
    const quarter = Math.floor(at / QUARTER_MS);
    if (quarter !== this.quarter) {
      this.quarter = quarter;
      this.minute = this.ask(quarter * QUARTER_MS);
    }
    return (this.minute + Math.floor((at - quarter * QUARTER_MS) / MINUTE_MS)) % WEEK_MINUTES;
  }

  private ask(at: number): number {
    const parts = new Map(this.format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = (weekdays as readonly string[]).indexOf(String(parts.get("weekday")).toLowerCase());
    return (day * 24 + Number(parts.get("hour"))) * 60 + Number(parts.get("minute"));
  }
}
