/**
 * What the watch for abnormal traffic is shown: each minute once, in order. Rows need not be in any order, and a row of nothing may be
 * left out. Amounts are micro-units of their currency.
 */
export interface TrafficMinute {
  /** Whole minutes since 1970-01-01T00:00Z. */
  readonly minute: number;
  readonly sent: readonly SentTraffic[];
  readonly ranges: readonly RangeTraffic[];
  readonly ends: readonly EndTraffic[];
  readonly told: readonly ToldTraffic[];
}

/** What was submitted of one account, country, sender and provider, all lanes together or apart. */
export interface SentTraffic {
  readonly account: string;
  readonly country: string;
  readonly sender: string;
  readonly provider: string;
  readonly messages: number;
  readonly cost: number;
  readonly currency: string;
}

/** What was submitted of an account's otp to one range of numbers: those that differ in their last four digits only. */
export interface RangeTraffic {
  readonly account: string;
  readonly country: string;
  readonly range: string;
  readonly messages: number;
  readonly cost: number;
  readonly currency: string;
}

/** What ended on a way, and after which time the delivered did, by the buckets of domain/quality/delay-buckets.ts. */
export interface EndTraffic {
  readonly provider: string;
  readonly country: string;
  readonly delivered: number;
  readonly failed: number;
  readonly delays: ArrayLike<number>;
}

/** Conversions, counted at one age of the messages, so that those told late do not look like none. */
export interface ToldTraffic {
  readonly account: string;
  readonly country: string;
  readonly provider: string;
  readonly told: number;
  readonly converted: number;
}

/** A way is a provider into a country. */
export function wayKey({ provider, country }: { readonly provider: string; readonly country: string }): string {
  return `${provider} ${country}`;
}
