import { z } from "zod";
import { isZone } from "../prices/zone.ts";

/** As `days` names them, in the order of ISO 8601. */
export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const DAY_MINUTES = 1_440;
export const WEEK_MINUTES = 7 * DAY_MINUTES;

/** A time of day. */
const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day in quotes, hours and minutes, such as "08:30" or "24:00"');

/** When a part of every week begins and ends. */
export const weekPart = {
  /** Days on which it begins; every day if absent. */
  days: z
    .array(z.enum(weekdays))
    .min(1)
    .refine((days) => new Set(days).size === days.length, "a day stands in the list twice")
    .default([...weekdays]),
  /** Its first minute. */
  from: clock.default("00:00"),
  /** The minute in which it is over; one that is before `from` is of the next day. */
  to: clock.default("24:00"),
};

/** Whether there is any time between them. */
export function hasTime({ from, to }: { readonly from: string; readonly to: string }): boolean {
  return from !== to && from !== "24:00";
}
export const NO_TIME = "from and to leave no time between them";

/** A part of every week, by the clocks of one time zone. */
export const timeWindowSchema = z
  .strictObject({
    ...weekPart,
    /** Of the IANA time zone database, such as Europe/Berlin. */
    zone: z.string().refine(isZone, "a time zone of the IANA database, such as Europe/Berlin, or UTC"),
  })
  .refine(hasTime, NO_TIME);

export type TimeWindow = z.output<typeof timeWindowSchema>;

/** The minutes of the week, from Monday 00:00 on, that a window has: [first, end) each, within one week. */
export function minutesOf({ days, from, to }: Omit<TimeWindow, "zone">): [first: number, end: number][] {
  const first = minuteOfDay(from);
  const length = minuteOfDay(to) - first + (minuteOfDay(to) < first ? DAY_MINUTES : 0);
  return days.flatMap((day): [number, number][] => {
    const start = weekdays.indexOf(day) * DAY_MINUTES + first;
    const end = start + length;
    // Sunday night goes on in the first minutes of the week.
    if (end <= WEEK_MINUTES) return [[start, end]];
    return [
      [start, WEEK_MINUTES],
      [0, end - WEEK_MINUTES],
    ];
  });
}

/** Whether the earlier windows hold whenever one of the later ones does, or always where there are none. Only windows of one zone are compared. */
export function windowsCover(earlier: readonly TimeWindow[], later: readonly TimeWindow[] | undefined): boolean {
  const zones = new Map([...new Set(earlier.map(({ zone }) => zone))].map((zone) => [zone, minutesIn(zone, earlier)]));
  if ([...zones.values()].some((minutes) => !minutes.includes(0))) return true;
  return (
    later?.every((window) => {
      const minutes = zones.get(window.zone);
      return (
        minutes !== undefined && minutesOf(window).every(([first, end]) => !minutes.subarray(first, end).includes(0))
      );
    }) ?? false
  );
}

/** 1 for each minute of the week that the windows of this zone have. */
function minutesIn(zone: string, windows: readonly TimeWindow[]): Uint8Array {
  const minutes = new Uint8Array(WEEK_MINUTES);
  for (const window of windows)
    if (window.zone === zone) for (const [first, end] of minutesOf(window)) minutes.fill(1, first, end);
  return minutes;
}

function minuteOfDay(time: string): number {
  const [hours = "", minutes = ""] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
}
