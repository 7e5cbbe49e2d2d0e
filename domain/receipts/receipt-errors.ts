import table from "./receipt-errors.json" with { type: "json" };
import type { FinalState } from "./receipt-lattice.ts";

/** What an undelivered message failed for, by who could have helped. */
export const receiptErrorClasses = [
  /** The number: wrong, unknown, barred, opted out. No provider can deliver to it. */
  "destination",
  /** The handset: switched off, out of reach, full. Another provider meets the same one. */
  "handset",
  /** This provider's way there: blocked, filtered, not allowed. Another way may be open. */
  "route",
  /** The moment: congestion, a failure in a network, a centre that has given up early. */
  "temporary",
  /** Nothing that says which. */
  "unknown",
] as const;

export type ReceiptErrorClass = (typeof receiptErrorClasses)[number];

/** A final state that is no delivery. */
export type FailedState = Exclude<FinalState, "delivered">;

/** Kinds of providers that have a table of codes. */
export type ReceiptErrorKind = keyof typeof table;

interface CodeMeaning {
  readonly class: ReceiptErrorClass;
  /** A few words, for people. */
  readonly meaning?: string;
}

/** What the state says where the code says nothing. `rejected`: the centre or the carrier would not have it, having taken it first. */
const CLASS_OF_STATE: Readonly<Record<FailedState, ReceiptErrorClass>> = {
  undelivered: "unknown",
  failed: "unknown",
  expired: "temporary",
  rejected: "route",
};

/**
 * The codes that are known, by kind of provider. SMPP leaves `err:` to the centre; most that say why give the error of the
 * mobile network (MAP, 3GPP TS 29.002, 17.6), which is what stands here. What a centre means otherwise is a setting of its provider.
 */
const KNOWN = new Map<string, ReadonlyMap<string, CodeMeaning>>(
  Object.entries(table).map(([kind, codes]) => [kind, new Map(Object.entries(codes as Record<string, CodeMeaning>))]),
);

/** How a code is looked up: centres write 11, 011 and 0011 for one. */
export function receiptErrorKey(code: string): string {
  return code
    .trim()
    .toUpperCase()
    .replace(/^0+(?=.)/, "");
}

/** Meanings of a provider's own, by code, or by state where no code is known, for `classifyReceiptError`. */
export function receiptErrorMeanings(
  given: Readonly<Record<string, ReceiptErrorClass>>,
): ReadonlyMap<string, ReceiptErrorClass> {
  return new Map(Object.entries(given).map(([code, meaning]) => [receiptErrorKey(code), meaning]));
}

/**
 * The class of a receipt: by its code, as the provider's own meanings or the table have it, else by its state.
 * `own`: see `receiptErrorMeanings`.
 */
export function classifyReceiptError(
  kind: string,
  state: FailedState,
  code: string | undefined,
  own?: ReadonlyMap<string, ReceiptErrorClass>,
): CodeMeaning {
  const key = code === undefined ? undefined : receiptErrorKey(code);
  const known = key === undefined ? undefined : KNOWN.get(kind)?.get(key);
  const given = key === undefined ? undefined : own?.get(key);
  if (given !== undefined) return { ...known, class: given };
  return known ?? { class: own?.get(receiptErrorKey(state)) ?? CLASS_OF_STATE[state] };
}
