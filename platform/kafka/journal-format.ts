import { crc32 } from "node:zlib";
import type { Outcome } from "./dispatch-handler.ts";
import type { OutRecord } from "./record.ts";

/**
 * Octets of a dispatcher's journal. A file is a run of batches, each written in one go: magic number, length, the same
 * length with all bits turned (a wrong one would look like the end of the file), checksum of what follows, and entries. The first batch of a file holds its head. All numbers are little-endian.
 */
export interface JournalHead {
  /** The owner that wrote it, as its commits name it. */
  readonly token: string;
  /** The run of the machine: what was written before a crash of the machine may not have reached the disk. */
  readonly boot: string;
  /** Files of one owner are numbered; each holds what followed on the one before. */
  readonly generation: number;
  /** One above the highest offset, by lane, that a file before this one speaks of. */
  readonly before: readonly number[];
  /** By lane: what an earlier owner may have done below these offsets is not known here. */
  readonly unknownBelow: readonly number[];
}

export interface JournalEntry {
  /** `leaving`: it may have had an effect from now on. `stayed`: it had none. `outcome`: how it ended. */
  readonly kind: "leaving" | "stayed" | "outcome";
  readonly lane: number;
  readonly offset: number;
  /** Of the work. */
  readonly id: string;
  /** Only of an outcome. */
  readonly outcome?: Outcome;
}

export interface JournalContent {
  readonly head: JournalHead | undefined;
  readonly entries: readonly JournalEntry[];
  /**
   * `cut`: the last batch is not whole, as a process leaves it that is killed while it writes; what it was about had not begun.
   * `corrupt`: something stands there that was never written so, and what stood behind it is not known.
   */
  readonly end: "whole" | "cut" | "corrupt";
}

const MAGIC = 0x4a4c5331;
const FRAME_OCTETS = 16;
const KINDS = ["head", "leaving", "stayed", "outcome"] as const;
const FIRST_OCTETS = 65_536;
const ABSENT = 0xffffffff;
const SHORT_TEXT = 64;

/** Collects entries in one buffer that grows and is used again and again. */
export class JournalBatch {
  private buffer = Buffer.allocUnsafeSlow(FIRST_OCTETS);
  private at = FRAME_OCTETS;

  get empty(): boolean {
    return this.at === FRAME_OCTETS;
  }

  head(head: JournalHead): void {
    this.kind("head");
    this.text(JSON.stringify(head));
  }

  entry(kind: JournalEntry["kind"], lane: number, offset: number, id: string): void {
    this.kind(kind);
    this.room(9);
    this.at = this.buffer.writeUInt8(lane, this.at);
    this.at = this.buffer.writeDoubleLE(offset, this.at);
    this.text(id);
  }

  outcome(lane: number, offset: number, id: string, { events, followUp }: Outcome): void {
    this.entry("outcome", lane, offset, id);
    this.records(events);
    this.records(followUp);
  }

  /** The batch as it is to be written; valid until the next entry. The next one begins a new batch. */
  take(): Buffer {
    const { buffer, at } = this;
    this.at = FRAME_OCTETS;
    buffer.writeUInt32LE(MAGIC, 0);
    buffer.writeUInt32LE(at - FRAME_OCTETS, 4);
    buffer.writeUInt32LE(~(at - FRAME_OCTETS) >>> 0, 8);
    buffer.writeUInt32LE(crc32(buffer.subarray(FRAME_OCTETS, at)), 12);
    return buffer.subarray(0, at);
  }

  private kind(kind: (typeof KINDS)[number]): void {
    this.room(1);
    this.at = this.buffer.writeUInt8(KINDS.indexOf(kind), this.at);
  }

  private records(records: readonly OutRecord[]): void {
    this.room(2);
    this.at = this.buffer.writeUInt16LE(records.length, this.at);
    for (const { topic, partition, key, value, headers = {} } of records) {
      this.text(topic);
      this.room(4);
      this.at = this.buffer.writeUInt32LE(partition, this.at);
      this.octets(key);
      this.octets(value);
      const names = Object.keys(headers);
      this.room(2);
      this.at = this.buffer.writeUInt16LE(names.length, this.at);
      for (const name of names) {
        this.text(name);
        this.octets(headers[name]!);
      }
    }
  }

  /** A string is read back as octets: Kafka knows no others. */
  private octets(value: Buffer | string | null): void {
    if (typeof value === "string") this.text(value);
    else {
      this.room(4 + (value?.length ?? 0));
      this.at = this.buffer.writeUInt32LE(value === null ? ABSENT : value.length, this.at);
      if (value !== null) this.at += value.copy(this.buffer, this.at);
    }
  }

  private text(text: string): void {
    const { length } = text;
    this.room(4 + length * 3);
    const { buffer } = this;
    const begin = this.at + 4;
    let octets = 0;
    // Names and ids are short and ASCII: a loop is cheaper than a call into the runtime.
    if (length <= SHORT_TEXT)
      while (octets < length) {
        const code = text.charCodeAt(octets);
        if (code > 0x7f) break;
        buffer[begin + octets++] = code;
      }
    if (octets < length) octets = buffer.write(text, begin);
    buffer.writeUInt32LE(octets, this.at);
    this.at = begin + octets;
  }

  private room(octets: number): void {
    if (this.at + octets <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.at + octets));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }
}

/** Reads a file's octets, as far as they are to be believed. */
export function readJournal(octets: Buffer): JournalContent {
  const entries: JournalEntry[] = [];
  let head: JournalHead | undefined;
  let at = 0;
  const ended = (end: JournalContent["end"]): JournalContent => ({ head, entries, end });
  while (at < octets.length) {
    if (octets.length - at < FRAME_OCTETS) return ended("cut");
    const length = octets.readUInt32LE(at + 4);
    const [begin, end] = [at + FRAME_OCTETS, at + FRAME_OCTETS + length];
    const framed = octets.readUInt32LE(at) === MAGIC && octets.readUInt32LE(at + 8) === ~length >>> 0;
    if (!framed) return ended("corrupt");
    if (end > octets.length) return ended("cut");
    const batch = octets.subarray(begin, end);
    if (crc32(batch) !== octets.readUInt32LE(at + 12)) return ended("corrupt");
    const reader = new BatchReader(batch);
    while (reader.more) {
      const entry = reader.entry();
      if (!("kind" in entry)) head = entry;
      else entries.push(entry);
    }
    at = end;
  }
  return ended("whole");
}

/** Entries of a batch whose checksum is right: what is read here was written by the class above. */
class BatchReader {
  private readonly batch: Buffer;
  private at = 0;

  constructor(batch: Buffer) {
    this.batch = batch;
  }

  get more(): boolean {
    return this.at < this.batch.length;
  }

  entry(): JournalEntry | JournalHead {
    const kind = KINDS[this.batch.readUInt8(this.at++)];
    if (kind === "head") return JSON.parse(this.octets()!.toString()) as JournalHead;
    if (kind === undefined) throw new RangeError("A journal's batch holds an entry of a kind that is not known");
    const lane = this.batch.readUInt8(this.at++);
    const offset = this.batch.readDoubleLE(this.at);
    this.at += 8;
    const id = this.octets()!.toString();
    if (kind !== "outcome") return { kind, lane, offset, id };
    return { kind, lane, offset, id, outcome: { events: this.records(), followUp: this.records() } };
  }

  private records(): OutRecord[] {
    return Array.from({ length: this.count() }, () => {
      const topic = this.octets()!.toString();
      const partition = this.batch.readUInt32LE(this.at);
      this.at += 4;
      const [key, value] = [this.octets(), this.octets()];
      const headers: [string, Buffer][] = [];
      for (let left = this.count(); left > 0; left--) headers.push([this.octets()!.toString(), this.octets()!]);
      // Not by assignment: one of them may be named __proto__.
      return { topic, partition, key, value, headers: Object.fromEntries(headers) };
    });
  }

  private count(): number {
    const count = this.batch.readUInt16LE(this.at);
    this.at += 2;
    return count;
  }

  private octets(): Buffer | null {
    const length = this.batch.readUInt32LE(this.at);
    this.at += 4;
    if (length === ABSENT) return null;
    this.at += length;
    return this.batch.subarray(this.at - length, this.at);
  }
}
