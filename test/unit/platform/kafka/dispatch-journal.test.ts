import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DispatchJournal, type JournalOptions } from "../../../../platform/kafka/dispatch-journal.ts";
import type { Outcome, WorkPlace } from "../../../../platform/kafka/dispatcher.ts";
import type { KafkaLog } from "../../../../platform/kafka/record.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-journal-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lines: string[] = [];
afterEach(() => void lines.splice(0));
const log: KafkaLog = { debug() {}, info() {}, warn: (_, message) => void lines.push(message), error() {} };
const journal = (more: Partial<JournalOptions> = {}) =>
  new DispatchJournal({ dir, name: "g.0", log, boot: "b1", ...more });
const work = (offset: number, lane = 0): WorkPlace => ({ lane, offset, id: `m${offset}` });
const outcome: Outcome = {
  events: [{ topic: "e", partition: 0, key: null, value: Buffer.from("submitted"), headers: {} }],
  followUp: [],
};
const fresh = { token: undefined, offsets: [0, 0], doubtBelow: [0, 0] };

/** An owner that has handed 0 and 1 over, of which 0 was answered, and then is killed. */
function killed(more: Partial<JournalOptions> = {}): DispatchJournal {
  const owner = journal(more);
  owner.begin(fresh);
  owner.stored([0, 0], owner.token);
  owner.leaving(work(0));
  owner.leaving(work(1));
  expect(owner.flush()).toBe(true);
  owner.outcome(work(0), outcome);
  owner.flush();
  return owner;
}

test("the next owner learns what was answered, and what had not been written", () => {
  const { token } = killed();
  const hint = journal().begin({ token, offsets: [0, 0], doubtBelow: [5, 5] });
  expect(hint.outcomeOf("m0")!.events[0]!.value!.toString()).toBe("submitted");
  expect(hint.outcomeOf("m1")).toBeUndefined();
  expect([hint.untouched("m0", 0, 0), hint.untouched("m1", 0, 1), hint.untouched("m2", 0, 2)]).toEqual([
    false,
    false,
    true,
  ]);
});

test("what was noted and not kept had not left", () => {
  const owner = killed();
  owner.leaving(work(2));
  const hint = journal().begin({ token: owner.token, offsets: [0, 0], doubtBelow: [5, 5] });
  expect(hint.untouched("m2", 0, 2)).toBe(true);
});

test("what turned out not to have been taken is untouched again, until it leaves again", () => {
  const owner = killed();
  owner.stayed(work(1));
  owner.flush();
  const next = { token: owner.token, offsets: [0, 0], doubtBelow: [5, 5] };
  const second = journal();
  expect(second.begin(next).untouched("m1", 0, 1)).toBe(true);
  second.leaving(work(1));
  second.flush();
  expect(
    journal()
      .begin({ ...next, token: second.token })
      .untouched("m1", 0, 1),
  ).toBe(false);
});

test.each([
  ["there is none", (): string => "0000"],
  ["somebody else has owned the partition since", (): string | undefined => void killed()],
  ["the machine has been started anew", () => killed({ boot: "b0" }).token],
  ["another folder", () => killed({ dir: join(dir, "other") }).token],
])("nothing is known when %s", (_, token) => {
  const hint = journal().begin({ token: token(), offsets: [0, 0], doubtBelow: [5, 5] });
  expect(hint.outcomeOf("m0")).toBeUndefined();
  expect(hint.untouched("m2", 0, 2)).toBe(false);
});

test("an owner that knew nothing of its predecessor's doubt passes that on, and what it did itself", () => {
  const second = journal();
  second.begin({ token: "0000", offsets: [0, 0], doubtBelow: [5, 0] });
  second.outcome(work(3), outcome);
  second.leaving(work(6));
  second.flush();
  const hint = journal().begin({ token: second.token, offsets: [0, 0], doubtBelow: [9, 9] });
  expect(hint.outcomeOf("m3")).toBeDefined();
  expect([4, 6, 7].map((offset) => hint.untouched(`m${offset}`, 0, offset))).toEqual([false, false, true]);
  expect(hint.untouched("m4", 1, 4)).toBe(true);
});

test("an owner that is killed before it has resolved what it took over passes on what it knew of that", () => {
  const second = journal();
  second.begin({ token: killed().token, offsets: [0, 0], doubtBelow: [5, 5] });
  const hint = journal().begin({ token: second.token, offsets: [0, 0], doubtBelow: [5, 5] });
  expect(hint.outcomeOf("m0")).toBeDefined();
  expect([1, 2].map((offset) => hint.untouched(`m${offset}`, 0, offset))).toEqual([false, true]);
});

test("the files stay small, and what is not committed stays known", () => {
  const owner = journal({ fileOctets: 2_000 });
  owner.begin(fresh);
  let most = 0;
  for (let offset = 0; offset < 5_000; offset++) {
    owner.leaving(work(offset));
    owner.flush();
    if (offset % 10 !== 3) owner.outcome(work(offset), outcome);
    owner.stored([Math.max(0, offset - 20), 0], owner.token);
    most = Math.max(most, ...readdirSync(dir).map((file) => statSync(join(dir, file)).size));
  }
  expect(readdirSync(dir)).toHaveLength(2);
  expect(most).toBeLessThan(6_000);
  const hint = journal().begin({ token: owner.token, offsets: [4_979, 0], doubtBelow: [5_010, 0] });
  for (let offset = 4_979; offset < 4_999; offset++) {
    expect(hint.outcomeOf(`m${offset}`) === undefined, `${offset}`).toBe(offset % 10 === 3);
    expect(hint.untouched(`m${offset}`, 0, offset)).toBe(false);
  }
  expect(hint.untouched("m5000", 0, 5_000)).toBe(true);
});

test("a file that is missing leaves in doubt what it may have spoken of", () => {
  const owner = journal({ fileOctets: 500 });
  owner.begin(fresh);
  for (let offset = 0; readdirSync(dir).length < 2; offset++) {
    owner.leaving(work(offset));
    owner.flush();
    owner.stored([offset - 5, 0], owner.token);
  }
  const last = { token: owner.token, offsets: [3, 0], doubtBelow: [90, 0] };
  expect(journal().begin(last).untouched("m80", 0, 80)).toBe(true);
  rmSync(join(dir, readdirSync(dir).find((file) => file.endsWith(`${owner.token}.0`))!));
  expect(journal().begin(last).untouched("m80", 0, 80)).toBe(false);
});

test("a file whose head is spoilt may be the newest, and what it may have spoken of is in doubt", () => {
  const owner = journal({ fileOctets: 500 });
  owner.begin(fresh);
  let offset = 0;
  for (; readdirSync(dir).length < 2; offset++) {
    owner.leaving(work(offset));
    owner.flush();
    owner.stored([offset - 5, 0], owner.token);
  }
  owner.leaving(work(offset));
  owner.flush();
  const last = { token: owner.token, offsets: [0, 0], doubtBelow: [90, 0] };
  const newest = join(dir, `g.0.${owner.token}.1`);
  const octets = readFileSync(newest);
  octets[20]! ^= 1;
  writeFileSync(newest, octets);
  expect(journal().begin(last).untouched(`m${offset}`, 0, offset)).toBe(false);
});

test("when it cannot be written any more nothing leaves until a commit has said so", () => {
  const owner = journal({ fileOctets: 1 });
  owner.begin(fresh);
  const { token } = owner;
  owner.stored([0, 0], token);
  rmSync(dir, { recursive: true });
  owner.leaving(work(2));
  expect([owner.flush(), owner.failed, owner.token]).toEqual([false, true, undefined]);
  expect(owner.flush()).toBe(false);
  owner.stored([0, 0], token);
  expect(owner.flush(), "a commit that was under way").toBe(false);
  owner.stored([0, 0], undefined);
  expect([owner.flush(), owner.failed, owner.token]).toEqual([true, false, undefined]);
  expect(lines).toHaveLength(1);
});

test("while something is not done for long it grows to 64 files' size, and is then given up like one that cannot be written", () => {
  const owner = journal({ fileOctets: 200 });
  owner.begin(fresh);
  owner.stored([0, 0], owner.token);
  let kept = 0;
  for (let offset = 0; offset < 5_000 && owner.flush(); offset++) {
    owner.leaving(work(offset));
    kept = offset;
  }
  expect(kept * 10, "octets").toBeGreaterThan(200 * 16);
  expect([owner.failed, owner.token, readdirSync(dir)]).toEqual([true, undefined, []]);
  owner.stored([0, 0], undefined);
  expect([owner.failed, owner.flush()]).toEqual([false, true]);
});

test("without a folder that can be written to there is none, and that is said", () => {
  const file = join(dir, "file");
  writeFileSync(file, "");
  const owner = journal({ dir: join(file, "below") });
  const hint = owner.begin({ token: undefined, offsets: [0, 0], doubtBelow: [5, 5] });
  owner.leaving(work(0));
  expect([owner.token, owner.flush(), hint.untouched("m0", 0, 0)]).toEqual([undefined, true, false]);
  expect(lines).toHaveLength(1);
});

test("an owner that has ended well leaves nothing; one that has lost the partition writes nothing more", () => {
  const first = killed();
  const second = journal();
  second.begin({ token: first.token, offsets: [0, 0], doubtBelow: [5, 5] });
  expect(readdirSync(dir)).toHaveLength(2);
  second.stored([5, 5], second.token);
  expect(readdirSync(dir)).toHaveLength(1);
  first.end(false);
  expect(first.flush()).toBe(false);
  second.end(true);
  expect(readdirSync(dir)).toEqual([]);
});

test("what others have left in the folder is removed, but not what is none of this partition's", () => {
  for (const file of ["g.0.aaaa.0", "g.0.aaaa.1", "g.1.bbbb.0", "g.0", "notes.txt"]) writeFileSync(join(dir, file), "");
  chmodSync(dir, 0o700);
  const owner = journal();
  owner.begin(fresh);
  expect(existsSync(join(dir, "g.0.aaaa.0"))).toBe(false);
  expect(readdirSync(dir)).toEqual(expect.arrayContaining(["g.0", "g.1.bbbb.0", "notes.txt"]));
});
