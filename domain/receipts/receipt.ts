import type { TerminalStatus } from "../message/status.ts";

/**
 * What a provider says about one part, in one vocabulary. `queued` (the provider has it) and `enroute` (handed on to the
 * network) are passed through; the others are final.
 */
export type ReceiptState = "queued" | "enroute" | TerminalStatus;

/** A delivery receipt of one part. */
export interface Receipt {
  /** As the provider wrote it; see provider-message-id.ts for matching. */
  providerMessageId: string;
  state: ReceiptState;
  /** The provider's code for why; undefined for none and for its ways of writing "no error" (0, 000). */
  errorCode: string | undefined;
  /** When the state was reached, Unix milliseconds, as far as the provider says. */
  doneAt: number | undefined;
}

export type ParsedReceipt =
  | { ok: true; receipt: Receipt }
  | { ok: false; code: "receipt-without-id" | "receipt-without-state" };

/** Error codes as they are kept: blank and all-zero ones mean that there was none. */
export function errorCodeOf(code: string | undefined): string | undefined {
  return code === undefined || /^0*$/.test(code) ? undefined : code;
}
