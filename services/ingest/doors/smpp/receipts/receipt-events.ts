/** Makes receipts of what is said of messages that came over SMPP: sms.events -> sms.smpp-receipts. */
import type { ReceiptState } from "../../../../../domain/smpp/server/receipt-message.ts";
import { unpackAsked } from "../../../../../domain/smpp/server/registered-delivery.ts";
import { WriterSchemaLoader } from "../../../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../../../pipeline/records/codecs.ts";
import { readEventId } from "../../../../../pipeline/records/event-id.ts";
import { implausibleEvent } from "../../../../../pipeline/records/plausible.ts";
import type { Codec } from "../../../../../platform/codec/codec.ts";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import { headerText, type InRecord, type OutRecord } from "../../../../../platform/kafka/record.ts";
import type { Task } from "../../../../../platform/kafka/task.ts";
import type { Outputs, Transform } from "../../../../../platform/kafka/transform.ts";
import type { Log } from "../../../../../platform/log/log.ts";
import type { Event, MessageState, ReceiptTo, SmppReceipt } from "../../../../../schemas/generated/types.ts";
import { SMPP_RECEIPTS_TOPIC } from "../../../../../schemas/topics.ts";
import { receiptKey } from "./receipt-copy.ts";

export interface ReceiptEventsOptions {
  readonly codecs: SluiceCodecs;
  /** Of the message topics. */
  readonly partitions: number;
  readonly onUnreadable: () => void;
  readonly log: Log;
}

/** Events that a receipt follows from, by what their ids say: all others need not be decoded. */
const TELLING: ReadonlySet<string> = new Set(["final", "submitted", "resubmitted"]);

const STATES: Readonly<Record<MessageState, ReceiptState>> = {
  enroute: "ENROUTE",
  delivered: "DELIVRD",
  undelivered: "UNDELIV",
  failed: "UNDELIV",
  expired: "EXPIRED",
  rejected: "REJECTD",
  unknown: "UNKNOWN",
};

/**
 * What stands in the log once may be read twice, after a crash: the receipt then has the same key, and waits anew if it had been acknowledged. It
 * is delivered at least once.
 */
export class ReceiptEvents implements Transform {
  private readonly options: ReceiptEventsOptions;
  private readonly schemas: WriterSchemaLoader;
  private readonly task: Task;

  constructor(task: Task, options: ReceiptEventsOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
  }

  restore(): Promise<void> {
    return Promise.resolve();
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    return this.schemas.load(records.filter(isTelling), this.task);
  }

  process(record: InRecord, _input: number, out: Outputs): void {
    if (!isTelling(record) || record.value === null) return;
    const { codecs, partitions, onUnreadable } = this.options;
    const decoded = codecs.event.decode(record.value);
    if (!decoded.ok || implausibleEvent(decoded.value) !== undefined) {
      // Whoever reads events to keep them puts it aside.
      onUnreadable();
      return;
    }
    for (const receipt of receiptsOf(decoded.value)) out.decide(receiptRecord(codecs.smppReceipt, partitions, receipt));
  }

  state(): string {
    return "";
  }
}

function isTelling(record: InRecord): boolean {
  return TELLING.has(readEventId(headerText(record, "id"))?.kind ?? "");
}

/** One for each id that the client was answered, where it has asked for this one. */
export function receiptsOf({ type, at, facts, state, doneAt, errorCode, errorClass }: Event): SmppReceipt[] {
  const to = facts.receiptTo;
  if (to === null) return [];
  const asked = unpackAsked(to.asked);
  const isFinal = type === "final";
  if (isFinal ? !(state === "delivered" ? asked.delivered : asked.failed) : !asked.intermediate) return [];
  const cancelled = errorClass === "cancelled" || errorCode === "cancelled";
  const word = !isFinal ? "ENROUTE" : cancelled ? "DELETED" : STATES[state ?? "unknown"];
  return to.ids.map((id) => ({
    accountId: facts.accountId,
    id,
    to: { ...to, ids: [] },
    state: word,
    error: state === "delivered" || !isFinal ? "000" : errorOf(errorCode),
    submittedAt: facts.acceptedAt,
    doneAt: isFinal ? (doneAt ?? at) : at,
    at,
    content: null,
  }));
}

/** Receipts have three digits for it. */
function errorOf(code: string | null): string {
  if (code === null) return "000";
  return /^\d{1,3}$/.test(code) ? code.padStart(3, "0") : "999";
}

/** `to`, where a message ended before it was one. */
export interface EarlyEnd {
  readonly accountId: string;
  readonly to: ReceiptTo;
  readonly state: ReceiptState;
  /** Epoch ms. */
  readonly submittedAt: number;
  readonly doneAt: number;
}

/** The receipts of a message that was given up before it was handed in. */
export function earlyReceipts({ accountId, to, state, submittedAt, doneAt }: EarlyEnd): SmppReceipt[] {
  if (!unpackAsked(to.asked).failed) return [];
  return to.ids.map((id) => ({
    accountId,
    id,
    to: { ...to, ids: [] },
    state,
    error: "999",
    submittedAt,
    doneAt,
    at: doneAt,
    content: null,
  }));
}

export function receiptRecord(codec: Codec<SmppReceipt>, partitions: number, receipt: SmppReceipt): OutRecord {
  return {
    topic: SMPP_RECEIPTS_TOPIC,
    partition: partitionFor(receipt.accountId, partitions),
    key: receiptKey(receipt),
    value: codec.encode(receipt),
  };
}
