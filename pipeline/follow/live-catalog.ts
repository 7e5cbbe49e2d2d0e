import { setTimeout as sleep } from "node:timers/promises";
import type { Reveal } from "../../domain/catalog/secret-references.ts";
import { secretPlaces } from "../../domain/catalog/secret-references.ts";
import { type Snapshot, type SnapshotSource, snapshotInSteps } from "../../domain/catalog/snapshot.ts";
import type { Decoded } from "../../platform/codec/codec.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { Log } from "../../platform/log/log.ts";
import type { Control } from "../../schemas/generated/types.ts";
import { type AppliedVersion, CatalogLog } from "../control/catalog-log.ts";
import type { CatalogSource } from "../control/catalog-version.ts";
import { inSlices } from "../control/in-slices.ts";
import { readControl } from "../control/read-control.ts";
import { readVersion } from "../control/read-version.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { ReadMark } from "./read-mark.ts";

/** Between two questions for a schema that the registry has not given, ms. */
const RETRY_MS = 1_000;
/** A head comes within seconds of its pieces, or the apply was broken off: what was made ready of it is kept for so long, ms by the log's clock. */
const EARLY_MS = 60_000;

export interface LiveCatalogOptions {
  readonly codecs: Pick<SluiceCodecs, "control" | "loadSchema">;
  /** Of the message topics. */
  readonly partitions: number;
  readonly reveal: Reveal;
  readonly log: Log;
  /** Told of each change: another snapshot is there, or one could not be taken over. */
  readonly onWord?: () => void;
}

/** What a catalog was read as. */
interface ReadCatalog {
  readonly snapshot: Snapshot;
  /** All secrets together: see `fingerprint`. */
  readonly secrets: string;
}

interface Early extends ReadCatalog {
  readonly source: CatalogSource;
  /** When its last piece was appended, epoch ms. */
  readonly at: number;
}

/**
 * The catalog that a process works with: the newest version of sms.control that it can read, and before the first one the
 * files that it was started with. A version that it cannot read changes nothing.
 */
export class LiveCatalog implements SnapshotSource {
  /** Why the newest version is not the one at work. */
  trouble: string | undefined;
  private snapshot: Snapshot | undefined;
  private readonly options: LiveCatalogOptions;
  private readonly control = new CatalogLog();
  private readonly mark = new ReadMark();
  private readonly listeners: ((snapshot: Snapshot) => void)[] = [];
  /** One thing is done after the other, also when a schema has to be loaded in between, or a large version is read. */
  private turn: Promise<void> = Promise.resolve();
  private replaying = true;
  /** What was made ready before its head stood there. */
  private early: Early | undefined;
  private lastPrepared: string | undefined;
  private secrets = "";
  /** For a schema. */
  private waits = false;

  constructor(options: LiveCatalogOptions) {
    this.options = options;
  }

  get current(): Snapshot {
    if (this.snapshot === undefined) throw new Error("the catalog is used before it is there");
    return this.snapshot;
  }

  /** Id of the last version that was made ready, or found to be of no use, before its head stood there. */
  get prepared(): string | undefined {
    return this.lastPrepared;
  }

  /** Called with each snapshot after the present one. */
  onChange(listener: (snapshot: Snapshot) => void): void {
    this.listeners.push(listener);
  }

  /** Takes a record of sms.control. Resolves when it has been taken, and those before it. */
  accept(record: InRecord): Promise<void> {
    const tell = (error: unknown) =>
      this.options.log.error({ offset: record.offset, why: errorMessage(error) }, "a record of sms.control failed");
    // One that fails must not keep the following ones from their turn.
    return this.next(() => this.take(record))
      .catch(tell)
      .then(() => this.mark.reached(record.offset + 1));
  }

  /** Resolves with true when all records of sms.control below `offset` have been taken; with false after so long, ms. */
  until(offset: number, withinMs: number): Promise<boolean> {
    return this.mark.until(offset, withinMs);
  }

  /**
   * What stood in the topic has been given: the newest version is taken over, or `files` where there is none.
   * @throws what `files` throws; SluiceError `CATALOG_INVALID` when the version cannot be read: there is nothing to go on with.
   */
  begin(files: () => Snapshot): Promise<void> {
    return this.next(async () => {
      this.replaying = false;
      const { current } = this.control;
      if (current === undefined) this.snapshot = files();
      else this.work(await this.read(current.source), current);
      this.options.onWord?.();
    });
  }

  /** Secrets are looked at again: one that has changed makes a new snapshot of the same version. */
  refreshSecrets(): Promise<void> {
    return this.next(async () => {
      const { current } = this.control;
      if (current === undefined || this.secrets === "" || this.fingerprint(current.source) === this.secrets) return;
      await this.takeOver(current);
    });
  }

  /** Does this when what was asked for before has been done. */
  private next(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  private async take(record: InRecord): Promise<void> {
    // Each instance says a word every 20 s, so that records come.
    if (this.early !== undefined && record.timestamp - this.early.at > EARLY_MS) this.forgetEarly();
    if (record.value === null) {
      this.control.removed(record.key?.toString() ?? "");
      return;
    }
    const { log } = this.options;
    const decoded = await this.decode(record.value);
    if (!decoded.ok) {
      log.warn({ offset: record.offset, why: decoded.detail }, "a record of sms.control is passed over");
      return;
    }
    const version = await this.control.accept(decoded.value);
    if (this.replaying) return;
    if (version !== undefined) await this.takeOver(version);
    else if (decoded.value.kind === "piece") await this.prepare(decoded.value.id, record.timestamp);
  }

  /**
   * Reads a version when its pieces are there, and its head is not: when that comes, there is nothing left to do. What is wrong
   * with it is told then, if it counts.
   */
  private async prepare(id: string, at: number): Promise<void> {
    const source = await this.control.unpackEarly(id);
    if (source === undefined) return;
    this.early = undefined;
    try {
      this.early = { source, at, ...(await this.read(source)) };
    } catch (error) {
      this.control.forgetEarly();
      this.options.log.debug({ id, why: errorMessage(error) }, "a catalog that is being applied cannot be read");
    }
    this.lastPrepared = id;
    this.options.onWord?.();
  }

  private forgetEarly(): void {
    this.early = undefined;
    this.control.forgetEarly();
  }

  /**
   * Waits for the registry as long as it takes: each version is made of the one before, and without this record no later one
   * would count.
   */
  private async decode(value: Buffer): Promise<Decoded<Control>> {
    const { codecs, log, onWord } = this.options;
    for (;;) {
      try {
        const decoded = await readControl(value, codecs);
        if (this.waits) {
          this.waits = false;
          this.trouble = undefined;
          onWord?.();
        }
        return decoded;
      } catch (error) {
        const why = errorMessage(error);
        log
          .every("control-schema", 5_000)
          .warn({ why }, "the catalog waits for the schema registry; the last one goes on");
        if (!this.waits) {
          this.waits = true;
          this.trouble = `a schema cannot be had from the registry: ${why}`;
          if (!this.replaying) onWord?.();
        }
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private async takeOver(version: AppliedVersion): Promise<void> {
    const { log } = this.options;
    try {
      this.work(this.takeEarly(version) ?? (await this.read(version.source)), version);
      this.trouble = undefined;
      log.info({ version: version.version, by: version.by }, "the catalog has changed");
    } catch (error) {
      this.trouble = `version ${version.version}: ${errorMessage(error)}`;
      log.error(
        { version: version.version, why: errorMessage(error) },
        "a catalog cannot be taken over; the last one goes on",
      );
    }
    this.options.onWord?.();
    if (this.trouble === undefined) for (const listener of this.listeners) listener(this.current);
  }

  /** What was made ready of it; undefined when that was another one, or its secrets have changed since. */
  private takeEarly({ source }: AppliedVersion): ReadCatalog | undefined {
    const { early } = this;
    this.early = undefined;
    return early?.source === source && early.secrets === this.fingerprint(source) ? early : undefined;
  }

  private work({ snapshot, secrets }: ReadCatalog, { version }: AppliedVersion): void {
    this.snapshot = { ...snapshot, version };
    this.secrets = secrets;
  }

  private async read(source: CatalogSource): Promise<ReadCatalog> {
    const { partitions, reveal } = this.options;
    const secrets = this.fingerprint(source);
    const catalog = await readVersion(source, partitions, reveal);
    return { snapshot: await inSlices(snapshotInSteps(catalog)), secrets };
  }

  /** All secrets together, to tell whether one has changed; empty where there are none. */
  private fingerprint(source: CatalogSource): string {
    return secretPlaces(source)
      .map(({ reference, keys }) => {
        try {
          return reference === undefined ? "" : this.options.reveal(reference, keys);
        } catch {
          return "";
        }
      })
      .join("\n");
  }
}
