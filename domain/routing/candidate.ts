import type { Micros } from "../catalog/money.ts";
import type { Provider } from "../catalog/provider.ts";

/** What is known of a provider at this moment. */
export interface ProviderHealth {
  /** Its circuit is open: nothing is sent there. */
  readonly open: boolean;
  /** How long its waiting segments will take at its rate. */
  readonly backlogSeconds: number;
  /** Segments a second that it takes now; the catalog's rate where it is not known. */
  readonly rate?: number;
  /** Segments that it has had in the month that ends at `monthEnd`, epoch ms; then the count is 0. */
  readonly segmentsThisMonth?: number;
  /** What they come to without a commitment in money, micro-units of the provider's currency; 0 where it has none. */
  readonly spentThisMonth?: Micros;
  readonly monthEnd?: number;
}

/** Why a candidate was or was not taken. Stable: they stand on events. */
export const verdicts = [
  "chosen",
  "already-tried",
  "refused",
  "circuit-open",
  "out-of-use",
  "lane-not-carried",
  "destination-not-served",
  "sender-not-allowed",
  "sender-not-registered",
  "sender-not-carried",
  "cap-reached",
  "above-price-cap",
  "above-selling-price",
  "backlog-too-long",
  "lower-priority",
  "not-drawn",
  "dearer",
  "less-preferred",
  "dearer-per-delivered",
  "below-quality-floor",
  "too-slow",
  "receipts-collapsed",
] as const;
export type Verdict = (typeof verdicts)[number];

/** A provider of a route, as the route has it. */
export interface RouteMember {
  readonly provider: Provider;
  /** The number of its price list (see PriceIndex). */
  readonly list: number;
  /** Share among providers of equal standing. */
  readonly weight: number;
  /** 0 is asked first; the first tier that has a usable provider decides. */
  readonly tier: number;
  /** Units of the provider's currency for one of the currency in which the route compares prices. */
  readonly perBase: number;
}

/** A provider of the message's route, with all that the decision knew of it: for the choice, the event and `sluice explain`. */
export interface Candidate {
  readonly provider: string;
  readonly member: RouteMember;
  /** Micro-units of `currency` for one segment; undefined where the provider does not serve the destination. */
  readonly price: Micros | undefined;
  /** The price is owed only for what is delivered. */
  readonly onDelivery: boolean;
  /** What the price is without the provider's commitment in money; undefined where it has none. */
  readonly tariff: Micros | undefined;
  /** ISO 4217. */
  readonly currency: string;
  /** Undefined when nothing was heard of it yet, which counts as well. */
  readonly health: ProviderHealth | undefined;
  verdict: Verdict;
  /** What the route's strategy ranked it by, in the strategy's own measure; undefined where it was not ranked. */
  score: number | undefined;
}
