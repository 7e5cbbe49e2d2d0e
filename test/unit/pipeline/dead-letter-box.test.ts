import { beforeAll, describe, expect, it } from "vitest";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { type Letter, markRecord, placeText, REPLAY_REASONS } from "../../../pipeline/dead-letters/replay-mark.ts";
import { ReplayedPlaces } from "../../../pipeline/dead-letters/replayed-places.ts";
import { createCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { DeadLetter } from "../../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC } from "../../../schemas/topics.ts";

let codecs: SluiceCodecs;
const asked: number[] = [];
beforeAll(async () => {
  let nextId = 1;
  const source = {
    idOf: async () => nextId++,
    schemaOf: async (id: number) => {
      asked.push(id);
      return undefined;
    },
  };
  codecs = await createCodecs(source);
});

/** sms.dead-letter in memory, of two partitions; the time of a record is its number. */
class LetterLog {
  readonly partitions: InRecord[][] = [[], []];
  /** Records given to readers. */
  given = 0;
  private at = 0;

  append(partition: number, value: Buffer, headers: InRecord["headers"] = {}): Letter {
    const records = this.partitions[partition]!;
    const [offset, timestamp] = [records.length, ++this.at];
    records.push({ topic: DEAD_LETTER_TOPIC, partition, offset, key: null, value, headers, timestamp });
    const decoded = codecs.deadLetter.decode(value);
    return { partition, offset, storedAt: timestamp, content: (decoded.ok ? decoded.value : undefined)! };
  }

  letter(partition: number, more: Partial<DeadLetter> = {}): Letter {
    const of = { reason: "undecodable", detail: "d", service: "router", at: 1, messageId: null };
    const record = {
      topic: "sms.requests.otp",
      partition,
      offset: 0,
      key: null,
      value: Buffer.from("{}"),
      headers: {},
    };
    return this.append(partition, codecs.deadLetter.encode({ ...of, ...record, ...more }));
  }

  mark(letter: Letter, state: "begun" | "done" = "done", partition = letter.partition): void {
    const { value, headers } = markRecord(codecs.deadLetter, letter, { state, run: "r", at: 9 }, 1);
    this.append(partition, value!, headers as InRecord["headers"]);
  }

  readonly reader = {
    watermarks: async () => this.partitions.map(({ length }) => ({ low: 0, high: length })),
    offsetsAt: async (_: string, time: number) =>
      this.partitions.map((records) => {
        const at = records.findIndex(({ timestamp }) => timestamp >= time);
        return at < 0 ? records.length : at;
      }),
    readRange: async (_: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
      // As a reader does: what has not come yet is waited for.
      if (to > (this.partitions[partition]?.length ?? 0)) throw new Error(`${partition}/${to - 1} would be waited for`);
      for (const record of this.partitions[partition]!.slice(from, to)) {
        this.given++;
        take(record);
      }
    },
  };

  readonly box = new DeadLetterBox({ reader: this.reader, codecs });
}

const names = (letters: readonly Parameters<typeof placeText>[0][]) => letters.map(placeText);

describe("finding letters", () => {
  it("gives the newest, each with the time of its last replay, whatever was replayed before them", async () => {
    const log = new LetterLog();
    for (let i = 0; i < 20; i++) log.mark(log.letter(i % 2));
    const twice = log.letter(0);
    log.mark(twice);
    const begun = log.letter(1);
    log.mark(begun, "begun");
    log.mark(twice);
    const found = await log.box.find({}, { most: 2, which: "newest" });
    expect(names(found.letters)).toEqual(names([twice, begun]));
    expect(found.letters.map(({ replayedAt }) => replayedAt)).toEqual([
      log.partitions[0]!.at(-1)!.timestamp,
      undefined,
    ]);
    expect(found).toMatchObject({ matched: 22, leftOut: 20, others: 0 });
  });

  it("leaves out what has been replayed, and comes to what stands behind thousands of it", async () => {
    const log = new LetterLog();
    for (let i = 0; i < 500; i++) log.mark(log.letter(i % 2));
    const open = [log.letter(0), log.letter(1), log.letter(0)];
    log.mark(open[1]!, "begun");
    const found = await log.box.find({}, { most: 2, which: "oldest", unreplayed: true });
    expect(names(found.letters)).toEqual(names(open.slice(0, 2)));
    expect(found).toMatchObject({ matched: 3, leftOut: 1, others: 500 });
  });

  it("looks behind a letter, in the order of time, and reads no more of the topic than that takes", async () => {
    const log = new LetterLog();
    const all = Array.from({ length: 9 }, (_, i) => log.letter(i % 2));
    const options = { most: 3, which: "oldest", unreplayed: true } as const;
    const seen: string[] = [];
    let after: Letter | undefined;
    for (let round = 0; round < 3; round++) {
      const found = await log.box.find({}, after === undefined ? options : { ...options, after });
      expect(found.leftOut).toBe(6 - 3 * round);
      seen.push(...names(found.letters));
      after = all[3 * round + 2]!;
    }
    expect(seen).toEqual(names(all));
    log.given = 0;
    expect((await log.box.find({}, { ...options, after: after! })).letters).toEqual([]);
    expect(log.given).toBe(2);
    // Of those of one moment the one in the lower partition comes first.
    const { storedAt } = all[7]!;
    for (const [partition, first] of [
      [0, all[7]!],
      [1, all[8]!],
    ] as const) {
      const found = await log.box.find({}, { ...options, after: { storedAt, partition, offset: 3 } });
      expect(names(found.letters)[0]).toEqual(placeText(first));
    }
  });

  it("believes no mark that does not stand behind its letter", async () => {
    const log = new LetterLog();
    const ahead: Letter = { ...log.letter(0), offset: 5 };
    log.mark(ahead);
    const elsewhere = log.letter(1);
    log.mark(elsewhere, "done", 0);
    while (log.partitions[0]!.length < 6) log.letter(0);
    const found = await log.box.find({ reason: "undecodable" }, { most: 20, which: "oldest", unreplayed: true });
    expect(names(found.letters)).toEqual(expect.arrayContaining(["0/5", "1/0"]));
    // Nor is it hidden: whoever wrote it is to be seen.
    expect((await log.box.find({ reason: REPLAY_REASONS.done }, { most: 9, which: "oldest" })).matched).toBe(2);
  });

  it("keeps what it holds of a letter short, and asks for a bounded number of schemas", async () => {
    const log = new LetterLog();
    log.letter(0, { detail: "x".repeat(600_000), reason: "y".repeat(600_000), messageId: "z".repeat(600_000) });
    for (let id = 1_000; id < 3_000; id++) log.letter(0, { value: Buffer.from([0, 0, 0, id >> 8, id & 255, 1]) });
    const { letters } = await log.box.find({}, { most: 9_000, which: "oldest" });
    expect(JSON.stringify(letters[0]).length).toBeLessThan(2_000);
    expect(letters).toHaveLength(2_001);
    expect(asked.length).toBe(500);
  });
});

describe("reading letters by their places", () => {
  it("leaves out what is not there instead of waiting for it", async () => {
    const log = new LetterLog();
    const letter = log.letter(0);
    const places = [letter, { partition: 0, offset: 1 }, { partition: 1, offset: 0 }, { partition: 7, offset: 3 }];
    expect(names(await log.box.read(places))).toEqual(names([letter]));
  });

  it("reads the marks behind them once, however often it is asked", async () => {
    const log = new LetterLog();
    const letters = Array.from({ length: 10 }, () => log.letter(0));
    const marks = log.box.marksOf(letters);
    await marks.read();
    expect(log.given).toBe(10);
    log.mark(letters[3]!, "begun");
    await marks.read();
    log.mark(letters[3]!);
    await marks.read();
    expect(log.given).toBe(12);
    expect(marks.of(letters[3]!).map(({ state }) => state)).toEqual(["begun", "done"]);
    expect(marks.of(letters[4]!)).toEqual([]);
  });
});

describe("ReplayedPlaces", () => {
  it("knows each place, in a bit for each of the topic's", () => {
    const places = new ReplayedPlaces();
    for (let offset = 0; offset < 1_000_000; offset += 2) places.add({ partition: 3, offset });
    expect(places.bytes).toBeLessThan(140_000);
    for (const offset of [0, 2, 65_534, 65_536, 999_998]) expect(places.has({ partition: 3, offset })).toBe(true);
    for (const offset of [1, 65_535, 1_000_000]) expect(places.has({ partition: 3, offset })).toBe(false);
    expect(places.has({ partition: 2, offset: 0 })).toBe(false);
    const far = { partition: 0, offset: 2 ** 40 + 7 };
    places.add(far);
    expect([places.has(far), places.has({ ...far, offset: 7 })]).toEqual([true, false]);
  });
});
