import type { Lane } from "../message/lane.ts";

/** Of what delivery is told: a provider's way into a network, for a lane. */
export interface QualityCell {
  readonly provider: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Mobile country and network code in one word, such as 26201; null when it is not known. */
  readonly network: string | null;
  readonly lane: Lane;
}

/**
 * How one cell has fared in one partition. The counts begin with 0 at `since` and only grow: those of all partitions may be
 * added up, and whoever wants to know of the last minute subtracts what was said a minute ago. So no summary in between
 * has to be seen, and one may come twice.
 */
export interface QualitySummary extends QualityCell {
  readonly partition: number;
  /** When counting began, epoch ms: another one means that all counts began anew. */
  readonly since: number;
  /** Up to when everything is counted, epoch ms. */
  readonly at: number;
  readonly submitted: number;
  /** By bucket of delays (delay-buckets.ts): submissions that have lived through it. */
  readonly exposed: readonly number[];
  /** By bucket: of these, delivered within it. */
  readonly delivered: readonly number[];
  /** Receipts that said that it was not delivered. */
  readonly failed: number;
  /** Given up at their deadline: no receipt came. */
  readonly missing: number;
  /** Delivered after more than the last bucket. */
  readonly late: number;
  /** Receipts that contradict what is known of their message. */
  readonly contradicted: number;
  /** Of the deliveries of the last half hour or so: the delay that half of them, and 95 of 100, had at the most, ms. */
  readonly medianMillis: number | null;
  readonly p95Millis: number | null;
}
