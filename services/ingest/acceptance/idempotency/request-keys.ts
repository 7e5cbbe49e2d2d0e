import type { OutRecord } from "../../../../platform/kafka/record.ts";
import type { RequestKeys as KeysRecord } from "../../../../schemas/generated/types.ts";
import { REQUEST_KEYS_TOPIC } from "../../../../schemas/topics.ts";
import { AgingMap } from "../aging-map.ts";
import type { Moment } from "../moment.ts";
import type { KeyCopy } from "./key-copy.ts";
import { type Key, partitionOfName } from "./key-name.ts";
import type { StoredKeys } from "./stored-keys.ts";

/** The copy has a key some milliseconds after it was written; it is older than ten seconds in no partition that is gone by. Milliseconds. */
const PERIOD_MS = 60_000;

/** Routers know a repeat for a minute at least, also after a takeover: a message that is younger may be written once more, ms. */
const AGAIN_MS = 45_000;

/** What is known of a key. */
export interface Known {
  /** Base64. */
  readonly fingerprint: string;
  /** When its message was accepted, epoch ms. */
  readonly at: number;
  /**
   * - `writing`: a request of this process is at work on it;
   * - `late`: Kafka has not answered in time, in this process;
   * - `taken`: another process was at work on it, or this one before it started, and what came of it is not known;
   * - `stored`: its message stands in the log.
   */
  readonly state: "writing" | "late" | "taken" | "stored";
  /** Of a batch: a bit for each message that was rejected; may be shorter. */
  readonly rejected: Buffer;
  /** The request that is at work on it; `writing` only. */
  readonly by?: Moment | undefined;
}

/**
 * What a repeat is to get:
 * - `answer`: the same answer, and nothing is written;
 * - `again`: the message is written once more under its id, which routers drop if they have it;
 * - `look`: it is to be looked for, and then one of the two;
 * - `wait`: nothing now, since the first may still be under way; seconds after which to try again, at least 1.
 */
export type Fate =
  | { readonly fate: "answer" | "again" | "look" }
  | { readonly fate: "wait"; readonly waitSeconds: number };

export interface RequestKeysOptions {
  /** Undefined, for tests: this process is alone and has no past. */
  readonly copy?: Pick<KeyCopy, "find" | "current"> | undefined;
  /** Keys that are remembered beside the copy for a minute; about 250 octets each, twice as many at the most. */
  readonly capacity: number;
  readonly partitions: number;
  readonly encode: (record: KeysRecord) => Buffer;
  readonly stored: Pick<StoredKeys, "add">;
  /** How long another process may be at work on a request, ms: until then a key that it has taken is not given to a repeat. */
  readonly atWorkMs: number;
}

/** A key that a message, or a batch, is to be written under. */
export interface Taken {
  readonly key: Key;
  readonly fingerprint: string;
  /** When the message was accepted first, epoch ms. */
  readonly at: number;
  /** Messages of a batch that are rejected, by their places from 0 on. */
  readonly rejected: number[];
  /** What was known of it here, where that is to stand again if nothing is written. */
  before?: Known;
}

const NONE = Buffer.alloc(0);

/**
 * Which message a key stands for, on whatever instance it was accepted, for 24 hours: what this process is at, and behind that the copy of what all have
 * written (docs/decisions/0024-idempotency-keys.md).
 */
export class RequestKeys {
  private readonly options: RequestKeysOptions;
  private readonly own: AgingMap<Known>;

  /** @param nowMs monotonic. */
  constructor(options: RequestKeysOptions, nowMs: number) {
    this.options = options;
    this.own = new AgingMap({ periodMs: PERIOD_MS, capacity: options.capacity }, nowMs);
  }

  /** What is known of a key; `unknowable`: the copy of its partition is too old to tell. */
  find(key: Key, { monotonic }: Moment): Known | "unknowable" | undefined {
    const own = this.own.get(key.owner, key.key, monotonic);
    if (own !== undefined) return own;
    const { copy } = this.options;
    if (copy === undefined) return undefined;
    if (!copy.current(key.name)) return "unknowable";
    const entry = copy.find(key.name);
    if (entry === undefined) return undefined;
    const { fingerprint, at, stored, rejected } = entry;
    return { fingerprint, at, rejected, state: stored ? "stored" : "taken" };
  }

  /** What a repeat of the same content is to get. */
  fateOf({ state, at, by }: Known, now: Moment): Fate {
    if (state === "stored" || (state === "writing" && by === now)) return { fate: "answer" };
    if (state === "writing") return { fate: "wait", waitSeconds: 1 };
    const age = now.wall - at;
    const atWork = this.options.atWorkMs - age;
    if (state === "taken" && atWork > 0) return { fate: "wait", waitSeconds: Math.ceil(atWork / 1_000) };
    return { fate: age < AGAIN_MS ? "again" : "look" };
  }

  /** From here on a repeat waits, until `settle`. */
  take(taken: Taken, by: Moment): void {
    const {
      key: { owner, key },
      fingerprint,
      at,
    } = taken;
    const before = this.own.get(owner, key, by.monotonic);
    if (before?.state === "late") taken.before = before;
    this.own.set(owner, key, { fingerprint, at, state: "writing", rejected: NONE, by }, by.monotonic);
  }

  /** What is written together with the messages: few records, however many keys. */
  records(taken: readonly Taken[]): OutRecord[] {
    const { partitions, encode } = this.options;
    const groups = new Map<string, Group>();
    for (const { key, fingerprint, at, rejected } of taken) {
      const { name } = key;
      const partition = partitionOfName(name, partitions);
      const id = rejected.length > 0 ? name.toString("latin1") : `${partition} ${at}`;
      let group = groups.get(id);
      if (group === undefined) {
        group = { partition, at, rejected: bitsOf(rejected), names: [], fingerprints: [] };
        groups.set(id, group);
      }
      group.names.push(name);
      group.fingerprints.push(Buffer.from(fingerprint, "base64"));
    }
    return [...groups.values()].map(({ partition, at, rejected, names, fingerprints }) => {
      const lists = { names: Buffer.concat(names), fingerprints: Buffer.concat(fingerprints) };
      const value = encode({ stored: false, at, ...lists, rejected });
      return { topic: REQUEST_KEYS_TOPIC, partition, key: null, value };
    });
  }

  /** What came of the write; `refused`: nothing was written, and the keys are again what they were. */
  settle(taken: readonly Taken[], outcome: "stored" | "late" | "refused", by: Moment): void {
    for (const { key, fingerprint, at, rejected, before } of taken) {
      const known = { fingerprint, at, rejected: bitsOf(rejected) };
      if (outcome !== "refused") this.own.set(key.owner, key.key, { ...known, state: outcome }, by.monotonic);
      else if (before !== undefined) this.own.set(key.owner, key.key, before, by.monotonic);
      else this.own.delete(key.owner, key.key);
      if (outcome === "stored") this.options.stored.add(key.name, fingerprint);
    }
  }

  /** A message that was looked for and is there. */
  found({ key, fingerprint }: Taken): void {
    this.options.stored.add(key.name, fingerprint);
  }
}

interface Group {
  readonly partition: number;
  readonly at: number;
  readonly rejected: Buffer;
  readonly names: Buffer[];
  readonly fingerprints: Buffer[];
}

/** A bit for each place, from the highest of the first octet on. @param places ascending */
function bitsOf(places: readonly number[]): Buffer {
  const last = places.at(-1);
  if (last === undefined) return NONE;
  const bits = Buffer.alloc((last >> 3) + 1);
  for (const place of places) bits[place >> 3]! |= 0x80 >> (place & 7);
  return bits;
}

/** Whether the message in a place of a batch was rejected. */
export function wasRejected({ rejected }: Pick<Known, "rejected">, place: number): boolean {
  return ((rejected[place >> 3] ?? 0) & (0x80 >> (place & 7))) !== 0;
}
