import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CommitRequest, Commits } from "../../../../platform/kafka/commits.ts";
import type { KafkaLog } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import { silentLog } from "./simulated-kafka.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

type Committer = (request: CommitRequest) => Promise<void>;

function setUp(log: KafkaLog = silentLog) {
  const requests: CommitRequest[] = [];
  const group: { committer: Committer | undefined } = { committer: async () => {} };
  const commits = new Commits({
    topics: ["a", "b"],
    log,
    committer: () => {
      const { committer } = group;
      return committer === undefined
        ? undefined
        : (request) => {
            requests.push(request);
            return committer(request);
          };
    },
  });
  const task = (partition: number) => ({ partition, alive: true }) as { partition: number; alive: boolean } & Task;
  return { requests, group, commits, task };
}

function answers(...promises: Promise<boolean>[]): (boolean | undefined)[] {
  const seen: (boolean | undefined)[] = promises.map(() => undefined);
  promises.forEach((promise, i) => {
    void promise.then((ok) => {
      seen[i] = ok;
    });
  });
  return seen;
}

test("commits of one moment travel together; offsets of all inputs, the state beside the first", async () => {
  const { requests, commits, task } = setUp();
  const seen = answers(commits.commit(task(0), [5, 6], "zero"), commits.commit(task(3), [7, 8], "three"));
  await pass(1);
  expect(seen).toEqual([true, true]);
  expect(requests).toEqual([
    {
      topics: [
        {
          topic: "a",
          partitions: [
            { partition: 0, offset: "5", metadata: "zero" },
            { partition: 3, offset: "7", metadata: "three" },
          ],
        },
        {
          topic: "b",
          partitions: [
            { partition: 0, offset: "6", metadata: "" },
            { partition: 3, offset: "8", metadata: "" },
          ],
        },
      ],
    },
  ]);
});

test("each task is in one request at a time, of two; what comes meanwhile shares the next, the newest of each task", async () => {
  const { requests, group, commits, task } = setUp();
  let answer: (() => void)[] = [];
  group.committer = () => new Promise((resolve) => answer.push(resolve));
  const one = task(0);
  const first = answers(commits.commit(one, [1, 1], "1"));
  await pass(1);
  const later = answers(
    commits.commit(one, [2, 2], "2"),
    commits.commit(task(1), [9, 9], "9"),
    commits.commit(one, [3, 3], "3"),
  );
  await pass(50);
  const committed = (n: number) => requests[n]!.topics[0]!.partitions;
  expect(requests.length).toBe(2);
  expect(committed(1)).toEqual([{ partition: 1, offset: "9", metadata: "9" }]);
  const last = answers(commits.commit(task(2), [5, 5], "5"));
  await pass(50);
  expect(requests.length).toBe(2);
  answer.shift()!();
  await pass(1);
  expect(first).toEqual([true]);
  expect(requests.length).toBe(3);
  expect(committed(2)).toEqual([
    { partition: 0, offset: "3", metadata: "3" },
    { partition: 2, offset: "5", metadata: "5" },
  ]);
  expect([...later, ...last]).toEqual([undefined, undefined, undefined, undefined]);
  answer.shift()!();
  await pass(1);
  expect(later).toEqual([undefined, true, undefined]);
  answer.shift()!();
  await pass(1);
  expect([...later, ...last]).toEqual([true, true, true, true]);
  answer = [];
});

test("nothing is sent while the group joins; afterwards a task that stayed is answered, one that left is not", async () => {
  const { requests, group, commits, task } = setUp();
  group.committer = undefined;
  const stays = task(0);
  const leaves = task(1);
  const seen = answers(commits.commit(stays, [1, 1], ""), commits.commit(leaves, [2, 2], ""));
  await pass(1_000);
  expect(requests.length).toBe(0);
  expect(seen).toEqual([undefined, undefined]);
  leaves.alive = false;
  await pass(200);
  expect(seen).toEqual([undefined, false]);
  group.committer = async () => {};
  commits.poke();
  await pass(200);
  expect(seen).toEqual([true, false]);
  expect(requests[0]!.topics[0]!.partitions.map((p) => p.partition)).toEqual([0]);
});

test("a refused commit is repeated while its task lives, with the newest offsets, and answered false when it has died", async () => {
  const { requests, group, commits, task } = setUp();
  let refusals = 2;
  group.committer = async () => {
    if (refusals-- > 0) throw new Error("ILLEGAL_GENERATION");
  };
  const one = task(0);
  const first = answers(commits.commit(one, [1, 1], "1"));
  await pass(50);
  const second = answers(commits.commit(one, [2, 2], "2"));
  await pass(500);
  expect([...first, ...second]).toEqual([true, true]);
  expect(requests.map((r) => r.topics[0]!.partitions[0]!.offset)).toEqual(["1", "2", "2"]);

  refusals = Number.POSITIVE_INFINITY;
  const lost = answers(commits.commit(one, [3, 3], "3"));
  await pass(250);
  expect(lost).toEqual([undefined]);
  one.alive = false;
  await pass(150);
  expect(lost).toEqual([false]);
});

test("a commit that was stored when its task had died already counts as lost", async () => {
  const { group, commits, task } = setUp();
  const one = task(0);
  group.committer = async () => {
    one.alive = false;
  };
  const seen = answers(commits.commit(one, [1, 1], ""));
  await pass(10);
  expect(seen).toEqual([false]);
});

test("lasting refusals are reported", async () => {
  const warnings: object[] = [];
  const { group, commits, task } = setUp({ ...silentLog, warn: (fields) => void warnings.push(fields) });
  group.committer = () => Promise.reject(new Error("metadata too large"));
  const one = task(0);
  void commits.commit(one, [1, 1], "");
  await pass(1_000);
  expect(warnings).toEqual([]);
  await pass(2_000);
  expect(warnings).toEqual([{ failures: 20, cause: "metadata too large" }]);
  one.alive = false;
  await pass(200);
});

test("what has not moved since it was stored is left out; all of it goes again when an answer was missing", async () => {
  const { requests, group, commits, task } = setUp();
  const one = task(0);
  const commit = async (offsets: number[], state: string) => {
    const answer = commits.commit(one, offsets, state);
    await pass(200);
    return answer;
  };
  const sent = (request: CommitRequest | undefined) =>
    request?.topics.map(({ topic, partitions }) => `${topic} ${partitions.map(({ offset }) => offset).join(" ")}`);
  await commit([1, 1], "first");
  await commit([1, 2], "second");
  await commit([1, 2], "third");
  expect(requests.map(sent)).toEqual([["a 1", "b 1"], ["a 1", "b 2"], ["a 1"]]);
  group.committer = async () => {
    group.committer = async () => {};
    throw new Error("no answer");
  };
  await commit([2, 2], "fourth");
  expect(requests.slice(3).map(sent)).toEqual([["a 2"], ["a 2", "b 2"]]);
});
