import {
  DUE_HEADER,
  ENDPOINT_HEADER,
  readCallbackKey,
  SINCE_HEADER,
  WRITE_HEADER,
} from "../../pipeline/records/callback-key.ts";
import { ENDPOINT_DIGITS } from "../../pipeline/records/endpoint-id.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import type { ChangelogCopy, Wanted } from "../../platform/store/changelog-copy.ts";
import type { PartitionStore, Table } from "../../platform/store/partition-store.ts";

/**
 * Tables of the store: what waits of a message, what is told, which is the next of each message by endpoint and time, what has waited for
 * longest, and how many there are.
 */
export const CALLBACK_TABLES = [
  "callbacks.chain",
  "callbacks.content",
  "callbacks.due",
  "callbacks.since",
  "callbacks.count",
] as const;

/** A callback that waits. */
export interface WaitingCallback {
  readonly key: string;
  readonly value: Buffer;
}

/** Who is told what the copy learns of a partition. */
export interface WaitingListener {
  /** It waits, by this writing, for this endpoint; nothing of it goes before `due`, epoch ms. */
  waits(key: string, endpoint: string, due: number, write: string | undefined): void;
  /** It does not wait any more. */
  gone(key: string): void;
}

/** Of a row of `callbacks.chain`: what waits of a message, in its order. */
type Entry = readonly [place: number, endpoint: string, due: number, since: number];

/** Octets of a time in a key: milliseconds until the year 10889. */
const TIME_OCTETS = 6;
const MOST_TIME = 2 ** 48 - 1;
const ENDPOINT_OCTETS = ENDPOINT_DIGITS / 2;
const COUNT_KEY = Buffer.from("n");
const NOTHING = Buffer.alloc(0);

/**
 * What waits to be told, as every instance has it on disk: a copy of sms.callbacks, of all partitions. Of each message only the first that waits may go;
 * with it gone, the next one is due.
 */
export class WaitingCallbacks {
  private readonly chains: Table;
  private readonly contents: Table;
  private readonly due: Table;
  private readonly sinces: Table;
  private readonly counts: Table;
  private readonly listeners = new Map<number, WaitingListener>();
  private readonly onUnreadable: () => void;
  private copy: Pick<ChangelogCopy, "caughtUp"> | undefined;

  constructor(store: Pick<PartitionStore, "table">, onUnreadable: () => void = () => {}) {
    const [chains, contents, due, sinces, counts] = CALLBACK_TABLES.map((name) => store.table(name));
    this.chains = chains!;
    this.contents = contents!;
    this.due = due!;
    this.sinces = sinces!;
    this.counts = counts!;
    this.onUnreadable = onUnreadable;
  }

  /** The copy that calls `apply`; given once it is there. */
  follow(copy: Pick<ChangelogCopy, "caughtUp">): void {
    this.copy = copy;
  }

  /** A record of sms.callbacks; one without a value says that it waits no more. */
  apply(record: InRecord): void {
    const { partition, value } = record;
    const key = record.key?.toString() ?? "";
    const named = readCallbackKey(key);
    const entry = named === undefined || value === null ? undefined : entryOf(record, named.place);
    if (named === undefined || (value !== null && entry === undefined)) {
      this.onUnreadable();
      return;
    }
    const { chain, place } = named;
    const before = this.entriesOf(partition, chain);
    const old = before.find(([of]) => of === place);
    const after = before.filter((one) => one !== old);
    if (entry !== undefined) after.push(entry);
    after.sort(([a], [b]) => a - b);
    this.writeChain(partition, chain, before, after);
    const octets = Buffer.from(key);
    if (old !== undefined) this.sinces.delete(partition, timeKey(old[3], key));
    if (entry === undefined) this.contents.delete(partition, octets);
    else {
      this.contents.put(partition, octets, value!);
      this.sinces.put(partition, timeKey(entry[3], key), NOTHING);
    }
    if ((old === undefined) !== (entry === undefined)) this.count(partition, entry === undefined ? -1 : 1);
    const listener = this.listeners.get(partition);
    if (entry !== undefined) listener?.waits(key, entry[1], entry[2], headerText(record, WRITE_HEADER));
    else listener?.gone(key);
    // With the first one gone another is the first.
    const [next] = after;
    if (entry === undefined && next !== undefined && next !== before[0])
      listener?.waits(`${chain}/${next[0]}`, next[1], next[2], undefined);
  }

  /** Told of the partition from now on; of one owner at a time. */
  listen(partition: number, listener: WaitingListener): void {
    this.listeners.set(partition, listener);
  }

  /** Resolves with true when all that the log has at the call is here. Throws when Kafka does not answer. */
  async caughtUp(partition: number, wanted?: Wanted): Promise<boolean> {
    return (await this.copy?.caughtUp(partition, wanted)) ?? false;
  }

  /** Keys of what waits of a message, in its order. */
  keysOf(partition: number, chain: string): string[] {
    return this.entriesOf(partition, chain).map(([place]) => `${chain}/${place}`);
  }

  /** Callbacks that wait in a partition. */
  countOf(partition: number): number {
    const row = this.counts.get(partition, COUNT_KEY);
    return row === undefined ? 0 : row.readUIntBE(0, TIME_OCTETS);
  }

  /** Since when the one has been waiting that has waited for longest, epoch ms; undefined when none waits. */
  async oldestOf(partition: number): Promise<number | undefined> {
    const [first] = await this.sinces.range(partition, { limit: 1 });
    return first?.[0].readUIntBE(0, TIME_OCTETS);
  }

  /** Endpoints that something waits for. */
  async endpointsOf(partition: number): Promise<string[]> {
    const found: string[] = [];
    for (let from = NOTHING; ; ) {
      const [first] = await this.due.range(partition, { from, limit: 1 });
      if (first === undefined) return found;
      const endpoint = first[0].subarray(0, ENDPOINT_OCTETS);
      found.push(endpoint.toString("hex"));
      from = Buffer.concat([endpoint, Buffer.alloc(TIME_OCTETS + 1, 0xff)]);
    }
  }

  /**
   * The first of each message that an endpoint may be told by `now`, those due first in front; `limit` at the most. `next`: when there is more,
   * epoch ms; infinite when nothing is left.
   */
  async dueBy(
    partition: number,
    endpoint: string,
    now: number,
    limit: number,
  ): Promise<{ readonly found: WaitingCallback[]; readonly next: number }> {
    const from = Buffer.from(endpoint, "hex");
    const below = Buffer.concat([from, Buffer.alloc(TIME_OCTETS + 1, 0xff)]);
    const found: WaitingCallback[] = [];
    const rows = await this.due.range(partition, { from, below, limit: limit + 1 });
    for (const [at] of rows) {
      const due = at.readUIntBE(ENDPOINT_OCTETS, TIME_OCTETS);
      if (due > now || found.length === limit) return { found, next: due };
      const key = at.toString("latin1", ENDPOINT_OCTETS + TIME_OCTETS);
      const value = this.contents.get(partition, Buffer.from(key));
      if (value !== undefined) found.push({ key, value });
    }
    return { found, next: rows.length > limit ? now : Number.POSITIVE_INFINITY };
  }

  private writeChain(partition: number, chain: string, before: readonly Entry[], after: readonly Entry[]): void {
    const [first, next] = [before[0], after[0]];
    if (first !== undefined) this.due.delete(partition, dueKey(first, chain));
    if (next !== undefined) this.due.put(partition, dueKey(next, chain), NOTHING);
    const row = Buffer.from(chain);
    if (after.length > 0) this.chains.put(partition, row, Buffer.from(JSON.stringify(after)));
    else if (before.length > 0) this.chains.delete(partition, row);
  }

  private count(partition: number, change: number): void {
    const row = Buffer.alloc(TIME_OCTETS);
    row.writeUIntBE(Math.max(0, this.countOf(partition) + change), 0, TIME_OCTETS);
    this.counts.put(partition, COUNT_KEY, row);
  }

  private entriesOf(partition: number, chain: string): Entry[] {
    const row = this.chains.get(partition, Buffer.from(chain));
    return row === undefined ? [] : (JSON.parse(row.toString()) as Entry[]);
  }
}

function entryOf(record: InRecord, place: number): Entry | undefined {
  const endpoint = headerText(record, ENDPOINT_HEADER) ?? "";
  const [due, since] = [DUE_HEADER, SINCE_HEADER].map((name) => Number(headerText(record, name)));
  if (!/^[0-9a-f]{16}$/.test(endpoint) || !isTime(due) || !isTime(since)) return undefined;
  return [place, endpoint, due, since];
}

function isTime(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! > 0 && value! <= MOST_TIME;
}

function dueKey([place, endpoint, due]: Entry, chain: string): Buffer {
  return Buffer.concat([Buffer.from(endpoint, "hex"), timeKey(due, `${chain}/${place}`)]);
}

function timeKey(at: number, key: string): Buffer {
  const octets = Buffer.allocUnsafe(TIME_OCTETS + key.length);
  octets.writeUIntBE(at, 0, TIME_OCTETS);
  octets.write(key, TIME_OCTETS, "latin1");
  return octets;
}
