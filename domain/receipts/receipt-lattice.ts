import type { TerminalStatus } from "../message/status.ts";
import type { Receipt, ReceiptState } from "./receipt.ts";

/** A state that a receipt can end a part with. `unknown` is none: SMPP 5.0 (4.7.15) calls it neither final nor intermediate. */
export type FinalState = Exclude<TerminalStatus, "unknown">;

/** What all receipts of one part, so far, amount to. */
export interface PartState {
  state: ReceiptState;
  errorCode: string | undefined;
  /** Unix milliseconds. */
  doneAt: number | undefined;
}

/**
 * The order of the lattice: of two states of one part the higher one stands. Final states are above passing ones;
 * `delivered` is above all, as a handset's confirmation is evidence and a network's giving up is not; `unknown` is the
 * highest passing state: the provider has lost sight of the part, and may find it again.
 */
const RANK: Readonly<Record<ReceiptState, number>> = {
  queued: 0,
  enroute: 1,
  unknown: 2,
  expired: 3,
  failed: 4,
  undelivered: 5,
  rejected: 6,
  delivered: 7,
};

export function isFinal(state: ReceiptState): state is FinalState {
  return RANK[state] >= RANK.expired;
}

/** Whether a state is worth writing down: it is final, or says why the part may never have a final one. */
export function isTelling({ state, errorCode }: PartState): boolean {
  return RANK[state] >= RANK.unknown || errorCode !== undefined;
}

/**
 * Joins a receipt into what is known of its part. Commutative, associative and idempotent: any order and any repetition
 * of the same receipts end in the same state. Details belong to the final state they came with, or to all passing states
 * together: between equals the earliest time and the highest error code stand.
 */
export function foldReceipt(current: PartState | undefined, incoming: PartState | Receipt): PartState {
  const { state, errorCode, doneAt } = incoming;
  if (current === undefined) return { state, errorCode, doneAt };
  const higher = RANK[state] > RANK[current.state];
  if (state !== current.state && (isFinal(state) || isFinal(current.state)))
    return higher ? { state, errorCode, doneAt } : current;
  return {
    state: higher ? state : current.state,
    errorCode: highest(current.errorCode, errorCode),
    doneAt: earliest(current.doneAt, doneAt),
  };
}

function highest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/**
 * The status of a message from the states of its parts (index = part, undefined = nothing heard):
 * - `pending` while any of the `total` parts has no final state;
 * - all parts in the same state: that state, so `delivered` only if every part is;
 * - parts that differ: `undelivered`, as the recipient did not get the message as it was written.
 *
 * A part that could not be submitted counts with the state its failure gives (failed, rejected, expired).
 */
export function foldParts(parts: readonly (PartState | undefined)[], total: number): FinalState | "pending" {
  let status: FinalState | undefined;
  for (let part = 0; part < total; part++) {
    const state = parts[part]?.state;
    if (state === undefined || !isFinal(state)) return "pending";
    status = status === undefined || status === state ? state : "undelivered";
  }
  return status ?? "pending";
}

/**
 * The same at the receipt deadline, which always ends the message: a part without a final state is `unknown`, and so are
 * delivered and unknown parts together; with a part that surely failed the message is `undelivered`.
 */
export function foldPartsAtDeadline(parts: readonly (PartState | undefined)[], total: number): TerminalStatus {
  let status: TerminalStatus | undefined;
  for (let part = 0; part < total; part++) {
    const state = parts[part]?.state;
    const final = state !== undefined && isFinal(state) ? state : "unknown";
    status = status === undefined ? final : joinParts(status, final);
  }
  return status ?? "unknown";
}

/** Equal states stay; delivered with unknown is unknown; every other mixture has a part that surely failed. */
function joinParts(a: TerminalStatus, b: TerminalStatus): TerminalStatus {
  if (a === b) return a;
  const onlyDoubt = (a === "delivered" || a === "unknown") && (b === "delivered" || b === "unknown");
  return onlyDoubt ? "unknown" : "undelivered";
}
