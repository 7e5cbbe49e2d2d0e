/**
 * What sms.consent says, in this process: a copy on disk of all of it (docs/decisions/0019-partition-store.md), asked about message by message.
 */
import {
  ALL_ACCOUNTS,
  type ConsentSource,
  type ConsentWord,
  consentKey,
  holdsAgainst,
  optOutOf,
  readConsentKey,
} from "../../domain/consent/consent-word.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { type InRecord, type KafkaLog, type OutRecord, seldom } from "../../platform/kafka/record.ts";
import { ChangelogCopy, type ChangelogSource, type Wanted } from "../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../platform/store/partition-store.ts";
import type { Consent } from "../../schemas/generated/types.ts";
import { CONSENT_TOPIC, DELETE_RETENTION_MS } from "../../schemas/topics.ts";
import { readWord, writeWord } from "./stored-word.ts";

const CONSENT_TABLE = "consent";
/** Pairs behind whose latest word an older one stands in the log: compaction would keep that one. */
const OVERTAKEN_TABLE = "consent-overtaken";
/** The tables of the copy. */
export const CONSENT_TABLES = [CONSENT_TABLE, OVERTAKEN_TABLE];

const NOTHING = Buffer.alloc(0);
/** The store keeps times in six octets. */
const MOST_AT = 2 ** 48;
/** Messages are many: how old the copy is is added up so often, ms. */
const LOOK_EVERY_MS = 100;

export interface ConsentCopyOptions {
  readonly store: PartitionStore;
  readonly source: ChangelogSource;
  readonly codec: Codec<Consent>;
  /** Of the message topics. */
  readonly partitions: number;
  /** A copy that has not been at the log's end for so long is too old to be gone by, ms. */
  readonly staleMs: number;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly onFault: (error: Error) => void;
  /** Told of each record that says nothing that can be understood. */
  readonly onUnreadable: () => void;
  readonly log: KafkaLog;
  readonly pollMs?: number;
}

export class ConsentCopy {
  private readonly options: ConsentCopyOptions;
  private readonly table: Table;
  private readonly overtaken: Table;
  private readonly copy: ChangelogCopy;
  /** Partitions in which somebody has said something since the start, and those in which nobody ever has: these need not be asked. */
  private readonly said = new Set<number>();
  private readonly silent = new Set<number>();
  private oldest = 0;
  private lookedAt = 0;

  constructor(options: ConsentCopyOptions) {
    this.options = options;
    const { store, source, now, onFault, log, pollMs } = options;
    this.table = store.table(CONSENT_TABLE);
    this.overtaken = store.table(OVERTAKEN_TABLE);
    this.copy = new ChangelogCopy({
      ...{ store, source, now, onFault, log },
      ...(pollMs === undefined ? {} : { pollMs }),
      topic: CONSENT_TOPIC,
      tables: CONSENT_TABLES,
      apply: (record) => this.apply(record),
      deleteRetentionMs: DELETE_RETENTION_MS,
    });
  }

  /** Throws when Kafka does not answer: call it again. */
  async start(): Promise<void> {
    await this.copy.start();
    for (let p = 0; p < this.options.partitions; p++) {
      const [first] = await this.table.range(p, { limit: 1 });
      if (first === undefined && !this.said.has(p)) this.silent.add(p);
    }
  }

  stop(): void {
    this.copy.stop();
  }

  /** The word by which an account may not write to a destination (E.164 digits); undefined: none is known. */
  optOut(accountId: string, destination: string): ConsentWord | undefined {
    const { partitions } = this.options;
    if (this.silent.size === partitions) return undefined;
    const partition = partitionFor(destination, partitions);
    if (this.silent.has(partition)) return undefined;
    return optOutOf(this.wordIn(partition, accountId, destination), this.wordIn(partition, ALL_ACCOUNTS, destination));
  }

  /** The last word of a pair itself. */
  word(accountId: string, destination: string): ConsentWord | undefined {
    return this.wordIn(partitionFor(destination, this.options.partitions), accountId, destination);
  }

  /** Whether what it says of a destination is as old as that it must not be gone by. */
  stale(destination: string): boolean {
    const { partitions, staleMs, now } = this.options;
    const at = now();
    if (at - this.oldestSeen(at) <= staleMs) return false;
    return at - this.copy.seenAt(partitionFor(destination, partitions)) > staleMs;
  }

  /** Whether it is so old for this destination's partition and not for all: the others go on. */
  staleAlone(destination: string): boolean {
    return this.stale(destination) && !this.allOld;
  }

  /** Whether it is so old for the partition, and not for all. */
  oldAlone(partition: number): boolean {
    const { now, staleMs } = this.options;
    return now() - this.copy.seenAt(partition) > staleMs && !this.allOld;
  }

  private get allOld(): boolean {
    return this.oldPartitions.length === this.options.partitions;
  }

  /** The partitions of which it is so old that it must not be gone by. */
  get oldPartitions(): number[] {
    const { partitions, staleMs, now } = this.options;
    const at = now();
    return Array.from({ length: partitions }, (_, p) => p).filter((p) => at - this.copy.seenAt(p) > staleMs);
  }

  /** The partitions of sms.consent that have no leader, as far as known. */
  get leaderless(): readonly number[] {
    return this.copy.leaderless;
  }

  /** Time since it is known to have had all that the log had, of the partition that is behind most, ms; undefined: it has not come there yet. */
  get ageMs(): number | undefined {
    const oldest = this.leastSeen();
    return oldest === 0 ? undefined : Math.max(0, this.options.now() - oldest);
  }

  get lag(): number {
    return this.copy.lag;
  }

  /** Resolves with true when it has all of a partition that stands in the log now; false when that is not `wanted` any more. Throws when Kafka does not answer. */
  caughtUp(partition: number, wanted?: Wanted): Promise<boolean> {
    return this.copy.caughtUp(partition, wanted);
  }

  /**
   * The same for all that a sender's partition has messages of: those with this remainder. What has no leader is not waited for, and all else for
   * `staleMs` at most: the copy is too old for the recipients of the rest (`stale`) until it has been at the log's end again.
   */
  async caughtUpFor(remainder: number, divisor: number, wanted?: Wanted): Promise<boolean> {
    const { partitions, staleMs } = this.options;
    const all = Array.from({ length: partitions }, (_, p) => p);
    const reached = await this.copy.allCaughtUp(
      all.filter((p) => p % divisor === remainder),
      staleMs,
      wanted,
    );
    this.lookedAt = Number.NEGATIVE_INFINITY;
    return reached;
  }

  /** Words of an account in one partition, by destination, from one on: at most so many. */
  async wordsOf(
    accountId: string,
    partition: number,
    { after = "", limit }: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly destination: string; readonly word: ConsentWord }[]> {
    const prefix = consentKey(accountId, "");
    const from = Buffer.from(after === "" ? prefix : `${prefix}${after}\0`);
    const entries = await this.table.range(partition, { from, below: Buffer.from(`${accountId};`), limit });
    return entries.flatMap(([key, value]) => {
      const word = readWord(value);
      return word === undefined ? [] : [{ destination: key.toString().slice(prefix.length), word }];
    });
  }

  /** The latest words of a partition that do not stand last in the log: some of them, to be written once more. */
  async overtakenIn(partition: number, limit: number): Promise<OutRecord[]> {
    const entries = await this.overtaken.range(partition, { limit });
    return entries.flatMap(([key]) => {
      const pair = readConsentKey(key.toString());
      const word = pair && this.wordIn(partition, pair.accountId, pair.destination);
      if (pair === undefined || word === undefined) return [];
      const { state, source, at } = word;
      return [consentRecord(this.options.codec, this.options.partitions, { ...pair, state, source, at })];
    });
  }

  private leastSeen(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (let p = 0; p < this.options.partitions; p++) oldest = Math.min(oldest, this.copy.seenAt(p));
    return oldest;
  }

  /** `leastSeen` as it was a moment ago: it only grows, until an owner comes that finds a partition without a leader. */
  private oldestSeen(at: number): number {
    if (Math.abs(at - this.lookedAt) >= LOOK_EVERY_MS) {
      this.lookedAt = at;
      this.oldest = this.leastSeen();
    }
    return this.oldest;
  }

  private wordIn(partition: number, accountId: string, destination: string): ConsentWord | undefined {
    const octets = this.table.get(partition, Buffer.from(consentKey(accountId, destination)));
    return octets === undefined ? undefined : readWord(octets);
  }

  private apply(record: InRecord): void {
    const { partition, offset } = record;
    const said = readConsent(record, this.options);
    if (said === undefined) {
      this.options.onUnreadable();
      seldom(this.options.log, "unreadable-consent").error(
        { topic: CONSENT_TOPIC, partition, offset },
        "A record of sms.consent cannot be understood: what it says of its recipient does not count",
      );
      return;
    }
    const { key, word } = said;
    if (word === null) {
      this.table.delete(partition, key);
      this.overtaken.delete(partition, key);
      return;
    }
    const known = this.table.get(partition, key);
    const held = known === undefined ? undefined : readWord(known);
    this.said.add(partition);
    this.silent.delete(partition);
    if (held === undefined || holdsAgainst(word, held)) {
      this.table.put(partition, key, writeWord(word));
      if (this.overtaken.get(partition, key) !== undefined) this.overtaken.delete(partition, key);
    } else if (word.offset > held.offset) this.overtaken.put(partition, key, NOTHING);
  }
}

/** What a record of sms.consent says. */
export interface SaidOfPair {
  readonly key: Buffer;
  readonly accountId: string;
  readonly destination: string;
  /** Null: nothing any more. */
  readonly word: ConsentWord | null;
  readonly detail: string | null;
}

/** Undefined for what no record of ours can be. */
export function readConsent(
  record: InRecord,
  { codec, partitions }: Pick<ConsentCopyOptions, "codec" | "partitions">,
): SaidOfPair | undefined {
  const decoded = record.value === null ? undefined : codec.decode(record.value);
  return decoded?.ok === false ? undefined : saidOfPair(record, decoded?.value ?? null, partitions);
}

/** As {@link readConsent}, of a record that has been decoded; null where it has no value. */
export function saidOfPair(
  { key, partition, offset }: Pick<InRecord, "key" | "partition" | "offset">,
  consent: Consent | null,
  partitions: number,
): SaidOfPair | undefined {
  const pair = key === null ? undefined : readConsentKey(key.toString());
  if (key === null || pair === undefined || partitionFor(pair.destination, partitions) !== partition) return undefined;
  if (consent === null) return { key, ...pair, word: null, detail: null };
  const { accountId, destination, state, source, at, detail } = consent;
  if (accountId !== pair.accountId || destination !== pair.destination) return undefined;
  if (!(at > 0 && at < MOST_AT) || source.length > 40) return undefined;
  return { key, ...pair, word: { state, source, at, offset }, detail };
}

/** Where a word of a pair is written. */
export function consentRecord(
  codec: Codec<Consent>,
  partitions: number,
  said: {
    readonly accountId: string;
    readonly destination: string;
    readonly state: ConsentWord["state"];
    readonly source: ConsentSource | string;
    readonly at: number;
    readonly detail?: string | null;
  },
) {
  const { accountId, destination, detail = null } = said;
  return {
    topic: CONSENT_TOPIC,
    partition: partitionFor(destination, partitions),
    key: consentKey(accountId, destination),
    value: codec.encode({ ...said, detail }),
  };
}
