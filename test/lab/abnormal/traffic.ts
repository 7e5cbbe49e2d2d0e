/**
 * What the abnormal-traffic lab is made of, and how to write an attack for it. The lab simulates the traffic of an installation for
 * 44 days, minute by minute: 14 days in which only normal things happen, so that there is something to learn from, and a month of
 * 30 days with attacks. Whoever looks for abnormal traffic is shown each {@link TrafficMinute}, once, in order, and nothing else.
 *
 * **To write an attack shape**: export an `AttackShape` (attack-shape.ts), a function that draws one {@link Attack} from a random source, and put it
 * into the list `SHAPES` of `attack-shapes.ts`. It may do two things, or both:
 * - `extra(minute)`: what is sent on top, as {@link ExtraFlow}s. Each gives the mean number of messages in that minute; the lab draws
 *   the count (Poisson), the provider (by the routes of the day), the numbers, the receipts and the conversions.
 * - `alter(truth, provider, country, minute)`: how a way really is while the attack goes on; return `truth` itself for ways that are not
 *   touched. It is called for each way and minute, so it is to be quick.
 *
 * Draw everything in the shape, nothing in `extra` and `alter`: those are pure. `marks` says where it can be seen: an alarm belongs
 * to the attack when it is raised between `from` and an hour after `until`, names at least one dimension that `marks` lists, and names
 * nothing that contradicts it. List everything that is true of it (the account and the countries and the ranges and the senders), and
 * leave out what is not.
 *
 * Time is in whole minutes since the simulation began, a Monday, 00:00 UTC, the 17th day of a month of 30 days; so the month that counts
 * begins with the 1st, on a Monday. Amounts are micro-euros. All of this was written before there was a detector.
 */
export const HOUR = 60;
export const DAY = 24 * HOUR;
/** Days before the month that counts. */
export const WARM_UP_DAYS = 14;
export const MONTH_DAYS = 30;
export const FIRST_MINUTE_OF_MONTH = WARM_UP_DAYS * DAY;
export const LAST_MINUTE = (WARM_UP_DAYS + MONTH_DAYS) * DAY;

export type LabLane = "otp" | "transactional" | "marketing";

/** What of one account, lane, country, sender and provider was submitted in a minute. */
export interface SentRow {
  readonly account: string;
  readonly lane: LabLane;
  readonly country: string;
  readonly sender: string;
  readonly provider: string;
  messages: number;
  /** Micro-euros. */
  cost: number;
}

/** What of an account's otp went to one range of numbers: all that differ in their last four digits only. */
export interface RangeRow {
  readonly account: string;
  readonly country: string;
  /** E.164 digits without the last four. */
  readonly range: string;
  messages: number;
  cost: number;
}

/** What ended in a minute, whenever it was submitted. */
export interface EndRow {
  readonly provider: string;
  readonly country: string;
  delivered: number;
  failed: number;
  /** Of the delivered: time from submission to receipt, by the buckets of domain/quality/delay-buckets.ts. */
  readonly delays: Uint32Array;
}

/** What accounts told of the otp messages that were submitted {@link TOLD_AFTER} minutes ago. */
export interface ToldRow {
  readonly account: string;
  readonly country: string;
  readonly provider: string;
  told: number;
  converted: number;
}

/** Minutes after which conversions are counted. */
export const TOLD_AFTER = 15;

export interface TrafficMinute {
  readonly minute: number;
  readonly sent: readonly SentRow[];
  readonly ranges: readonly RangeRow[];
  readonly ends: readonly EndRow[];
  readonly told: readonly ToldRow[];
}

/** How a way, a provider into a country, truly is. */
export interface WayTruth {
  /** Share of messages whose receipt says delivered. */
  readonly delivery: number;
  /** Share of the others of which a receipt says so. */
  readonly toldFailed: number;
  /** Time to the receipt: half come within it, ms; the logarithm is normal with this deviation. */
  readonly medianMs: number;
  readonly sigma: number;
  /** Of the messages with a receipt that says delivered, so many do what the account's messages do: 1 as ever. */
  readonly converting: number;
  /** Share of the messages for which a receipt is made up: it says delivered, between these two times, ms. */
  readonly forged?: { readonly share: number; readonly fromMs: number; readonly untilMs: number };
}

/** Messages that an attack sends on top. */
export interface ExtraFlow {
  readonly account: string;
  readonly lane: LabLane;
  readonly country: string;
  readonly sender: string;
  /** The ranges of numbers that it goes to, all alike; undefined: anybody's numbers. */
  readonly ranges?: readonly string[];
  /** Messages in this minute, on average. */
  readonly mean: number;
  /** Share of the delivered that convert. */
  readonly converts: number;
}

/** Dimensions, and the values of each in which an attack is to be seen. */
export interface Marks {
  readonly account?: readonly string[];
  readonly country?: readonly string[];
  readonly range?: readonly string[];
  readonly sender?: readonly string[];
  readonly provider?: readonly string[];
}

export const ATTACK_KINDS = [
  "pumping-fast",
  "pumping-slow",
  "burst",
  "stolen-key",
  "grey-route",
  "forged-receipts",
] as const;
export type AttackKind = (typeof ATTACK_KINDS)[number];

/** Something that happens in an installation and is to be seen in its traffic. */
export interface Happening {
  /** First minute, and the first one after it. */
  readonly from: number;
  readonly until: number;
  readonly marks: Marks;
  /** What was drawn, for people. */
  readonly told: string;
  readonly extra?: (minute: number) => readonly ExtraFlow[];
  readonly alter?: (truth: WayTruth, provider: string, country: string, minute: number) => WayTruth;
}

export interface Attack extends Happening {
  readonly kind: AttackKind;
  /** Name of its shape, where several shapes are of one kind. */
  readonly shape?: string;
}
