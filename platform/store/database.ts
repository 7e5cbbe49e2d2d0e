/**
 * The embedded database under a store, and the only file that knows which one it is (LevelDB, by classic-level;
 * docs/decisions/0019-partition-store.md). It gives a sorted map of octets: synchronous reads, batches that are atomic and durable.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ClassicLevel } from "classic-level";
import { isUnreadable, type StorePlace, storeError } from "./store-errors.ts";

export interface DatabaseOptions extends StorePlace {
  readonly log: { warn(fields: object, message: string): void };
  /** Blocks of the files that are kept in memory, octets. Default 32 MiB. */
  readonly cacheOctets?: number;
  /** What is gathered in memory before it becomes a file, octets; twice as much at the most. Default 8 MiB. */
  readonly writeOctets?: number;
}

/** One change of a batch: a value, or null where the key goes. */
export type Change = readonly [key: Buffer, value: Buffer | null];

export type Entry = readonly [key: Buffer, value: Buffer];

export interface Database {
  get(key: Buffer): Buffer | undefined;
  /** All of it or, after a crash, none; durable when it resolves. */
  write(changes: Iterable<Change>): Promise<void>;
  /** The first entries of [from, below) in the order of their keys, as they were at the call. */
  range(from: Buffer, below: Buffer, limit: number): Promise<Entry[]>;
  /** Removes what is in [from, below). Not atomic: a crash may leave some of it. */
  clear(from: Buffer, below: Buffer): Promise<void>;
  /** Size of its files, octets. */
  octetsOnDisk(): number;
  close(): Promise<void>;
}

const CACHE_OCTETS = 32 << 20;
const WRITE_OCTETS = 8 << 20;
const FILE_OCTETS = 8 << 20;
const GATHERED_AT_ONCE = 1_000;
/** Written into a folder whose content was found to be wrong while it was in use. */
const MARK = "UNREADABLE";

/**
 * Opens the database in a folder, and makes it where there is none. One that cannot be read is set aside, renamed, with a
 * warning; the last that was set aside is kept for whoever looks into it. @throws SluiceError (store-errors.ts)
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  try {
    if (existsSync(join(options.folder, MARK))) setAside(options, "it was found to be corrupt while it was in use");
    mkdirSync(options.folder, { recursive: true });
    return new LevelDatabase(options, await open(options));
  } catch (error) {
    throw storeError(error, options);
  }
}

async function open(options: DatabaseOptions): Promise<ClassicLevel<Buffer, Buffer>> {
  try {
    return await openLevel(options);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    setAside(options, storeError(error, options).message);
    mkdirSync(options.folder, { recursive: true });
    return openLevel(options);
  }
}

async function openLevel(options: DatabaseOptions): Promise<ClassicLevel<Buffer, Buffer>> {
  const level = new ClassicLevel<Buffer, Buffer>(options.folder, {
    keyEncoding: "buffer",
    valueEncoding: "buffer",
    // Reads are on the event loop, and uncompressing a block is half of what one costs.
    compression: false,
    cacheSize: options.cacheOctets ?? CACHE_OCTETS,
    writeBufferSize: options.writeOctets ?? WRITE_OCTETS,
    maxFileSize: FILE_OCTETS,
  });
  await level.open();
  return level;
}

function setAside({ folder, log }: DatabaseOptions, cause: string): void {
  const prefix = `${basename(folder)}.unreadable-`;
  for (const name of readdirSync(dirname(folder)))
    if (name.startsWith(prefix)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  const aside = join(dirname(folder), `${prefix}${new Date().toISOString().replace(/[:.]/g, "-")}`);
  renameSync(folder, aside);
  rmSync(join(aside, MARK), { force: true });
  log.warn({ folder, aside, cause }, "The store cannot be read; it has been set aside, and is read from Kafka anew");
}

class LevelDatabase implements Database {
  private readonly options: DatabaseOptions;
  private readonly level: ClassicLevel<Buffer, Buffer>;

  constructor(options: DatabaseOptions, level: ClassicLevel<Buffer, Buffer>) {
    this.options = options;
    this.level = level;
  }

  get(key: Buffer): Buffer | undefined {
    try {
      return this.level.getSync(key);
    } catch (error) {
      throw this.fault(error);
    }
  }

  async write(changes: Iterable<Change>): Promise<void> {
    await this.guard(async () => {
      const batch = this.level.batch();
      let gathered = 0;
      for (const [key, value] of changes) {
        if (value === null) batch.del(key);
        else batch.put(key, value);
        // A full batch takes a tenth of a second to gather; others have their turns meanwhile.
        if (++gathered % GATHERED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      // Synced: what a loss of power leaves is then a beginning of what was written, without a hole in it.
      await batch.write({ sync: true });
    });
  }

  range(from: Buffer, below: Buffer, limit: number): Promise<Entry[]> {
    return this.guard(() => this.level.iterator({ gte: from, lt: below, limit }).all());
  }

  clear(from: Buffer, below: Buffer): Promise<void> {
    return this.guard(() => this.level.clear({ gte: from, lt: below }));
  }

  octetsOnDisk(): number {
    const { folder } = this.options;
    let octets = 0;
    for (const name of readdirSync(folder)) {
      // The database removes files meanwhile.
      octets += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    }
    return octets;
  }

  close(): Promise<void> {
    return this.guard(() => this.level.close());
  }

  private async guard<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw this.fault(error);
    }
  }

  private fault(error: unknown): Error {
    if (isUnreadable(error))
      try {
        writeFileSync(join(this.options.folder, MARK), "");
      } catch {
        // Then the next start finds out for itself.
      }
    return storeError(error, this.options);
  }
}
