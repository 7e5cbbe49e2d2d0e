/** What waits for binds, in this process: a copy on disk of all of sms.smpp-receipts. */
import type { Codec } from "../../../../../platform/codec/codec.ts";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import type { InRecord, KafkaLog } from "../../../../../platform/kafka/record.ts";
import { askEvery } from "../../../../../platform/lifecycle/ask-every.ts";
import { ChangelogCopy, type ChangelogSource } from "../../../../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../../../../platform/store/partition-store.ts";
import type { SmppReceipt } from "../../../../../schemas/generated/types.ts";
import { DELETE_RETENTION_MS, SMPP_RECEIPT_KEPT_MS, SMPP_RECEIPTS_TOPIC } from "../../../../../schemas/topics.ts";

export const SMPP_RECEIPTS_TABLE = "smpp-receipts";

/** Rows that are looked at in one go, and how often, ms. */
const SWEPT = 1_000;
const SWEEP_EVERY_MS = 500;

export interface ReceiptCopyOptions {
  readonly store: PartitionStore;
  readonly source: ChangelogSource;
  readonly codec: Codec<SmppReceipt>;
  /** Of the message topics. */
  readonly partitions: number;
  /** Told of each receipt that has come or gone. */
  readonly onChange: (accountId: string, key: string, gone: boolean) => void;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly onFault: (error: Error) => void;
  readonly onUnreadable: () => void;
  readonly log: KafkaLog;
}

/** The key of a receipt: account/message_id/destination, with a word behind it while it is not the last one. A submit_multi gives one id to several destinations. */
export function receiptKey({
  accountId,
  id,
  to,
  state,
}: Pick<SmppReceipt, "accountId" | "id" | "to" | "state">): string {
  return `${accountId}/${id}/${to.dest}${state === "ENROUTE" ? "/enroute" : ""}`;
}

export class ReceiptCopy {
  /** As the last round over all that waits has found it. */
  readonly waiting = { count: 0, oldest: 0 };
  private readonly options: ReceiptCopyOptions;
  private readonly table: Table;
  private readonly copy: ChangelogCopy;
  private round = { count: 0, oldest: 0, partition: 0, from: Buffer.alloc(0) };
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ReceiptCopyOptions) {
    this.options = options;
    const { store, source, now, onFault, log } = options;
    this.table = store.table(SMPP_RECEIPTS_TABLE);
    this.copy = new ChangelogCopy({
      ...{ store, source, now, onFault, log },
      topic: SMPP_RECEIPTS_TOPIC,
      tables: [SMPP_RECEIPTS_TABLE],
      apply: (record) => this.apply(record),
      deleteRetentionMs: DELETE_RETENTION_MS,
    });
  }

  /** Throws when Kafka does not answer: call it again. */
  async start(): Promise<void> {
    await this.copy.start();
    this.timer ??= askEvery(
      SWEEP_EVERY_MS,
      () => this.sweep(),
      (error) => this.options.log.debug({ cause: error.message }, "Receipts that are over cannot be looked for"),
    );
  }

  stop(): void {
    clearInterval(this.timer);
    this.copy.stop();
  }

  get lag(): number {
    return this.copy.lag;
  }

  /** The partition that an account's receipts are in. */
  partitionOf(accountId: string): number {
    return partitionFor(accountId, this.options.partitions);
  }

  /** Keys of receipts of an account that wait, in the order of the keys, from behind one of them on. */
  async keysOf(accountId: string, after: string | undefined, limit: number): Promise<string[]> {
    const from = Buffer.from(after === undefined ? `${accountId}/` : `${after}\0`);
    // '0' is the octet behind '/'.
    const below = Buffer.from(`${accountId}0`);
    const rows = await this.table.range(this.partitionOf(accountId), { from, below, limit });
    return rows.map(([key]) => key.toString());
  }

  /** A receipt that waits; undefined: it has gone, or cannot be read. */
  receipt(accountId: string, key: string): SmppReceipt | undefined {
    const value = this.table.get(this.partitionOf(accountId), Buffer.from(key));
    const decoded = value === undefined ? undefined : this.options.codec.decode(value);
    return decoded?.ok ? decoded.value : undefined;
  }

  /** Takes out what nobody has come for in a week, some rows at a time, and counts the rest. The topic has its own retention, of which the copy does not hear. */
  async sweep(): Promise<void> {
    const { round, options } = this;
    const rows = await this.table.range(round.partition, { from: round.from, limit: SWEPT });
    const over = options.now() - SMPP_RECEIPT_KEPT_MS;
    for (const [key, value] of rows) {
      const decoded = options.codec.decode(value);
      const at = decoded.ok ? decoded.value.at : 0;
      if (at < over) this.table.delete(round.partition, key);
      else {
        round.count++;
        if (round.oldest === 0 || at < round.oldest) round.oldest = at;
      }
    }
    const last = rows.at(-1);
    if (last !== undefined && rows.length === SWEPT) round.from = Buffer.concat([last[0], Buffer.of(0)]);
    else if (round.partition + 1 < options.partitions) {
      round.partition++;
      round.from = Buffer.alloc(0);
    } else {
      Object.assign(this.waiting, { count: round.count, oldest: round.oldest });
      this.round = { count: 0, oldest: 0, partition: 0, from: Buffer.alloc(0) };
    }
  }

  /** Whoever produces may write anything there: a moment that is no date could not be written into a receipt. */
  private isReceipt(value: Buffer): boolean {
    const decoded = this.options.codec.decode(value);
    return (
      decoded.ok &&
      [decoded.value.submittedAt, decoded.value.doneAt].every((at) => !Number.isNaN(new Date(at).getTime()))
    );
  }

  private apply({ key, value, partition }: InRecord): void {
    const text = key?.toString() ?? "";
    const account = text.slice(0, text.indexOf("/"));
    if (key === null || account === "" || this.partitionOf(account) !== partition) {
      this.options.onUnreadable();
      return;
    }
    if (value === null) this.table.delete(partition, key);
    else if (this.isReceipt(value)) this.table.put(partition, key, value);
    else {
      this.options.onUnreadable();
      return;
    }
    this.options.onChange(account, text, value === null);
  }
}
