import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, Kafka, logLevel, PartitionAssigners } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Positions, parseSource } from "../../../platform/kafka/positions.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import { runTransform } from "../../../platform/kafka/transform.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import type { CopyingArguments } from "./copying-process.ts";
import { connectionTo, firstOccurrences, freshTopics, readAll, recordingLog, until } from "./kafka-runtime.ts";
import { refuseOnce } from "./refuse-once.ts";

const connection = connectionTo(sharedCluster().brokers);
const plain = new Kafka({ brokers: [...connection.brokers], logLevel: logLevel.NOTHING });
const producer = new RecordProducer({ connection });
const children: ChildProcess[] = [];

beforeAll(() => producer.connect());
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await producer.close();
});

function records(topic: string, partitions: number, from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => ({
    topic,
    partition: (from + i) % partitions,
    key: null,
    value: Buffer.from(String(from + i)),
  }));
}

/** Takes everything and commits every record, without doing anything. */
async function drainInto(task: Task, seen: number[]): Promise<void> {
  task.begin();
  while (task.taking) {
    const record = task.take(task.inputs[0]!);
    if (record === undefined) await task.wait();
    else seen.push(record.offset);
  }
}

test("a topic with another partition count than configured is refused, and the message says what to do", async () => {
  const [topic] = (await freshTopics(connection, ["three"], 3)) as [string];
  const group = new TaskGroup({
    connection,
    groupId: `g-${topic}`,
    topics: [topic],
    partitions: 6,
    run: async () => {},
  });
  await expect(group.start()).rejects.toThrow(
    /has 3 partitions, but this installation is configured for 6.*restore it or set/,
  );
  await group.stop();
});

test("records that retention took before they were read are reported, and reading goes on at the log's start", async () => {
  const [topic] = (await freshTopics(connection, ["deleted"], 1)) as [string];
  await producer.send(records(topic, 1, 0, 100));
  const admin = plain.admin();
  await admin.connect();
  await admin.setOffsets({ groupId: `g-${topic}`, topic, partitions: [{ partition: 0, offset: "10" }] });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "60" }] });
  await admin.disconnect();
  const log = recordingLog();
  const seen: number[] = [];
  const group = new TaskGroup({
    connection: { ...connection, log },
    groupId: `g-${topic}`,
    topics: [topic],
    partitions: 1,
    run: (task) => drainInto(task, seen),
  });
  await group.start();
  await until("the rest is read", () => seen.length === 40);
  expect(seen[0]).toBe(60);
  expect(log.lines.filter((line) => line.includes("deleted by retention"))).toHaveLength(1);
  await group.stop();
});

test("a queue of large records is bounded in octets, and all of them come", async () => {
  const [topic] = (await freshTopics(connection, ["large"], 1)) as [string];
  const value = Buffer.alloc(300_000, "x");
  const [count, mostBytes] = [40, 1_000_000];
  await producer.send(Array.from({ length: count }, () => ({ topic, partition: 0, key: null, value })));
  let most = 0;
  let taken = 0;
  let more = false;
  const group = new TaskGroup({
    connection,
    groupId: `g-${topic}`,
    topics: [topic],
    partitions: 1,
    maxQueuedBytes: mostBytes,
    run: async (task) => {
      const input = task.inputs[0]!;
      task.begin();
      while (task.taking) {
        // One after the other, slower than they come.
        await new Promise((resolve) => setTimeout(resolve, 50));
        most = Math.max(most, input.length * value.length);
        // Written while the queue is full and nothing is fetched: the backlog tells of it all the same.
        if (input.paused && !more) {
          more = true;
          await producer.send(Array.from({ length: count }, () => ({ topic, partition: 0, key: null, value })));
          await until("the backlog is known", () => taken + input.backlog === 2 * count, 10_000);
        }
        if (task.take(input) !== undefined) taken++;
      }
    },
  });
  await group.start();
  await until("all are taken", () => taken === 2 * count, 60_000);
  // One fetch may come on top: a batch of the log, which the broker gives whole.
  expect(most).toBeLessThanOrEqual(mostBytes + 1_000_000);
  await group.stop();
});

test("a group whose inputs are still can commit", async () => {
  const [topic] = (await freshTopics(connection, ["still"], 2)) as [string];
  const answers: boolean[] = [];
  const group = new TaskGroup({
    connection,
    groupId: `g-${topic}`,
    topics: [topic],
    partitions: 2,
    run: async (task) => {
      task.begin();
      answers.push(await task.commit([0], `state of ${task.partition}`));
      while (task.taking) await task.wait();
    },
  });
  await group.start();
  await until("both are committed", () => answers.length === 2, 20_000);
  expect(answers).toEqual([true, true]);
  await group.stop();
  const admin = plain.admin();
  await admin.connect();
  const [offsets] = await admin.fetchOffsets({ groupId: `g-${topic}`, topics: [topic] });
  await admin.disconnect();
  expect(offsets!.partitions.map((p) => p.metadata).sort()).toEqual(["state of 0", "state of 1"]);
});

test("a transactional writer's marks and aborted records are passed without fetching them again", async () => {
  const [topic] = (await freshTopics(connection, ["transactional"], 1)) as [string];
  const seen: number[] = [];
  const group = new TaskGroup({
    connection,
    groupId: `g-${topic}`,
    topics: [topic],
    partitions: 1,
    run: (task) => drainInto(task, seen),
  });
  await group.start();
  await until("it has joined", () => group.status.running === 1);
  const writer = plain.producer({
    transactionalId: topic,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 20 },
  });
  await writer.connect();
  let expected = 0;
  for (let n = 0; n < 6; n++) {
    const transaction = await writer.transaction();
    await transaction.send({ topic, messages: [{ value: `a${n}` }, { value: `b${n}` }] });
    if (n % 2 === 0) {
      await transaction.commit();
      expected += 2;
    } else await transaction.abort();
    await until("what is committed is read", () => seen.length === expected, 10_000);
    // The mark at the end of each transaction counts as read, whether or not something follows.
    await until("nothing is left over", () => group.tasks[0]!.inputs[0]!.expected === 3 * (n + 1), 10_000);
  }
  await writer.disconnect();
  expect(seen).toEqual([0, 1, 6, 7, 12, 13]);
  expect(group.counters.staleBatches).toBe(0);
  await group.stop();
});

interface LeavableCoordinator {
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
}

const P = 4;
const SESSION_MS = 6_000;
/** Records in a batch of the copying process. */
const BATCH = 50;

function startCopying(args: CopyingArguments): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, "copying-process.ts"), JSON.stringify(args)], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  children.push(child);
  return child;
}

async function copies(topic: string) {
  return readAll(connection, topic);
}

test("an owner that was frozen past its session begins nothing more when it wakes up", async () => {
  const [input, output] = (await freshTopics(connection, ["frozen-in", "frozen-out"], P)) as [string, string];
  const args = {
    brokers: connection.brokers,
    groupId: `g-${input}`,
    input,
    output,
    partitions: P,
    sessionTimeoutMs: SESSION_MS,
  };
  const zombie = startCopying(args);
  let sent = 0;
  let sending = true;
  const traffic = (async () => {
    while (sending) {
      await producer.send(records(input, P, sent, sent + 40));
      sent += 40;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  })().catch((error: Error) => error);
  await until("it copies", async () => (await copies(output)).length > 400);
  zombie.kill("SIGSTOP");
  const heir = startCopying(args);
  await until(
    "another owner copies all partitions",
    async () => {
      const by = (await copies(output)).filter((r) => headerText(r, "owner")!.startsWith(`${heir.pid}/`));
      return new Set(by.map((r) => r.partition)).size === P;
    },
    40_000,
  );
  zombie.kill("SIGCONT");
  await until(
    "the woken one has joined anew",
    async () => {
      const again = (await copies(output)).filter((r) => headerText(r, "owner")!.startsWith(`${zombie.pid}/`));
      return new Set(again.map((r) => headerText(r, "owner"))).size > P;
    },
    40_000,
  );
  sending = false;
  expect(await traffic).toBeUndefined();
  const given = await readAll(connection, input);
  await until(
    "all is copied",
    async () => new Set((await copies(output)).map((r) => headerText(r, "src"))).size === given.length,
  );
  for (const child of [zombie, heir]) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  const out = await copies(output);
  const positions = new Positions([input], P);
  let kept = 0;
  for (const record of out) {
    const source = parseSource(headerText(record, "src"))!;
    if (positions.advance(source.topic, source.partition, source.offset)) kept++;
  }
  expect(kept, "the source-position filter leaves each record once").toBe(given.length);
  for (let partition = 0; partition < P; partition++) {
    // A write that it had in hand when it was frozen may still go out: one batch, which its heir has repeated.
    const owners = out.filter((r) => r.partition === partition).map((r) => headerText(r, "owner")!);
    const heirs = owners.findIndex((owner) => owner.startsWith(`${heir.pid}/`));
    const before = new Set(owners.slice(0, heirs));
    expect(owners.slice(heirs).filter((owner) => before.has(owner)).length).toBeLessThanOrEqual(BATCH);
  }
}, 120_000);

test("SIGTERM in mid-work: what was begun is finished and committed, nothing is done twice", async () => {
  const [input, output] = (await freshTopics(connection, ["term-in", "term-out"], P)) as [string, string];
  const args = {
    brokers: connection.brokers,
    groupId: `g-${input}`,
    input,
    output,
    partitions: P,
    sessionTimeoutMs: SESSION_MS,
  };
  await producer.send(records(input, P, 0, 40_000));
  const first = startCopying(args);
  await until("it is at work", async () => {
    const n = (await copies(output)).length;
    return n > 0;
  });
  first.kill("SIGTERM");
  expect(await once(first, "exit")).toEqual([0, null]);
  const half = (await copies(output)).length;
  expect(half).toBeLessThan(40_000);
  const second = startCopying(args);
  await until("the rest is copied", async () => (await copies(output)).length >= 40_000);
  second.kill("SIGTERM");
  expect(await once(second, "exit")).toEqual([0, null]);
  const out = await copies(output);
  expect(out.length).toBe(40_000);
  expect(firstOccurrences(out, "src").length).toBe(40_000);
});

test("a member that was put out of its group and comes back begins anew: another may have owned its partitions", async () => {
  const [topic] = (await freshTopics(connection, ["expelled"], 1)) as [string];
  const groupId = `g-${topic}`;
  let starts = 0;
  const group = new TaskGroup({
    connection,
    groupId,
    topics: [topic],
    partitions: 1,
    run: async (task) => {
      starts++;
      await drainInto(task, []);
    },
  });
  await group.start();
  await until("it runs", () => starts === 1);
  const admin = plain.admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([groupId]);
  await admin.disconnect();
  let cluster: Cluster | undefined;
  const stranger = plain.consumer({
    groupId: `stranger-${topic}`,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  await stranger.connect();
  await stranger.subscribe({ topics: [topic] });
  await stranger.run({ eachMessage: async () => {} });
  // KafkaJS's types leave out this request.
  const coordinator = (await cluster!.findGroupCoordinator({ groupId })) as unknown as LeavableCoordinator;
  await coordinator.leaveGroup({ groupId, memberId: groups[0]!.members[0]!.memberId });
  await until("it has joined again", () => group.counters.joins === 2);
  await until("its task began anew", () => starts === 2 && group.status.running === 1, 10_000);
  await stranger.disconnect();
  await group.stop();
});

test("a spare that is killed and comes back at once takes nothing from the member that goes on", async () => {
  const [input, output] = (await freshTopics(connection, ["spare-in", "spare-out"], 1)) as [string, string];
  const groupId = `g-${input}`;
  let starts = 0;
  const owner = new TaskGroup({
    connection,
    groupId,
    topics: [input],
    partitions: 1,
    sessionTimeoutMs: SESSION_MS,
    run: async (task) => {
      starts++;
      await drainInto(task, []);
    },
  });
  await owner.start();
  await until("it runs", () => owner.status.running === 1);
  const { brokers } = connection;
  const spare = () => startCopying({ brokers, groupId, input, output, partitions: 1, sessionTimeoutMs: SESSION_MS });
  const first = spare();
  await until("the spare has joined", () => owner.counters.joins === 2);
  first.kill("SIGKILL");
  const second = spare();
  await until("the one that came back has joined", () => owner.counters.joins >= 3);
  second.kill("SIGTERM");
  await once(second, "exit");
  await until("it has joined once more, alone", () => owner.counters.joins >= 4);
  expect({ lapses: owner.counters.lapses, starts, running: owner.status.running }).toEqual({
    lapses: 0,
    starts: 1,
    running: 1,
  });
  await owner.stop();
}, 60_000);

test("who is killed and comes back is not waited for: the member that it was is taken out of the group", async () => {
  const [input, output] = (await freshTopics(connection, ["again-in", "again-out"], P)) as [string, string];
  const memberFile = join(mkdtempSync(join(tmpdir(), "sluice-member-")), "member");
  const args = { brokers: connection.brokers, groupId: `g-${input}`, input, output, partitions: P, memberFile };
  const start = () => startCopying({ ...args, sessionTimeoutMs: 60_000 });
  await producer.send(records(input, P, 0, 100));
  const first = start();
  await until("all is copied", async () => (await copies(output)).length === 100);
  first.kill("SIGKILL");
  await once(first, "exit");
  await producer.send(records(input, P, 100, 200));
  const second = start();
  // Of this group's session of a minute it would wait 24 s for its old self.
  await until("the rest is copied", async () => (await copies(output)).length === 200, 15_000);
  second.kill("SIGTERM");
  await once(second, "exit");
  // Left in good order, it is not there any more: that is no fault.
  const third = start();
  await producer.send(records(input, P, 200, 300));
  await until("what came later is copied", async () => (await copies(output)).length === 300, 15_000);
  third.kill("SIGTERM");
  await once(third, "exit");
}, 60_000);

test("a join that fails while the membership stands is not waited for in vain", async () => {
  const [topic] = (await freshTopics(connection, ["failed-join"], 1)) as [string];
  const groupId = `g-${topic}`;
  const group = new TaskGroup({
    connection,
    groupId,
    topics: [topic],
    partitions: 1,
    run: (task) => drainInto(task, []),
  });
  await group.start();
  await until("it runs", () => group.status.running === 1);
  // What a coordinator says that has just come back, and then knows its old members: NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS.
  await Promise.all([refuseOnce("heartbeat", groupId, 16), refuseOnce("joinGroup", groupId, 14)]);
  await until("it has joined again", () => group.counters.joins === 2 && group.status.running === 1, 20_000);
  await group.stop();
});

test("two groups of one process do not disturb each other, and a failing task begins again less and less often", async () => {
  const [topic] = (await freshTopics(connection, ["failing"], 1)) as [string];
  await producer.send(records(topic, 1, 0, 10));
  const starts: number[] = [];
  const seen: number[] = [];
  const failing = new TaskGroup({
    connection,
    groupId: `failing-${topic}`,
    topics: [topic],
    partitions: 1,
    run: async () => {
      starts.push(performance.now());
      throw new Error("poison");
    },
  });
  const sound = new TaskGroup({
    connection,
    groupId: `sound-${topic}`,
    topics: [topic],
    partitions: 1,
    run: (task) =>
      runTransform(
        task,
        { restore: async () => {}, process: (record) => void seen.push(record.offset), state: () => "" },
        { producer },
      ),
  });
  await Promise.all([failing.start(), sound.start()]);
  await until("it has failed four times", () => starts.length >= 4);
  expect(seen.length).toBe(10);
  const gaps = starts.slice(1).map((at, i) => at - starts[i]!);
  expect(gaps[2]!).toBeGreaterThan(gaps[0]! * 1.5);
  await Promise.all([failing.stop(), sound.stop()]);
});
