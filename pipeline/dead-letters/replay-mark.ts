import type { Codec } from "../../platform/codec/codec.ts";
import { headerText, type InRecord, type OutRecord } from "../../platform/kafka/record.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";

/** Where a dead letter stands in sms.dead-letter. */
export interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

/** A dead letter, and where and when Kafka stored it. */
export interface Letter extends LetterPlace {
  /** Epoch ms. */
  readonly storedAt: number;
  readonly content: DeadLetter;
}

/**
 * What stands behind a letter, in its partition, of one replay. `begun`: the record may be written from now on, at `at` of its
 * topic's partition or beyond. `done`: it has been, below `at`.
 */
export interface ReplayMark {
  readonly letter: LetterPlace;
  readonly state: "begun" | "done";
  /** Names the run that replays. */
  readonly run: string;
  /** Offset in the partition that the record goes to. */
  readonly at: number;
  /** Epoch ms, by the broker. */
  readonly storedAt: number;
}

/** Says of a record that it is a replay, and of which letter: `<partition>/<offset>/<run>`. */
export const REPLAY_OF = "replay-of";
/** What `src` was. Under its own name it would be dropped: a sender has long seen higher positions. */
export const REPLAYED_SOURCE = "replayed-src";
/** Reasons in sms.dead-letter that tell of a replay, and are no letter. */
export const REPLAY_REASONS = { begun: "replay-begun", done: "replayed" } as const;

const [MARK, AT] = ["replay-mark", "replay-at"];
/**
 * So long after its mark a run may still write, ms; twice that later it is taken for dead, and another one may look what it
 * has written. A process that stands still in between can send the one request that it had in hand, no more.
 */
export const WRITE_WITHIN_MS = 30_000;
export const DEAD_AFTER_MS = 3 * WRITE_WITHIN_MS;

/** Text of a place; the name of a letter for people, too. */
export function placeText({ partition, offset }: LetterPlace): string {
  return `${partition}/${offset}`;
}

/** The mark of a replay, to be written behind its letter. `now`: epoch ms. */
export function markRecord(
  codec: Codec<DeadLetter>,
  letter: Letter,
  { state, run, at }: Pick<ReplayMark, "state" | "run" | "at">,
  now: number,
): OutRecord {
  const { partition, offset, content } = letter;
  const value = codec.encode({
    reason: REPLAY_REASONS[state],
    detail: `of the letter ${placeText(letter)} (${content.reason}), to ${content.topic}/${content.partition}, by ${run}`,
    service: "replay",
    at: now,
    messageId: content.messageId,
    topic: DEAD_LETTER_TOPIC,
    partition,
    offset,
    key: null,
    value: null,
    headers: {},
  });
  const mark = `${placeText(letter)}/${state}/${run}`;
  const headers = { id: `replay/${mark}`, [MARK]: mark, [AT]: String(at) };
  return { topic: DEAD_LETTER_TOPIC, partition, key: null, value, headers };
}

/**
 * Reads a mark; undefined for a letter. A mark stands behind its letter, in the same partition: what says so of another place is none,
 * whoever wrote it.
 */
export function readMark(record: InRecord): ReplayMark | undefined {
  const text = headerText(record, MARK);
  if (text === undefined) return undefined;
  const match = /^(\d+)\/(\d+)\/(begun|done)\/([\w-]+)$/.exec(text);
  if (match === null) return undefined;
  const [, partition, offset, state, run] = match as unknown as [string, string, string, "begun" | "done", string];
  const letter = { partition: Number(partition), offset: Number(offset) };
  if (letter.partition !== record.partition || letter.offset >= record.offset) return undefined;
  return { letter, state, run, at: Number(headerText(record, AT) ?? 0), storedAt: record.timestamp };
}

/** What the marks of a letter say to a run that wants to replay it. */
export type Claim =
  | { readonly state: "free" }
  /** It has been replayed. */
  | { readonly state: "replayed"; readonly mark: ReplayMark }
  /** Another run is about to, or this one has not said so yet and another was first. */
  | { readonly state: "taken"; readonly mark: ReplayMark }
  /** A run has ended in the middle: whether it wrote the record stands in the topic that it goes to. */
  | { readonly state: "interrupted"; readonly marks: readonly ReplayMark[] };

/**
 * Judges the marks of one letter, in the order of the log: of those that are alive the first one counts.
 * `run`: who asks; a run without a mark of its own is behind all others. `now`: epoch ms by the brokers' clock.
 */
export function claimOf(marks: readonly ReplayMark[], run: string, now: number): Claim {
  const done = marks.findLastIndex(({ state }) => state === "done");
  const open = marks.slice(done + 1).filter(({ state }) => state === "begun");
  const alive = open.filter((mark) => now - mark.storedAt < DEAD_AFTER_MS);
  const [first] = alive;
  if (first !== undefined && first.run !== run) return { state: "taken", mark: first };
  const dead = open.filter((mark) => mark.run !== run && !alive.includes(mark));
  if (dead.length > 0) return { state: "interrupted", marks: dead };
  return done < 0 ? { state: "free" } : { state: "replayed", mark: marks[done]! };
}
