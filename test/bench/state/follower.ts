/** A process that keeps stores up to date, alone, so that its memory is theirs. Told what to do by test/bench/state/bench-state.ts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { ChangelogCopy } from "../../../platform/store/changelog-copy.ts";
import { PartitionStore } from "../../../platform/store/partition-store.ts";
import { DELETE_RETENTION_MS, type FollowerTask, KINDS, type StateScope, topicOf } from "./state-records.ts";

const task = JSON.parse(process.argv[2]!) as FollowerTask;
const { partitions, sizes } = task;
const ALL = Array.from({ length: partitions }, (_, partition) => partition);
/** Of a partition at a time: a process that has much to read holds what a fetch of all brings, and as KafkaJS has decoded it. */
const FETCH_BYTES = 65_536;
let mostOverlay = 0;

interface Side {
  readonly store: PartitionStore;
  readonly copies: readonly ChangelogCopy[];
  readonly reader: TopicReader;
  /** Records applied. */
  applied: number;
}

async function open(scope: StateScope): Promise<Side> {
  const broken = (error: Error) => {
    console.error(error);
    process.exit(1);
  };
  const store = await PartitionStore.open({
    folder: join(task.folder, scope),
    setting: "the benchmark's folder",
    tables: KINDS.flatMap((kind) => kind.tables),
    log: { warn: (fields, message) => console.error(message, fields) },
    onFault: broken,
  });
  const reader = new TopicReader({
    connection: { brokers: task.brokers, clientId: `state-${scope}`, log: silentLog },
    topics: KINDS.map((kind) => topicOf(scope, kind)),
    fetchBytes: FETCH_BYTES,
  });
  await reader.start();
  const side: Side = { store, reader, copies: [], applied: 0 };
  const copies = KINDS.map((kind) => {
    const apply = kind.apply(store);
    return new ChangelogCopy({
      store,
      source: reader,
      topic: topicOf(scope, kind),
      tables: kind.tables,
      apply: (record) => {
        side.applied++;
        apply(record);
        if ((side.applied & 0xff) === 0) mostOverlay = Math.max(mostOverlay, store.overlayOctets);
      },
      now: Date.now,
      deleteRetentionMs: DELETE_RETENTION_MS,
      onFault: broken,
      log: silentLog,
    });
  });
  for (const copy of copies) await copy.start();
  return Object.assign(side, { copies });
}

/** From "these partitions are yours now" to "all that the log had then is answered", ms. */
async function takeover({ copies }: Side): Promise<number> {
  const began = performance.now();
  await Promise.all(copies.flatMap((copy) => ALL.map((partition) => copy.caughtUp(partition))));
  return performance.now() - began;
}

async function close({ store, copies, reader }: Side): Promise<void> {
  for (const copy of copies) copy.stop();
  await reader.stop();
  await store.close();
}

function memory(): Record<string, number> {
  const status = readFileSync("/proc/self/status", "utf8");
  const mib = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1_024);
  return { ownMiB: mib("RssAnon"), mappedFilesMiB: mib("RssFile") };
}

function quantiles(values: readonly number[]): Record<string, number> {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1));
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Microseconds of single reads; `absent`: of keys that are not there. */
function reads(store: PartitionStore, absent: boolean): Record<string, number> {
  const asked = 20_000;
  const took: number[] = [];
  for (let i = 0; i < asked; i++) {
    const kind = KINDS[i % KINDS.length]!;
    const n = Math.floor(Math.random() * sizes[kind.name]) + (absent ? sizes[kind.name] : 0);
    const { table, key, partition } = kind.key(n, partitions);
    const from = store.table(table);
    const began = performance.now();
    const found = from.get(partition, key);
    took.push((performance.now() - began) * 1_000);
    if ((found === undefined) !== absent) throw new Error(`${kind.name} ${n} is ${absent ? "" : "not "}there`);
  }
  return quantiles(took);
}

async function readAll(): Promise<object> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const side = await open("full");
  await takeover(side);
  await side.store.flush();
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const applied = {
    records: side.applied,
    seconds: Number(seconds.toFixed(1)),
    recordsPerSecond: Math.round(side.applied / seconds),
    cpuMicrosPerRecord: Number(((user + system) / side.applied).toFixed(1)),
    mostOverlayMiB: Number((mostOverlay / (1 << 20)).toFixed(1)),
    ...memory(),
  };
  const present = reads(side.store, false);
  const absent = reads(side.store, true);
  const diskMiB = Math.round(side.store.octetsOnDisk() / (1 << 20));
  const result = { applied, getMicros: { present, absent }, diskMiB, afterReads: memory() };
  await close(side);
  return result;
}

async function takeovers(): Promise<object> {
  const began = performance.now();
  const full = await open("full");
  await takeover(full);
  const startSeconds = (performance.now() - began) / 1_000;
  const empty = await open("empty");
  await takeover(empty);
  const took = { full: [] as number[], empty: [] as number[] };
  for (let round = 0; round < task.takeovers; round++) {
    took.full.push(await takeover(full));
    took.empty.push(await takeover(empty));
  }
  const result = {
    startSeconds: Number(startSeconds.toFixed(2)),
    recordsReadAtStart: full.applied,
    takeoverMs: { full: quantiles(took.full), empty: quantiles(took.empty) },
    memory: memory(),
  };
  await Promise.all([close(full), close(empty)]);
  return result;
}

console.log(JSON.stringify(await (task.takeovers > 0 ? takeovers() : readAll())));
process.exit(0);
