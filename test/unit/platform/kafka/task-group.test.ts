import { afterEach, expect, test, vi } from "vitest";
import type { Task } from "../../../../platform/kafka/task.ts";
import { TaskGroup } from "../../../../platform/kafka/task-group.ts";
import { ScriptedBrokers } from "./scripted-brokers.ts";
import { silentLog } from "./simulated-kafka.ts";

afterEach(() => void vi.restoreAllMocks());

/** Tasks that have been told to end. */
const told = new Set<Task>();

async function works(task: Task): Promise<void> {
  task.begin();
  while (task.taking && !told.has(task)) {
    for (const input of task.inputs) task.take(input);
    await task.wait();
  }
}

interface Line {
  readonly level: string;
  readonly at: number;
  readonly partition: number;
  readonly cause?: string;
}

/** So many lines about a partition, each of which must have come half a second, then a second, and so on after the one before. */
async function linesOf(lines: readonly Line[], partition: number, count: number): Promise<readonly Line[]> {
  const found = () => lines.filter((line) => line.partition === partition);
  await vi.waitFor(() => expect(found().length).toBeGreaterThanOrEqual(count), 10_000);
  const pauses = found().map(({ at }, i, all) => at - (all[i - 1]?.at ?? 0));
  for (const [i, pause] of pauses.entries()) if (i > 0) expect(pause).toBeGreaterThan(240 * 2 ** i);
  return found();
}

/** A group of three partitions whose lines are kept. */
function groupOf(topics: readonly string[]) {
  const lines: Line[] = [];
  const line = (level: string) => (fields: object) =>
    void lines.push({ level, at: performance.now(), ...(fields as { partition: number; cause: string }) });
  const log = { ...silentLog, warn: line("warn"), error: line("error") };
  const connection = { brokers: ["b:1"], clientId: "test", log };
  const group = new TaskGroup({ connection, groupId: "g", topics, partitions: 3, run: works, maxWaitMs: 10 });
  return { group, lines };
}

test("a partition whose input has no leader waits with pauses that grow and says what for, as no fault; the others run, and it does when there is one", async () => {
  const kafka = new ScriptedBrokers({ first: [1, 2, 1], second: [-1, -1, -1] });
  const { group, lines } = groupOf(["first", "second"]);
  await group.start();
  await vi.waitFor(() => expect(group.status).toMatchObject({ running: 0, waiting: [0, 1, 2], fetchAgeMs: 0 }), 5_000);
  kafka.leaders.second = [1, -1, 2];
  await vi.waitFor(() => expect(group.status).toMatchObject({ running: 2, waiting: [1] }), 5_000);
  const said = await linesOf(lines, 1, 3);
  expect(group.status).toMatchObject({ joined: true, running: 2, waiting: [1] });
  for (const { level, cause } of said)
    expect([level, cause]).toEqual(["warn", expect.stringContaining("second/1 has no leader")]);
  expect(group.counters.taskFailures).toBe(0);
  kafka.leaders.second![1] = 1;
  await vi.waitFor(() => expect(group.status).toMatchObject({ running: 3, waiting: [] }), 6_000);
  for (const task of group.tasks) {
    told.add(task);
    task.wake();
  }
  await vi.waitFor(() => expect(group.status.running).toBe(0), { interval: 1 });
  expect(group.status.waiting).toEqual([]);
  await group.stop();
}, 20_000);

test("any other fault before a task has begun is one, and makes it wait as well", async () => {
  new ScriptedBrokers({ first: [1, 2, 1] });
  const { group, lines } = groupOf(["first"]);
  await group.start();
  vi.spyOn((group as unknown as { admin: { fetchOffsets(): unknown } }).admin, "fetchOffsets").mockRejectedValue(
    new Error("refused"),
  );
  await linesOf(lines, 2, 3);
  expect(group.status).toMatchObject({ running: 0, waiting: [] });
  expect(group.counters.taskFailures).toBe(lines.length);
  expect(lines.map(({ level }) => level)).toEqual(lines.map(() => "error"));
  await group.stop();
}, 20_000);
