/**
 * Finds the account of what handsets send, puts long messages together, and writes what is told of them: sms.inbound -> sms.received (for ClickHouse),
 * sms.callbacks and sms.smpp-receipts. Who is told takes it from there, as callbacks and receipts are taken.
 */
import type { Account } from "../../../domain/catalog/account.ts";
import type { SnapshotSource } from "../../../domain/catalog/snapshot.ts";
import { ALL_ACCOUNTS } from "../../../domain/consent/consent-word.ts";
import { consentIn } from "../../../domain/consent/opt-out-of.ts";
import { SaidTo } from "../../../domain/consent/said-to.ts";
import { messageIdFromKey } from "../../../domain/message/message-id.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { PartAssembly } from "../../../domain/text/part-assembly.ts";
import { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { headerText, type InRecord, type OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform } from "../../../platform/kafka/transform.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Received } from "../../../schemas/generated/types.ts";
import { RECEIVED_TOPIC } from "../../../schemas/topics.ts";
import { inboundCallback, type ToldInbound, toldConsent, toldMessage } from "./inbound-callbacks.ts";
import type { InboundMetrics } from "./inbound-metrics.ts";
import { smppMessages } from "./smpp-messages.ts";
import {
  type InboundPart,
  type InboundRecord,
  isPlausibleInbound,
  messageOfInboundPart,
  partOf,
  type ReadInboundPart,
  receivedParts,
  receivedWhole,
} from "./whole-message.ts";

export interface AccountInboundOptions {
  readonly codecs: SluiceCodecs;
  readonly reader: Pick<TopicReader, "readRange">;
  /** Of the message topics. */
  readonly partitions: number;
  /** Looked at once for each batch. */
  readonly catalog: SnapshotSource;
  /** How long the parts of a long message are waited for, ms. */
  readonly waitMs: number;
  readonly metrics: InboundMetrics;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Nobody has had the partition before: what is older than this is not told, ms. */
export const FIRST_LOOK_MS = 3_600_000;
/** When Sluice got a message is told by whoever took it: a clock that is further ahead than this is not gone by, ms. */
const AHEAD_MS = 60_000;
/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;

/** What a record says of consent is told behind the message itself. */
const BEHIND = 1;

/**
 * One partition. What is read again after a crash leads to the same records under the same keys and ids, so that readers drop it or are told once more. Its
 * state is what stands in the log from the first part on that still waits; the commit says where that is.
 */
export class AccountInbound implements Transform {
  private readonly options: AccountInboundOptions;
  private readonly task: Task;
  private readonly schemas: WriterSchemaLoader;
  private readonly assembly: PartAssembly<InboundPart, InboundRecord>;
  private of: SnapshotSource["current"] | undefined;
  private saidTo = new SaidTo([]);
  private accounts: ReadonlyMap<string, Account> = new Map();
  /** What came before is not told, epoch ms: the first owner says it for all who come after it. */
  private tellsFrom = 0;
  /** Whether a message was told without some of its parts since the last commit. */
  private endedUnsaved = false;

  constructor(task: Task, options: AccountInboundOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
    this.assembly = new PartAssembly(messageOfInboundPart, options.waitMs);
  }

  async restore(): Promise<void> {
    const { restored, partition, inputs } = this.task;
    const [to] = restored.offsets as [number];
    const [, tellsFrom, first] = /^(\d+) (\d+)$/.exec(restored.state) ?? [];
    this.tellsFrom = tellsFrom === undefined ? Math.floor(this.options.now()) - FIRST_LOOK_MS : Number(tellsFrom);
    const from = first === undefined ? to : Number(first);
    if (from >= to) return;
    const records: InRecord[] = [];
    await this.options.reader.readRange(inputs[0]!.topic, partition, from, to, (record) => records.push(record));
    await this.schemas.load(records, this.task);
    this.look();
    // What is whole among them has been told before.
    for (const record of records) {
      const part = this.partIn(record);
      if (part !== undefined) this.assembly.add(part);
    }
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    this.look();
    return this.schemas.load(records, this.task);
  }

  process(record: InRecord, _input: number, out: Outputs): void {
    const read = this.read(record);
    if (read === undefined) return;
    const account = this.ownerOf(read);
    if (account === undefined) this.options.metrics.messages("nobodys").add();
    else this.deliverFrom(account, read, record, out);
    this.tellConsent(read, record, out);
  }

  refuse(record: InRecord, error: unknown): OutRecord {
    const { codecs, now } = this.options;
    const detail = errorMessage(error).slice(0, MAX_DETAIL);
    const why = { reason: "unprocessable", detail, service: "dlr-collector", messageId: null, now: now() };
    return deadLetterRecord(codecs.deadLetter, record, why);
  }

  /** Parts that do not come hold their message up no longer: it is told without them. */
  tick(out: Outputs, caughtUp: boolean): void {
    // Parts that stand in the log and have not been read are not missing.
    if (!caughtUp) return;
    for (const { parts } of this.assembly.expire(this.options.now())) {
      this.endedUnsaved = true;
      const last = parts.reduce((latest, part) => (part.offset > latest.offset ? part : latest));
      const account = this.ownerOf(last.source);
      if (account === undefined) continue;
      this.options.metrics.messages("incomplete").add();
      this.deliver(
        account,
        receivedParts(account.id, parts),
        { partition: this.task.partition, offset: last.offset },
        null,
        out,
      );
    }
  }

  state([offset]: readonly number[]): string {
    return `${this.tellsFrom} ${Math.min(this.assembly.firstOffset ?? offset!, offset!)}`;
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

  private look(): void {
    const { current } = this.options.catalog;
    if (current === this.of) return;
    this.of = current;
    this.saidTo = new SaidTo(current.catalog.accounts);
    this.accounts = new Map(current.catalog.accounts.map((account) => [account.id, account]));
  }

  /** Undefined for what is not told. What cannot be read is put aside by who looks for keywords in it. */
  private read(record: InRecord): InboundRecord | undefined {
    const { codecs, metrics } = this.options;
    if (record.timestamp < this.tellsFrom) return undefined;
    const decoded = record.value === null ? undefined : codecs.inbound.decode(record.value);
    if (!decoded?.ok || !isPlausibleInbound(decoded.value)) {
      metrics.unreadable.add();
      return undefined;
    }
    const inbound = decoded.value;
    const place = `${record.partition}/${record.offset}`;
    const at = Math.min(inbound.receivedAt, record.timestamp + AHEAD_MS);
    return { inbound, id: headerText(record, "id") ?? place, place, at };
  }

  private partIn(record: InRecord): ReadInboundPart | undefined {
    const read = this.read(record);
    const part = read === undefined || this.ownerOf(read) === undefined ? undefined : partOf(read.inbound);
    return part === undefined ? undefined : { part, offset: record.offset, at: record.timestamp, source: read! };
  }

  private ownerOf({ inbound }: InboundRecord): Account | undefined {
    const id = this.saidTo.ownerOf(inbound.to);
    return id === undefined ? undefined : this.accounts.get(id);
  }

  private deliverFrom(account: Account, read: InboundRecord, record: InRecord, out: Outputs): void {
    const part = partOf(read.inbound);
    if (part === undefined) {
      this.deliver(account, receivedWhole(account.id, read), record, read.inbound.header, out);
      return;
    }
    const assembled = this.assembly.add({ part, offset: record.offset, at: record.timestamp, source: read });
    if (assembled.kind === "whole")
      this.deliver(account, receivedParts(account.id, assembled.message.parts), record, null, out);
  }

  /** To each account that it is said to; what is said to all of them names people that an account may never have written to. */
  private tellConsent({ inbound, id, place, at }: InboundRecord, record: InRecord, out: Outputs): void {
    const { from, to } = inbound;
    const state = consentIn(inbound);
    if (state === undefined || !parseDestination(from).ok) return;
    for (const accountId of this.saidTo.accountsOf(to)) {
      const account = accountId === ALL_ACCOUNTS ? undefined : this.accounts.get(accountId);
      if (account === undefined) continue;
      const name = messageIdFromKey(accountId, `consent\n${id}\n${place}`);
      const told = toldConsent({ accountId, from, to, optedOut: state === "opted_out", name, at });
      this.post({ account, from, to, ...told }, record, BEHIND, out);
    }
  }

  private deliver(
    account: Account,
    received: Received,
    { partition, offset }: Pick<InRecord, "partition" | "offset">,
    header: Buffer | null,
    out: Outputs,
  ): void {
    const { codecs, partitions, metrics } = this.options;
    metrics.messages("routed").add();
    out.decide({
      topic: RECEIVED_TOPIC,
      partition,
      key: received.from,
      value: codecs.received.encode(received),
      headers: { id: received.id },
    });
    this.post(
      { account, from: received.from, to: received.to, ...toldMessage(received) },
      { partition, offset },
      0,
      out,
    );
    if (account.smpp?.inbound !== true) return;
    const messages = smppMessages(codecs.smppReceipt, partitions, received, header);
    metrics.toBinds.add(messages.length);
    for (const message of messages) out.decide(message);
  }

  private post(
    told: Omit<ToldInbound, "partition" | "place" | "now">,
    { partition, offset }: Pick<InRecord, "partition" | "offset">,
    behind: number,
    out: Outputs,
  ): void {
    const { codecs, now, metrics } = this.options;
    const record = inboundCallback(codecs.callback, { ...told, partition, place: 2 * offset + behind, now: now() });
    if (record === undefined) return;
    metrics.posted.add();
    out.decide(record);
  }
}
