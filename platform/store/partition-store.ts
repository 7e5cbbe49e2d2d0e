/**
 * What is remembered by key in partitions, on the disk of one instance: a copy of compacted topics, which are the truth. Reads are
 * synchronous. Changes go to an overlay in memory, and to disk together with the positions of the copies that made them, in one
 * atomic batch. So a crash leaves an older state with the position that belongs to it, and what is above is read again.
 */

import { type CopyPosition, readPosition, writePosition } from "./copy-position.ts";
import { type Change, type Database, type DatabaseOptions, type Entry, openDatabase } from "./database.ts";
import { Overlay } from "./overlay.ts";
import { storeError } from "./store-errors.ts";
import { keyWithin, MOST_TABLES, ownKey, ownRange, partitionEnd, storeKey } from "./store-key.ts";

export interface StoreOptions extends DatabaseOptions {
  /** Names of the tables; at most 250 in the life of a store. A table keeps its place when others are added. */
  readonly tables: readonly string[];
  /** Told once, when the database has failed. Nothing is written any more: end the process, and begin again from what is on disk. */
  readonly onFault: (error: Error) => void;
  /** Changes that wait in memory before they are written, octets. Twice as much, and what one fetch brings, at the most. Default 8 MiB. */
  readonly overlayOctets?: number;
  /** Changes are on disk after so long at the latest, unless the disk is slow, ms. Default 1,000. */
  readonly flushMs?: number;
  /** For tests: the database. */
  readonly open?: (options: DatabaseOptions) => Promise<Database>;
}

/** One table of a store. */
export interface Table {
  readonly name: string;
  get(partition: number, key: Buffer): Buffer | undefined;
  put(partition: number, key: Buffer, value: Buffer): void;
  delete(partition: number, key: Buffer): void;
  /** The first entries of a partition with a key in [from, below), in the order of their octets, as they were at the call. */
  range(partition: number, bounds: RangeBounds): Promise<Entry[]>;
}

export interface RangeBounds {
  readonly from?: Buffer;
  readonly below?: Buffer;
  readonly limit: number;
}

/** Of what is written down; another one is read from Kafka anew. */
const FORMAT = "1";
const OVERLAY_OCTETS = 8 << 20;
const FLUSH_MS = 1_000;
const NO_KEY = Buffer.alloc(0);
const POSITIONS = "position/";

export class PartitionStore {
  private readonly options: StoreOptions;
  private readonly database: Database;
  private readonly ids = new Map<string, number>();
  private readonly positions = new Map<string, CopyPosition>();
  private readonly moved = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private overlay = new Overlay();
  private writing: Overlay | undefined;
  private turn: Promise<void> | undefined;
  private failure: Error | undefined;
  private closed = false;

  private constructor(options: StoreOptions, database: Database) {
    this.options = options;
    this.database = database;
    this.timer = setInterval(() => void this.flush().catch(() => {}), options.flushMs ?? FLUSH_MS);
    this.timer.unref();
  }

  /** Opens the store in its folder, or makes it. @throws SluiceError STORE_LOCKED, STORE_NO_SPACE, STORE_FAULT */
  static async open(options: StoreOptions): Promise<PartitionStore> {
    const store = new PartitionStore(options, await (options.open ?? openDatabase)(options));
    try {
      await store.begin();
      return store;
    } catch (error) {
      await store.close().catch(() => {});
      throw storeError(error, options);
    }
  }

  /** No other process has it while this one is open. */
  get folder(): string {
    return this.options.folder;
  }

  /** A table by one of the names that the store was opened with. */
  table(name: string): Table {
    const id = this.ids.get(name);
    if (id === undefined || !this.options.tables.includes(name)) throw new Error(`The store has no table ${name}.`);
    return {
      name,
      get: (partition, key) => this.get(id, partition, key),
      put: (partition, key, value) => this.change(id, partition, key, Buffer.from(value)),
      delete: (partition, key) => this.change(id, partition, key, null),
      range: (partition, bounds) => this.range(id, partition, bounds),
    };
  }

  /** How far the copy of a log's partition has come; undefined where there is none, or only some of one. */
  position(log: string, partition: number): CopyPosition | undefined {
    return this.positions.get(nameOf(log, partition));
  }

  /** Goes to disk with the changes that were made before it, not with later ones: call it in the same turn as those. */
  setPosition(log: string, partition: number, position: CopyPosition): void {
    const name = nameOf(log, partition);
    this.positions.set(name, position);
    this.moved.add(name);
  }

  /** Removes a partition of these tables, and first the position that said that they have it. Nobody may change it meanwhile. */
  async clear(tables: readonly string[], log: string, partition: number): Promise<void> {
    await this.flush();
    const name = nameOf(log, partition);
    this.positions.delete(name);
    this.moved.delete(name);
    await this.guard(async () => {
      await this.database.write([[ownKey(name), null]]);
      for (const table of tables) {
        const id = this.ids.get(table)!;
        await this.database.clear(storeKey(id, partition, NO_KEY), partitionEnd(id, partition));
      }
    });
  }

  /** Resolves when all that was changed before the call is on disk. Rejects when the database has failed, now or before. */
  flush(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.turn !== undefined) return this.turn.then(() => this.flush());
    if (this.closed || (this.overlay.size === 0 && this.moved.size === 0)) return Promise.resolve();
    const changes = this.takeChanges();
    this.turn = this.guard(() => this.database.write(changes)).then(() => {
      this.writing = undefined;
      this.turn = undefined;
    });
    return this.turn;
  }

  /** Resolves when more may be changed, after a write if need be. Rejects when the database has failed. */
  async makeRoom(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    if (!this.full) return;
    if (this.turn !== undefined) await this.turn;
    if (this.full) void this.flush().catch(() => {});
  }

  /** More must not be changed before `makeRoom`. */
  get full(): boolean {
    return this.overlay.octets >= (this.options.overlayOctets ?? OVERLAY_OCTETS);
  }

  /** The fault that ended its work. */
  get failed(): Error | undefined {
    return this.failure;
  }

  /** Octets in memory that are not known to be on disk, estimated. */
  get overlayOctets(): number {
    return this.overlay.octets + (this.writing?.octets ?? 0);
  }

  /** Size of its files, octets. */
  octetsOnDisk(): number {
    return this.database.octetsOnDisk();
  }

  /** Writes what waits, unless the database has failed, and closes it. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    try {
      if (this.failure === undefined) await this.flush();
    } finally {
      this.closed = true;
      await this.database.close();
    }
  }

  private async begin(): Promise<void> {
    const { database } = this;
    const format = database.get(ownKey("format"))?.toString();
    if (format !== FORMAT) {
      await database.clear(NO_KEY, Buffer.alloc(1, 0xff));
      await database.write([[ownKey("format"), Buffer.from(FORMAT)]]);
    }
    const known = JSON.parse(database.get(ownKey("tables"))?.toString() ?? "[]") as string[];
    const names = [...new Set([...known, ...this.options.tables])];
    if (names.length > MOST_TABLES) throw new Error(`A store has at most ${MOST_TABLES} tables, not ${names.length}`);
    if (names.length > known.length) await database.write([[ownKey("tables"), Buffer.from(JSON.stringify(names))]]);
    for (const [i, name] of names.entries()) this.ids.set(name, i + 1);
    const [from, below] = ownRange(POSITIONS);
    for (const [key, value] of await database.range(from, below, Number.POSITIVE_INFINITY)) {
      const position = readPosition(value);
      if (position !== undefined) this.positions.set(key.subarray(1).toString(), position);
    }
  }

  private get(table: number, partition: number, key: Buffer): Buffer | undefined {
    const part = partOf(table, partition);
    let changed = this.overlay.get(part, key);
    if (changed === undefined) changed = this.writing?.get(part, key);
    if (changed !== undefined) return changed ?? undefined;
    try {
      return this.database.get(storeKey(table, partition, key));
    } catch (error) {
      throw this.fail(error);
    }
  }

  private change(table: number, partition: number, key: Buffer, value: Buffer | null): void {
    if (this.failure !== undefined) throw this.failure;
    this.overlay.set(partOf(table, partition), key, value);
  }

  private async range(table: number, partition: number, bounds: RangeBounds): Promise<Entry[]> {
    const { from = NO_KEY, below, limit } = bounds;
    const part = partOf(table, partition);
    const changed = new Map<string, readonly [Buffer, Buffer | null]>();
    for (const overlay of [this.writing, this.overlay])
      for (const entry of overlay?.within(part, from, below) ?? []) changed.set(entry[0].toString("latin1"), entry);
    const end = below === undefined ? partitionEnd(table, partition) : storeKey(table, partition, below);
    // What has been changed stands in the place of what was stored, or takes it away: so many more are asked for.
    const stored = await this.guard(() =>
      this.database.range(storeKey(table, partition, from), end, limit + changed.size),
    );
    const entries: Entry[] = stored
      .map(([key, value]) => [keyWithin(key), value] as const)
      .filter(([key]) => !changed.has(key.toString("latin1")));
    for (const [key, value] of changed.values()) if (value !== null) entries.push([key, value]);
    return entries.sort(([a], [b]) => Buffer.compare(a, b)).slice(0, limit);
  }

  /** What is to be written, together with where the copies are now. More may be changed while it is. */
  private takeChanges(): Iterable<Change> {
    const taken = this.overlay;
    const positions = [...this.moved].map((name): Change => [ownKey(name), writePosition(this.positions.get(name)!)]);
    this.moved.clear();
    this.writing = taken;
    this.overlay = new Overlay();
    return (function* () {
      yield* positions;
      for (const [part, key, value] of taken.all()) yield [storeKey(part >> 16, part & 0xffff, key), value] as const;
    })();
  }

  private async guard<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** A batch that failed may stand half in the database's log. Nothing may follow it there, or a restart would find a hole. */
  private fail(error: unknown): Error {
    if (this.failure === undefined && !this.closed) {
      this.failure = storeError(error, this.options);
      this.options.onFault(this.failure);
    }
    return this.failure ?? storeError(error, this.options);
  }
}

function partOf(table: number, partition: number): number {
  return (table << 16) + partition;
}

function nameOf(log: string, partition: number): string {
  return `${POSITIONS}${log}/${partition}`;
}
