import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { headerText } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { groupOf, providerOfTopic } from "../../schemas/groups.ts";
import { UNPLACED_RECEIPTS_TOPIC } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import type { DeadLetterBox } from "./dead-letter-box.ts";
import { judgeReplay, newIdsOf, type RefusalCode, type Verdict } from "./judge-replay.ts";
import { loadContent, ownerOf, type ReadContent } from "./letter-content.ts";
import type { LetterMarks } from "./letter-marks.ts";
import { type MessageHistory, type MessageKey, messageText } from "./message-history.ts";
import {
  type Claim,
  claimOf,
  type Letter,
  type LetterPlace,
  markRecord,
  placeText,
  REPLAY_OF,
  type ReplayMark,
  WRITE_WITHIN_MS,
} from "./replay-mark.ts";

export interface ReplayOptions {
  /** False: a dry run, which writes nothing. */
  readonly carryOut: boolean;
  /** Letters a second at the most. */
  readonly rate: number;
  /** Letters that are replayed at the most. */
  readonly most: number;
  readonly again?: boolean;
  readonly asNew?: boolean;
  /** Told of each letter, in the order in which they were given. */
  readonly onJudged?: (judged: JudgedLetter) => void;
  /** Between batches: true ends the replay early. */
  readonly stopped?: () => boolean;
}

/** What came of one letter. `replayed` is false in a dry run. */
export interface JudgedLetter {
  readonly letter: Letter;
  readonly verdict: Verdict;
  readonly replayed: boolean;
}

export interface ReplayResult {
  /** Letters that were replayed; in a dry run, that would be. */
  readonly replayed: number;
  readonly refused: ReadonlyMap<RefusalCode, number>;
  /** Letters that were not looked at, since `most` was reached or the replay was stopped. */
  readonly notLookedAt: number;
  /** Places where there is no letter (any more). */
  readonly absent: readonly LetterPlace[];
}

export interface ReplayerOptions {
  readonly box: DeadLetterBox;
  readonly history: MessageHistory;
  readonly codecs: SluiceCodecs;
  /** For watermarks and commits, of any topic. */
  readonly reader: Pick<TopicReader, "watermarks" | "committed" | "topics">;
  /** Reads a stretch of any topic. */
  readonly readTopic: (topic: string, read: (reader: Pick<TopicReader, "readRange">) => Promise<void>) => Promise<void>;
  readonly producer: Pick<RecordProducer, "send"> & { readonly clock: Pick<RecordProducer["clock"], "now"> };
  /** Names this run; default: a random one. Letters, digits, _ and -. */
  readonly run?: string;
}

/** Letters that are judged together: each batch asks ClickHouse and the brokers a handful of times. */
const BATCH = 50;

type Judged = { readonly letter: Letter; readonly verdict: Verdict };

/**
 * Puts records of dead letters back where they were. Per batch: judged; marked as begun, behind the letters; the marks read back, and
 * the letters judged again, now that no other run can begin; the records written; marked as done. Whoever finds a mark
 * without its end looks into the record's topic whether it was written.
 */
export class Replayer {
  readonly run: string;
  private readonly options: ReplayerOptions;
  private readonly now: () => number;

  constructor(options: ReplayerOptions) {
    this.options = options;
    this.run = options.run ?? `replay-${randomUUID().slice(0, 13)}`;
    this.now = () => options.producer.clock.now();
  }

  /** @throws SluiceError when Kafka, the registry or ClickHouse cannot be asked; what is done by then stays done, and is seen by the next run. */
  async replay(places: readonly LetterPlace[], options: ReplayOptions): Promise<ReplayResult> {
    const refused = new Map<RefusalCode, number>();
    const absent: LetterPlace[] = [];
    const marks = this.options.box.marksOf(places);
    let [replayed, at] = [0, 0];
    while (at < places.length && replayed < options.most && options.stopped?.() !== true) {
      const began = performance.now();
      const size = Math.min(BATCH, options.most - replayed, Math.max(1, Math.floor(options.rate)));
      const batch = places.slice(at, at + size);
      const letters = await this.options.box.read(batch);
      at += size;
      const there = new Set(letters.map(placeText));
      absent.push(...batch.filter((place) => !there.has(placeText(place))));
      const judged = options.carryOut
        ? await this.carryOut(letters, marks, options)
        : await this.judge(letters, marks, options);
      for (const { letter, verdict } of judged) {
        if (verdict.ok) replayed++;
        else refused.set(verdict.code, (refused.get(verdict.code) ?? 0) + 1);
        options.onJudged?.({ letter, verdict, replayed: verdict.ok && options.carryOut });
      }
      const written = judged.filter(({ verdict }) => verdict.ok).length;
      if (options.carryOut && written > 0 && at < places.length)
        await pause(Math.max(0, (written / options.rate) * 1_000 - (performance.now() - began)));
    }
    return { replayed, refused, notLookedAt: places.length - Math.min(at, places.length), absent };
  }

  private async carryOut(letters: readonly Letter[], marks: LetterMarks, options: ReplayOptions): Promise<Judged[]> {
    const { producer, codecs } = this.options;
    const first = await this.judge(letters, marks, options);
    const chosen = first.filter(({ verdict }) => verdict.ok).map(({ letter }) => letter);
    if (chosen.length === 0) return first;
    const before = await this.ends(chosen);
    const mark = (state: ReplayMark["state"], marked: readonly Letter[], ends: ReadonlyMap<string, number>) =>
      producer.send(
        marked.map((letter) => {
          const at = ends.get(targetOf(letter)) ?? 0;
          return markRecord(codecs.deadLetter, letter, { state, run: this.run, at }, this.now());
        }),
      );
    const lease = performance.now() + WRITE_WITHIN_MS;
    await mark("begun", chosen, before);
    const second = await this.judge(chosen, marks, options);
    const going = second.flatMap(({ letter, verdict }) => (verdict.ok ? [{ letter, record: verdict.record }] : []));
    await producer.send(
      going.map(({ record }) => record),
      {
        get alive() {
          return performance.now() < lease;
        },
      },
    );
    const written = going.map(({ letter }) => letter);
    await mark("done", written, await this.ends(written));
    const verdicts = new Map(second.map((one) => [one.letter, one]));
    return first.map((one) => verdicts.get(one.letter) ?? one);
  }

  /** Judges letters by what is known now. */
  private async judge(letters: readonly Letter[], marks: LetterMarks, options: ReplayOptions): Promise<Judged[]> {
    const { codecs, reader, history } = this.options;
    const topics = new Set(await reader.topics());
    const committed = new Map<string, readonly number[]>();
    const counts = new Map<string, number>();
    for (const topic of new Set(letters.map(({ content }) => content.topic))) {
      const group = groupOf(topic);
      if (group === undefined || !topics.has(topic)) continue;
      counts.set(topic, (await reader.watermarks(topic)).length);
      // Before the events are looked up: what has been dealt with by now has its events by then.
      committed.set(topic, await reader.committed(group, topic));
    }
    // Before the topics are looked into: what another run had not written by then its mark says, and what it had is found.
    await marks.read();
    const besides = await this.goingBefore(letters, marks);
    const waiting = await this.waitingIn(letters, committed);
    const read = await Promise.all(
      letters.map(async (letter) => ({ letter, content: await loadContent(codecs, letter.content) })),
    );
    const submissions = await this.submissions(read);
    const keys = read.flatMap(({ letter, content }) => keysOf(letter, content));
    const events = await history.of([...keys, ...[...submissions.values()].flat()]);
    const judged: Judged[] = [];
    const taken = new Set<string>();
    const messages = new Set<string>();
    for (const { letter, content } of read) {
      const { topic, partition, offset } = letter.content;
      const claim = await this.claim(letter, marks.of(letter), options.carryOut, counts.has(topic));
      const work = workOf(letter);
      const reached = committed.get(topic)?.[partition] ?? -1;
      const verdict = judgeReplay(letter, {
        ...{ codecs, content, claim, run: this.run, now: this.now() },
        dealtWith: reached > offset && (claim.state !== "replayed" || reached >= claim.mark.at),
        onItsWay: taken.has(work) || waiting.has(work) || besides.get(letter)?.has(work) === true,
        goesAlready: (key) => messages.has(messageText(key)),
        targetPartitions: counts.get(topic),
        eventsOf: (key) => events.get(messageText(key)) ?? [],
        submissions: submissions.get(letter) ?? [],
        again: options.again ?? false,
        asNew: options.asNew ?? false,
      });
      if (verdict.ok) taken.add(work);
      const { to } = ownerOf(content, letter.content);
      if (verdict.ok && content.ok && content.kind === "request")
        messages.add(messageText({ messageId: verdict.messageId!, to: to! }));
      judged.push({ letter, verdict });
    }
    return judged;
  }

  /**
   * What waits in the partitions of providers' queues that these letters go to. A sender takes what comes to it under a second offset for
   * another work, so what stands there already, as a replay or as the router repeated it, must not be put beside it.
   */
  private async waitingIn(letters: readonly Letter[], committed: ReadonlyMap<string, readonly number[]>) {
    const found = new Set<string>();
    // The topic of a provider that is no more may be gone.
    const there = letters.filter((letter) => isDispatch(letter) && committed.has(letter.content.topic));
    const places = new Set(there.map(targetOf));
    for (const { content } of there.filter((letter) => places.delete(targetOf(letter)))) {
      const { topic, partition } = content;
      const high = (await this.options.reader.watermarks(topic))[partition]?.high ?? 0;
      const from = committed.get(topic)?.[partition] ?? 0;
      if (from >= high) continue;
      await this.options.readTopic(topic, (reader) =>
        reader.readRange(topic, partition, from, high, (record) => {
          const id = headerText(record, "id");
          if (id !== undefined) found.add(`${topic} ${id}`);
        }),
      );
    }
    return found;
  }

  /** Works of other letters that other runs are about to hand to providers, by the letter that must not go beside them. What is no dispatch its reader takes once. */
  private async goingBefore(letters: readonly Letter[], marks: LetterMarks): Promise<Map<Letter, ReadonlySet<string>>> {
    const found = new Map<Letter, ReadonlySet<string>>();
    for (const letter of letters.filter(isDispatch)) {
      const places = marks.goingBefore(letter, this.run, this.now());
      if (places.length > 0) found.set(letter, new Set((await this.options.box.read(places)).map(workOf)));
    }
    return found;
  }

  private async submissions(read: readonly { letter: Letter; content: ReadContent }[]) {
    const receipts = read.flatMap(({ letter, content }) =>
      content.ok && content.kind === "receipt" ? [{ letter, receipt: content.value }] : [],
    );
    const found = await this.options.history.submissionsOf(
      receipts.map(({ letter, receipt }) => ({
        provider: receipt.provider,
        providerMessageId: receipt.providerMessageId,
        // Of an unplaced one the provider's digits are in whatever form.
        to: letter.content.topic === UNPLACED_RECEIPTS_TOPIC ? "" : receipt.to,
      })),
    );
    return new Map(receipts.map(({ letter }, i) => [letter, found[i] ?? []]));
  }

  /** What the marks say; where a run has ended in the middle, with what its topic says, if that is there. */
  private async claim(
    letter: Letter,
    marks: readonly ReplayMark[],
    carryOut: boolean,
    isThere: boolean,
  ): Promise<Exclude<Claim, { state: "interrupted" }>> {
    const claim = claimOf(marks, this.run, this.now());
    if (claim.state !== "interrupted") return claim;
    const written = isThere ? await this.written(letter, claim.marks) : undefined;
    if (written !== undefined) {
      const { codecs, producer } = this.options;
      if (carryOut) await producer.send([markRecord(codecs.deadLetter, letter, written, this.now())]);
      return { state: "replayed", mark: written };
    }
    const done = marks.findLast(({ state }) => state === "done");
    return done === undefined ? { state: "free" } : { state: "replayed", mark: done };
  }

  /** The mark that an interrupted run would have written last, if it wrote the record. */
  private async written(letter: Letter, begun: readonly ReplayMark[]): Promise<ReplayMark | undefined> {
    const { topic, partition } = letter.content;
    const high = (await this.options.reader.watermarks(topic))[partition]?.high ?? 0;
    const from = Math.min(...begun.map(({ at }) => at));
    const names = new Map(begun.map((mark) => [`${placeText(letter)}/${mark.run}`, mark]));
    let found: ReplayMark | undefined;
    await this.options.readTopic(topic, (reader) =>
      reader.readRange(topic, partition, from, high, (record) => {
        const mark = names.get(headerText(record, REPLAY_OF) ?? "");
        if (mark !== undefined) found = { ...mark, state: "done", at: record.offset + 1, storedAt: record.timestamp };
      }),
    );
    return found;
  }

  /** Ends of the partitions that the letters' records go to, by {@link targetOf}. */
  private async ends(letters: readonly Letter[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const topic of new Set(letters.map(({ content }) => content.topic)))
      for (const [partition, { high }] of (await this.options.reader.watermarks(topic)).entries())
        found.set(`${topic}/${partition}`, high);
    return found;
  }
}

function targetOf({ content }: Letter): string {
  return `${content.topic}/${content.partition}`;
}

function isDispatch({ content }: Letter): boolean {
  return providerOfTopic(content.topic) !== undefined;
}

/** Topic and `id` of the record, by which two letters of one work are told. */
function workOf(letter: Letter): string {
  const { topic, headers } = letter.content;
  return `${topic} ${headers.id?.toString() ?? placeText(letter)}`;
}

/** Messages whose events a verdict on the letter needs. */
function keysOf(letter: Letter, content: ReadContent): MessageKey[] {
  const { messageId, to } = ownerOf(content, letter.content);
  if (!content.ok || messageId === undefined || to === undefined || content.kind === "receipt") return [];
  const own = { messageId, to };
  if (content.kind !== "request") return [own];
  return [own, ...newIdsOf(letter, content.value, own).map((id) => ({ messageId: id, to }))];
}
