/**
 * `make bench-state`: what is remembered by recipient, as compacted topics of a real broker and as a store on disk: how fast a copy is
 * read from nothing, what a read takes, memory and disk; then, in one run and in turns, how long a new owner waits for a copy that is kept up to date, with all
 * of it and with next to nothing. Changes go on meanwhile. On brokers of its own. The last line is JSON.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { startCluster } from "../../fixture/cluster.ts";
import { DELETE_RETENTION_MS, type FollowerTask, KINDS, type StateScope, topicOf } from "./state-records.ts";

const SIZES = {
  suppressions: setting("STATE_SUPPRESSIONS", 400_000),
  caps: setting("STATE_CAPPED", 100_000),
  scheduled: setting("STATE_SCHEDULED", 40_000),
};
const PARTITIONS = setting("STATE_PARTITIONS", 18);
/** Takeovers that are timed, with and without. */
const TAKEOVERS = setting("STATE_TAKEOVERS", 30);
/** Changes a second while they are. */
const CHANGES = setting("STATE_CHANGES", 1_000);
const AT_ONCE = 10_000;

function setting(name: string, standard: number): number {
  const value = Number(process.env[name] || standard);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name} must be a whole number from 1, not ${process.env[name]}`);
  return value;
}

const cluster = await startCluster({ kafkaOnly: true });
const folder = mkdtempSync(join(tmpdir(), "sluice-state-"));
const connection = { brokers: cluster.brokers, clientId: "bench-state", log: silentLog };
const producer = new RecordProducer({ connection });
const task: FollowerTask = { brokers: cluster.brokers, partitions: PARTITIONS, sizes: SIZES, folder, takeovers: 0 };
try {
  await makeTopics();
  await producer.connect();
  for (const kind of KINDS) await timed(`${SIZES[kind.name]} ${kind.name} written to Kafka`, () => fill(kind));
  const read = await follow(task);
  console.log(`read from nothing, by a process with an empty folder: ${JSON.stringify(read)}`);
  const changing = { on: true };
  const changes = change(changing);
  const taken = await follow({ ...task, takeovers: TAKEOVERS }).finally(async () => {
    changing.on = false;
    await changes;
  });
  console.log(`taken over, with the folder that it left: ${JSON.stringify(taken)}`);
  const { full, empty } = (taken as { takeoverMs: Record<StateScope, { p50: number }> }).takeoverMs;
  const ratio = Number((full.p50 / empty.p50).toFixed(2));
  console.log(
    JSON.stringify({ bench: "state", sizes: SIZES, partitions: PARTITIONS, ...read, ...taken, takeoverRatio: ratio }),
  );
} finally {
  await producer.close();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function makeTopics(): Promise<void> {
  const config = { "cleanup.policy": "compact", "delete.retention.ms": String(DELETE_RETENTION_MS) };
  const specs = KINDS.flatMap((kind) =>
    (["full", "empty"] as const).map((scope) => ({ name: topicOf(scope, kind), partitions: PARTITIONS, config })),
  );
  await ensureTopics(connection, specs, 1, 1);
}

async function fill(kind: (typeof KINDS)[number]): Promise<void> {
  const topic = topicOf("full", kind);
  for (let n = 0; n < SIZES[kind.name]; n += AT_ONCE) {
    const many = Math.min(AT_ONCE, SIZES[kind.name] - n);
    await producer.send(Array.from({ length: many }, (_, i) => kind.record(topic, n + i, 0, PARTITIONS)));
  }
}

/** Of every kind a third of the changes, to both scopes alike, tenths of a second apart. */
async function change(changing: { on: boolean }): Promise<void> {
  for (let turn = 1; changing.on; turn++) {
    const next = new Promise((resolve) => setTimeout(resolve, 100));
    const each = Math.ceil(CHANGES / 10 / KINDS.length);
    for (const kind of KINDS)
      for (const scope of ["full", "empty"] as const)
        await producer.send(
          Array.from({ length: each }, (_, i) =>
            kind.record(topicOf(scope, kind), (turn * each + i) % Math.min(1_000, SIZES[kind.name]), turn, PARTITIONS),
          ),
        );
    await next;
  }
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await work();
  console.log(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

/** What the process of follower.ts prints. */
async function follow(told: FollowerTask): Promise<object> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "follower.ts"), JSON.stringify(told)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the follower ended with ${code}`);
  return JSON.parse(printed.trim().split("\n").at(-1)!) as object;
}
