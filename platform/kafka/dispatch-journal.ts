/**
 * What a dispatcher has handed over and what came of it, in a file on this machine. Its pages outlive the process without an
 * fsync, so a process that is killed and comes back here knows what it had not written, and what had been answered and was not
 * yet stored. It is a hint: without it, or when it cannot be believed, all that is below the horizon is in doubt as ever. See
 * docs/decisions/0010-journal.md.
 */
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Outcome, WorkPlace } from "./dispatch-handler.ts";
import { JournalBatch } from "./journal-format.ts";
import { type JournalHint, noHint, readHint } from "./journal-hint.ts";
import { type KafkaLog, seldom } from "./record.ts";

export interface JournalOptions {
  /** Folder of the journals, on a local disk or in memory. */
  readonly dir: string;
  /** Whose: consumer group and partition. Part of the file names. */
  readonly name: string;
  readonly log: KafkaLog;
  /** The run of the machine. Default: as Linux names it. */
  readonly boot?: string | undefined;
  /** A file that has grown to so much is followed by another when that is free, octets. Default 1 MiB. */
  readonly fileOctets?: number;
}

/** What a new owner finds when it begins. */
export interface JournalStart {
  /** The last owner's journal, as its commits name it. */
  readonly token: string | undefined;
  readonly offsets: readonly number[];
  readonly doubtBelow: readonly number[];
}

const FILE_OCTETS = 1 << 20;
/** A file that cannot be followed by another, since what the other speaks of is not committed, ends the journal when it is so many times as large. */
const MOST_FILE_SIZES = 64;
/** Files of one owner: one is written while what the other speaks of is being committed. */
const FILES = [0, 1];

/**
 * `on`: it is kept. `failed`: a write has failed, and nothing may leave until a commit without its name is stored, since the next
 * owner would take what is missing for untouched. `off`: there is none. `over`: the partition has gone.
 */
type State = "on" | "failed" | "off" | "over";

export class DispatchJournal {
  private readonly options: JournalOptions;
  private readonly batch = new JournalBatch();
  private readonly own = randomBytes(8).toString("hex");
  private state: State = "off";
  private boot = "";
  private fd = -1;
  private generation = 0;
  private octets = 0;
  private unknownBelow: readonly number[] = [];
  /** One above the highest offset that the present file speaks of, and the one before it, by lane. */
  private reach: number[] = [];
  private reachBefore: number[] = [];
  private committed: readonly number[] = [];
  private predecessor: string | undefined;
  private taken = false;

  constructor(options: JournalOptions) {
    this.options = options;
  }

  /** How commits name it; undefined when there is none. */
  get token(): string | undefined {
    return this.state === "on" ? this.own : undefined;
  }

  /** A commit without its name must be stored before anything more can leave. */
  get failed(): boolean {
    return this.state === "failed";
  }

  /** Reads what the last owner left, and begins a journal that goes on saying what is still of use. */
  begin({ token, offsets, doubtBelow }: JournalStart): JournalHint {
    const boot = this.options.boot ?? bootOfMachine();
    const nothing = noHint(doubtBelow);
    if (boot === undefined) {
      this.complain("This system does not tell one run of the machine from another; no journal is kept");
      return nothing;
    }
    this.boot = boot;
    const asked = { files: token === undefined ? [] : this.files(token), boot, offsets, doubtBelow };
    const hint = token === undefined ? nothing : (readHint({ ...asked, token }) ?? nothing);
    if (hint !== nothing)
      this.options.log.info({ name: this.options.name, ...hint.counts }, "The last owner's journal is here");
    this.predecessor = token;
    this.committed = offsets;
    this.reach = offsets.map(() => 0);
    this.reachBefore = [...this.reach];
    this.unknownBelow = doubtBelow.map((offset, lane) =>
      offset > offsets[lane]! ? (hint.unknownBelow[lane] ?? offset) : 0,
    );
    try {
      mkdirSync(this.options.dir, { recursive: true });
      this.tidy(token);
      this.open();
      for (const { kind, lane, offset, id, outcome } of hint.above(offsets)) {
        if (outcome === undefined) this.note(kind, lane, offset, id);
        else this.noteOutcome(lane, offset, id, outcome);
      }
      this.write();
      this.state = "on";
    } catch (error) {
      this.close();
      this.complain("The folder cannot be written to; no journal is kept", error);
    }
    return hint;
  }

  /** The work may have an effect once `flush` has returned true. */
  leaving({ lane, offset, id }: WorkPlace): void {
    if (this.state === "on") this.note("leaving", lane, offset, id);
  }

  /** What was said to leave has certainly had no effect. */
  stayed({ lane, offset, id }: WorkPlace): void {
    if (this.state === "on") this.note("stayed", lane, offset, id);
  }

  outcome({ lane, offset, id }: WorkPlace, outcome: Outcome): void {
    // Without an event it is none: its partition was lost, and who has it now decides.
    if (this.state === "on" && outcome.events.length > 0) this.noteOutcome(lane, offset, id, outcome);
  }

  /** Writes what has been noted. False: that failed, and nothing may leave now. */
  flush(): boolean {
    if (this.state !== "on") return this.state === "off";
    if (this.batch.empty) return true;
    try {
      this.write();
      const { fileOctets = FILE_OCTETS } = this.options;
      if (this.octets >= fileOctets) this.turn();
      if (this.octets >= fileOctets * MOST_FILE_SIZES) throw new Error("It has grown too large: something is not done");
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** These offsets are stored as done, under this name. */
  stored(offsets: readonly number[], token: string | undefined): void {
    this.committed = offsets;
    if (this.state === "failed" && token === undefined) this.state = "off";
    if (token !== this.own || this.taken) return;
    // Nobody will ask for the last owner's any more.
    this.taken = true;
    const { predecessor } = this;
    if (predecessor !== undefined) quietly(() => this.remove(predecessor));
  }

  /** `done`: nothing is open or in doubt, and nobody will ask. Otherwise the partition has gone, and nothing of it may leave. */
  end(done: boolean): void {
    this.close();
    this.state = done ? "off" : "over";
    if (done) quietly(() => this.remove(this.own));
  }

  private note(kind: "leaving" | "stayed" | "outcome", lane: number, offset: number, id: string): void {
    if (offset >= this.reach[lane]!) this.reach[lane] = offset + 1;
    this.batch.entry(kind, lane, offset, id);
  }

  private noteOutcome(lane: number, offset: number, id: string, outcome: Outcome): void {
    if (offset >= this.reach[lane]!) this.reach[lane] = offset + 1;
    this.batch.outcome(lane, offset, id, outcome);
  }

  private write(): void {
    if (this.batch.empty) return;
    const octets = this.batch.take();
    for (let at = 0; at < octets.length; ) at += writeSync(this.fd, octets, at);
    this.octets += octets.length;
  }

  /** Goes on in the other file, if all that stands there is committed. */
  private turn(): void {
    if (!this.reachBefore.every((offset, lane) => offset <= this.committed[lane]!)) return;
    this.close();
    this.generation++;
    this.reachBefore = this.reach;
    this.reach = this.reach.map(() => 0);
    this.open();
  }

  private open(): void {
    this.fd = openSync(this.files(this.own)[this.generation % FILES.length]!, "w", 0o600);
    this.octets = 0;
    const { own: token, boot, generation, unknownBelow } = this;
    this.batch.head({ token, boot, generation, before: this.reachBefore, unknownBelow });
    this.write();
  }

  private close(): void {
    const { fd } = this;
    this.fd = -1;
    if (fd >= 0) quietly(() => closeSync(fd));
  }

  private fail(error: unknown): void {
    this.state = "failed";
    this.close();
    // What stands there is true, so that it does no harm where this fails too.
    quietly(() => this.remove(this.own));
    this.complain("The journal cannot be written; none is kept from here on", error);
  }

  private files(token: string): string[] {
    return FILES.map((n) => join(this.options.dir, `${this.options.name}.${token}.${n}`));
  }

  private remove(token: string): void {
    for (const file of this.files(token)) rmSync(file, { force: true });
  }

  /** Removes what earlier owners have left, but for the last one's. */
  private tidy(last: string | undefined): void {
    const { dir, name } = this.options;
    for (const file of readdirSync(dir)) {
      const [token, n, ...more] = file.startsWith(`${name}.`) ? file.slice(name.length + 1).split(".") : [];
      if (token !== undefined && n !== undefined && more.length === 0 && token !== last) rmSync(join(dir, file));
    }
  }

  private complain(message: string, error?: unknown): void {
    const { dir, name, log } = this.options;
    const cause = error instanceof Error ? error.message : undefined;
    seldom(log, `journal-${name}`).warn({ dir, name, cause }, message);
  }
}

/** What is left behind is removed by the next owner. */
function quietly(act: () => void): void {
  try {
    act();
  } catch {}
}

/** Changes with every start of the machine; undefined where that cannot be told. */
function bootOfMachine(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}
