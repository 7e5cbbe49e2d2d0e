/** How far ahead a message may be handed in, ms. */
export const MOST_AHEAD_MS = 35 * 86_400_000;
/** A time that has passed by so much is still meant as now, ms: requests take their time, and clocks differ. */
export const PASSED_MS = 10 * 60_000;

/** A time that says its zone (RFC 3339): without one it would be somebody's guess. */
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** What is wrong with a time; `code` is stable. */
export interface TimeFault {
  readonly code: "send-at-invalid" | "send-at-past" | "send-at-too-far";
  readonly message: string;
}

/** Reads when a message is to be sent. `acceptedAt`, epoch ms: what it is measured against; it is not where it is not given. */
export function readSendAt(text: string, acceptedAt: number | undefined): number | TimeFault {
  const parts = TIME.exec(text)?.slice(1, 7).map(Number);
  const time = parts === undefined || !exists(parts) ? Number.NaN : Date.parse(text);
  if (Number.isNaN(time))
    return { code: "send-at-invalid", message: "a time with its zone, such as 2026-12-24T18:00:00+01:00" };
  if (acceptedAt === undefined) return time;
  if (time < acceptedAt - PASSED_MS)
    return { code: "send-at-past", message: "it has passed by more than ten minutes; leave it out to send at once" };
  if (time > acceptedAt + MOST_AHEAD_MS) return { code: "send-at-too-far", message: "at most 35 days ahead" };
  return time;
}

/** Whether there is such a day and time: 30 February is no day of March, which Date.parse would make of it. */
function exists([year, month, day, hour, minute, second = 0]: number[]): boolean {
  const date = new Date(Date.UTC(year!, month! - 1, day!));
  const isDay = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  return isDay && hour! < 24 && minute! < 60 && !(second > 59);
}
