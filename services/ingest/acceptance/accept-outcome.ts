import type { AcceptedMessage, RejectedMessage } from "./intake.ts";

/** One for each message offered, in their order. */
export type Results = readonly (AcceptedMessage | RejectedMessage)[];

/**
 * - `accepted`: every valid message is on all in-sync replicas, which is nothing to wait for where none is valid;
 * - `refused`: Kafka takes no more since the request was admitted, or it cannot be told what a key stands for; nothing was queued, so nothing can come of it;
 * - `unknown`: Kafka has not answered in time. The messages with the status `accepted` may yet be stored.
 * - `in-progress`: a message with a key of these may be under way, of an earlier request; nothing was written;
 * - `conflict`: the key of the request as a whole stands for another request; nothing was written.
 */
export type AcceptOutcome =
  | Judged
  | { readonly outcome: "refused" }
  | { readonly outcome: "conflict" }
  | { readonly outcome: "in-progress"; readonly waitSeconds: number };

/** What there is a result of for each message. */
export type Judged =
  | {
      readonly outcome: "accepted";
      /** Epoch ms; of a repeat: when the first was accepted. */
      readonly acceptedAt: number;
      readonly results: Results;
    }
  | { readonly outcome: "unknown"; readonly results: Results };
