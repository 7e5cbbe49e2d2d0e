import { readWrittenTime } from "./written-time.ts";

/** How far ahead a message may be handed in, ms. */
export const MOST_AHEAD_MS = 35 * 86_400_000;
/** A time that has passed by so much is still meant as now, ms: requests take their time, and clocks differ. */
export const PASSED_MS = 10 * 60_000;

/** What is wrong with a time; `code` is stable. */
export interface TimeFault {
  readonly code: "send-at-invalid" | "send-at-past" | "send-at-too-far";
  readonly message: string;
}

/** By how much the clocks of those who accept a message and of the brokers who store it may differ, ms. */
export const CLOCKS_DIFFER_MS = 60_000;

/**
 * Reads when a message is to be sent. `acceptedAt`, epoch ms: what it is measured against; it is not where it is not given.
 * `laxMs`: for a time that was judged before, by another clock. What was accepted then is not refused now.
 */
export function readSendAt(text: string, acceptedAt: number | undefined, laxMs = 0): number | TimeFault {
  const written = readWrittenTime(text);
  if (!written.ok) return { code: "send-at-invalid", message: written.reason };
  const time = written.at;
  if (acceptedAt === undefined) return time;
  if (time < acceptedAt - PASSED_MS - laxMs)
    return { code: "send-at-past", message: "it has passed by more than ten minutes; leave it out to send at once" };
  if (time > acceptedAt + MOST_AHEAD_MS + laxMs) return { code: "send-at-too-far", message: "at most 35 days ahead" };
  return time;
}

/** The last moment of the year 9999, epoch ms. */
const MOST_TIME = 253_402_300_799_999;

/** Epoch ms of a record as requests over HTTP give a time; empty, and so refused, for a number that is none. */
export function sendAtText(time: number): string {
  return Number.isInteger(time) && Math.abs(time) <= MOST_TIME ? new Date(time).toISOString() : "";
}
