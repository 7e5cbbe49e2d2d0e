import type { TerminalStatus } from "../message/status.ts";
import type { Receipt, ReceiptState } from "./receipt.ts";

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
 * lowest final state, as anything else says more.
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

export function isFinal(state: ReceiptState): state is TerminalStatus {
  return RANK[state] >= RANK.unknown;
}

/**
 * Joins a receipt into what is known of its part. Commutative, associative and idempotent: any order and any repetition
 * of the same receipts end in the same state. Details belong to the state they came with; between equal states the
 * earliest time and the highest error code stand.
 */
export function foldReceipt(current: PartState | undefined, incoming: PartState | Receipt): PartState {
  const { state, errorCode, doneAt } = incoming;
  if (current === undefined || RANK[state] > RANK[current.state]) return { state, errorCode, doneAt };
  if (RANK[state] < RANK[current.state]) return current;
  return { state, errorCode: highest(current.errorCode, errorCode), doneAt: earliest(current.doneAt, doneAt) };
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
 * - parts that differ, at least one of them undelivered, failed, expired or rejected: `undelivered`, as the recipient
 *   did not get the message as it was written;
 * - delivered and unknown parts: `unknown`.
 *
 * A part that could not be submitted counts with the state its failure gives (failed, rejected, expired).
 */
export function foldParts(parts: readonly (PartState | undefined)[], total: number): TerminalStatus | "pending" {
  let status: TerminalStatus | undefined;
  for (let part = 0; part < total; part++) {
    const state = parts[part]?.state;
    if (state === undefined || !isFinal(state)) return "pending";
    status = status === undefined ? state : joinParts(status, state);
  }
  return status ?? "pending";
}

/** The same at the receipt deadline: a part without a final state is `unknown`, so this always ends the message. */
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
