/**
 * What the report on abnormal traffic must reach, on seeds and attack shapes on which nothing was tuned. Written, with the generator,
 * before there was a detector; a figure that is missed is printed as missed and stands in docs/abnormal.md.
 */

/** Attacks that are not worth a call in the night do not count: so many micro-euros, or messages on an altered way, at least. */
export const MATERIAL_COST = 20_000_000;
export const MATERIAL_MESSAGES = 500;

/** Share of the material attacks of each kind that are found at all. */
export const RECALL = 0.9;
/** Share of the alarms of each kind that belong to an attack. */
export const PRECISION = 0.9;
/** Share of the found attacks of which the first or a later alarm names the kind rightly. */
export const NAMED = 0.8;
/** Alarms that belong to no attack, in a month of an installation: in months without any attack, and on average. */
export const FALSE_ALARMS_PER_MONTH = 2;

/** Minutes from the beginning of an attack to its first alarm: nine of ten of those found within this. Undefined: see {@link SAVED}. */
export const WITHIN_MINUTES = {
  "pumping-fast": 5,
  "pumping-slow": undefined,
  burst: 5,
  "stolen-key": 10,
  "grey-route": 360,
  "forged-receipts": 60,
} as const;

/** Share of the money of all material attacks of a kind that was still to be spent when the first alarm came. */
export const SAVED = {
  "pumping-fast": 0.9,
  "pumping-slow": 0.7,
  burst: 0.9,
  "stolen-key": 0.9,
  "grey-route": 0.8,
  "forged-receipts": 0.9,
} as const;

/** Seeds of the report begin here; tuning has those from 10,001 on, and nothing else. */
export const REPORT_FROM = 101;
