import { commandStatusName } from "../../../../domain/smpp/command-status.ts";
import type { Counter, Histogram, MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";

/** What is counted at the SMPP door. Nothing is counted by account: there may be many. */
export interface DoorMetrics {
  /** A request's answer, and the time it took, seconds. */
  answered(command: string, status: number, seconds: number): void;
  /** The answer to a bind. */
  bound(status: number): void;
  /** What became of a receipt: acknowledged, refused for good, to be delivered again, or impossible to write. */
  receipt(outcome: ReceiptOutcome): void;
  /** From a message's end to its client's acknowledgement, seconds. */
  readonly receiptAge: Histogram;
  /** Parts by what became of them. */
  part(outcome: PartOutcome, parts?: number): void;
  /** Events and records that say nothing that can be understood. */
  readonly unreadable: Counter;
}

export type ReceiptOutcome = "acknowledged" | "refused" | "again" | "unsendable";
export type PartOutcome = "joined" | "repeated" | "incomplete" | "invalid";

export function doorMetrics(registry: MetricRegistry): DoorMetrics {
  const answers = registry.counter("ingest_smpp_answers_total", {
    help: "Answers to SMPP clients by command and status",
  });
  const seconds = registry
    .histogram("ingest_smpp_answer_seconds", { help: "From an SMPP request to its answer, in seconds" })
    .with();
  const binds = registry.counter("ingest_smpp_binds_total", { help: "Tries of SMPP clients to bind, by status" });
  const receipts = registry.counter("ingest_smpp_receipts_total", {
    help: "deliver_sm of receipts, by what became of them",
  });
  const parts = registry.counter("ingest_smpp_parts_total", {
    help: "Parts of long messages from SMPP clients, by what became of them",
  });
  return {
    answered(command, status, duration) {
      answers.with({ command, status: labelOf(status) }).add();
      seconds.record(duration);
    },
    bound: (status) => binds.with({ status: labelOf(status) }).add(),
    receipt: (outcome) => receipts.with({ outcome }).add(),
    receiptAge: registry
      .histogram("ingest_smpp_receipt_age_seconds", {
        help: "From a message's end to the acknowledgement of its receipt by the SMPP client, in seconds",
      })
      .with(),
    part: (outcome, count = 1) => parts.with({ outcome }).add(count),
    unreadable: registry
      .counter("ingest_smpp_unreadable_total", {
        help: "Records of the SMPP door's topics that cannot be understood; they are passed over",
      })
      .with(),
  };
}

function labelOf(status: number): string {
  return commandStatusName(status);
}
