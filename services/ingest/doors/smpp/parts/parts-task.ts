/** Hands in long messages when all their parts are there: sms.smpp-parts -> sms.requests.*. */

import { sendAtText } from "../../../../../domain/message/send-at.ts";
import { textOf } from "../../../../../domain/smpp/server/read-submission.ts";
import type { ReceiptState } from "../../../../../domain/smpp/server/receipt-message.ts";
import type { Alphabet } from "../../../../../domain/text/data-coding.ts";
import { PartAssembly, type Parts, type ReadPart } from "../../../../../domain/text/part-assembly.ts";
import { WriterSchemaLoader } from "../../../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../../../pipeline/records/dead-letter.ts";
import { errorMessage } from "../../../../../platform/errors/sluice-error.ts";
import type { InRecord, OutRecord } from "../../../../../platform/kafka/record.ts";
import type { Task } from "../../../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform } from "../../../../../platform/kafka/transform.ts";
import type { Log } from "../../../../../platform/log/log.ts";
import type { ReceiptTo, SmppPart } from "../../../../../schemas/generated/types.ts";
import type { Acceptor } from "../../../acceptance/acceptor.ts";
import type { Account } from "../../../access/api-keys.ts";
import type { DoorMetrics } from "../door-metrics.ts";
import { earlyReceipts, receiptRecord } from "../receipts/receipt-events.ts";

export interface PartsTaskOptions {
  readonly codecs: SluiceCodecs;
  readonly reader: Pick<TopicReader, "readRange">;
  readonly acceptor: Pick<Acceptor, "judge" | "handedIn">;
  readonly accountOf: (id: string) => Account | undefined;
  /** Of the message topics. */
  readonly partitions: number;
  /** How long parts are waited for, ms. */
  readonly waitMs: number;
  readonly metrics: Pick<DoorMetrics, "part" | "unreadable">;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;

/**
 * One partition. Its state is what stands in the log from the first part on that still waits: the commit says where that is. A message that is
 * handed in twice, after a crash, has the same id, and the router drops the second.
 */
export class PartsTask implements Transform {
  private readonly options: PartsTaskOptions;
  private readonly task: Task;
  private readonly schemas: WriterSchemaLoader;
  private readonly assembly: PartAssembly<SmppPart, InRecord>;
  /** Whether a message was given up since the last commit. */
  private endedUnsaved = false;

  constructor(task: Task, options: PartsTaskOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
    this.assembly = new PartAssembly(messageOfPart, options.waitMs);
  }

  async restore(): Promise<void> {
    const { restored, partition, inputs } = this.task;
    const [to] = restored.offsets as [number];
    const from = /^\d+$/.test(restored.state) ? Number(restored.state) : to;
    if (from >= to) return;
    const records: InRecord[] = [];
    await this.options.reader.readRange(inputs[0]!.topic, partition, from, to, (record) => records.push(record));
    await this.schemas.load(records, this.task);
    // What is whole among them has been handed in before.
    for (const record of records) {
      const read = this.read(record);
      if (read !== undefined) this.assembly.add(read);
    }
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    return this.schemas.load(records, this.task);
  }

  process(record: InRecord, _input: number, out: Outputs): void {
    const read = this.read(record);
    if (read === undefined) {
      this.options.metrics.unreadable.add();
      out.decide(this.deadLetter(record, "undecodable", "not a part of a message", null));
      return;
    }
    const assembled = this.assembly.add(read);
    if (assembled.kind === "whole") this.handIn(assembled.message, out);
    else if (assembled.kind === "repeated") this.options.metrics.part("repeated");
  }

  refuse(record: InRecord, error: unknown): OutRecord {
    return this.deadLetter(record, "unprocessable", errorMessage(error).slice(0, MAX_DETAIL), null);
  }

  tick(out: Outputs, caughtUp: boolean): void {
    // Parts that stand in the log and have not been read are not missing.
    if (!caughtUp) return;
    for (const message of this.assembly.expire(this.options.now())) {
      this.endedUnsaved = true;
      const { total } = message.parts[0]!.part;
      const why = `${message.parts.length} of ${total} parts came`;
      this.giveUp(message, { reason: "incomplete", detail: why, state: "EXPIRED" }, out);
    }
  }

  state([offset]: readonly number[]): string {
    return String(Math.min(this.assembly.firstOffset ?? offset!, offset!));
  }

  unsaved(): boolean {
    return this.endedUnsaved;
  }

  committed(): void {
    this.endedUnsaved = false;
  }

  /** Messages whose parts are not all there. */
  get waiting(): number {
    return this.assembly.waiting;
  }

  private read(record: InRecord): ReadPart<SmppPart, InRecord> | undefined {
    const decoded = record.value === null ? undefined : this.options.codecs.smppPart.decode(record.value);
    if (!decoded?.ok || !isPlausible(decoded.value)) return undefined;
    return { part: decoded.value, offset: record.offset, at: record.timestamp, source: record };
  }

  private handIn(message: Parts<SmppPart, InRecord>, out: Outputs): void {
    const { accountOf, acceptor, metrics } = this.options;
    const parts = message.parts.map(({ part }) => part);
    const [first] = parts as [SmppPart, ...SmppPart[]];
    const account = accountOf(first.accountId);
    if (account === undefined) {
      this.giveUp(message, { reason: "invalid", detail: "accountId: no such account", state: "REJECTD" }, out);
      return;
    }
    const door = { id: first.messageId, receiptTo: receiptToOfAll(parts) };
    const judged = acceptor.judge(account, { message: messageOfParts(parts), door });
    if (judged.status === "rejected") {
      const detail = judged.problems.map((one) => `${one.field}: ${one.message}`).join("; ");
      this.giveUp(message, { reason: "invalid", detail: detail.slice(0, MAX_DETAIL), state: "REJECTD" }, out);
      return;
    }
    out.decide(judged.record);
    acceptor.handedIn(account, judged, this.options.now());
    metrics.part("joined", parts.length);
  }

  private giveUp(
    { parts, since }: Parts<SmppPart, InRecord>,
    why: { readonly reason: "incomplete" | "invalid"; readonly detail: string; readonly state: ReceiptState },
    out: Outputs,
  ): void {
    const { codecs, partitions, metrics, now } = this.options;
    metrics.part(why.reason, parts.length);
    for (const { part, source } of parts) {
      out.decide(this.deadLetter(source, why.reason, why.detail, part.messageId));
      if (part.receiptTo === null) continue;
      const { accountId, receiptTo: to } = part;
      const early = { accountId, to, state: why.state, submittedAt: since, doneAt: now() };
      for (const receipt of earlyReceipts(early)) out.decide(receiptRecord(codecs.smppReceipt, partitions, receipt));
    }
  }

  private deadLetter(record: InRecord, reason: string, detail: string, messageId: string | null): OutRecord {
    const { codecs, now } = this.options;
    return deadLetterRecord(codecs.deadLetter, record, { reason, detail, service: "ingest", messageId, now: now() });
  }
}

/** What all parts of one message have in common. */
export function messageOfPart({ accountId, to, from, reference, total }: SmppPart): string {
  return JSON.stringify([accountId, from, to, reference, total]);
}

/** What no door of ours writes is put aside: whoever produces may write anything there. */
function isPlausible({ total, part, octets }: SmppPart): boolean {
  return total >= 2 && total <= 255 && part >= 1 && part <= total && octets.length > 0 && octets.length <= 70_000;
}

/** The fields of the message, as acceptance judges them. */
function messageOfParts(parts: readonly SmppPart[]): object {
  const { to, from, lane, validitySeconds, sendAt, alphabet, header } = parts[0]!;
  const octets = Buffer.concat(parts.map((part) => part.octets));
  return {
    to: `+${to}`,
    ...(from === null ? {} : { from }),
    text: textOf({ alphabet: alphabet as Alphabet, header: header ?? undefined, octets }),
    lane,
    ...(validitySeconds === null ? {} : { validity: validitySeconds }),
    ...(sendAt === null ? {} : { sendAt: sendAtText(sendAt) }),
  };
}

/** A client has a receipt for each part that it asked for one, under that part's id. */
function receiptToOfAll(parts: readonly SmppPart[]): ReceiptTo | null {
  const wanted = parts.flatMap(({ receiptTo }) => (receiptTo === null ? [] : [receiptTo]));
  const [first] = wanted;
  if (first === undefined) return null;
  return { ...first, ids: wanted.flatMap(({ ids }) => ids), asked: wanted.reduce((all, { asked }) => all | asked, 0) };
}
