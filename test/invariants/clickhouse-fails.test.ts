/**
 * Promise 7: ClickHouse down, killed in the middle of inserts, refusing, slow, and answering into the void. Events pile up in
 * Kafka and messages go on; afterwards rows equal events exactly, and every figure of every roll-up equals the rows.
 * SLUICE_FAULTS=long: down for two minutes, more of everything.
 */
import { createClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ControlClient } from "../../infra/local/control-client.ts";
import { EVENT_SINK_GROUP } from "../../schemas/groups.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";
import { until } from "../faults/audit.ts";
import { submissionsReceived } from "../faults/books.ts";
import { ClickhouseProxy, type InsertStage, type Refusal } from "../faults/clickhouse-proxy.ts";
import { GroupLag } from "../faults/group-lag.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { schedule } from "../faults/kill.ts";
import { servicePids } from "../faults/readiness.ts";
import { metric } from "../faults/rebalance.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";

const RATE = LONG ? 300 : 120;
const DOWN_MS = LONG ? 120_000 : 6_000;
/** kill -9 of ClickHouse while an insert is under way. */
const KILLS = LONG ? 20 : 3;
/** At most so many times as many, until enough of them met an insert. */
const MOST_KILLS = 4;
/** Inserts whose answer is lost, and inserts cut off half-way. */
const CUTS = LONG ? 50 : 6;
const SINK_KILLS = LONG ? 6 : 1;
const REFUSED_MS = LONG ? 5_000 : 600;
/** Longer than an insert may take (INSERT_TIMEOUT), so that its repeat comes while it is still being executed. */
const INSERT_TIMEOUT_MS = 2_500;
const FROZEN_MS = INSERT_TIMEOUT_MS + (LONG ? 10_000 : 2_500);
const SLOW_MS = 2_000;
/** Events that may be behind when all is well: what comes in while blocks fill, and a second for each look. */
const LEVEL = RATE * 5 * 3;
const LEVEL_MS = 120_000;
const END_MS = 150_000;
const START_MS = 400_000;
/** Two blocks and two fetches for each of six partitions, beside the process itself. */
const SINK_MEMORY = 450 << 20;

const REFUSALS: Readonly<Record<string, Refusal>> = {
  "HTTP 500": {
    status: 500,
    code: 241,
    text: "Code: 241. DB::Exception: (total) memory limit exceeded (MEMORY_LIMIT_EXCEEDED)",
  },
  "HTTP 429": {
    status: 429,
    code: 202,
    text: "Code: 202. DB::Exception: Too many simultaneous queries (TOO_MANY_SIMULTANEOUS_QUERIES)",
  },
  "read-only": {
    status: 500,
    code: 242,
    text: "Code: 242. DB::Exception: Table is in readonly mode (TABLE_IS_READ_ONLY)",
  },
};

let sluice: Installation;
let proxy: ClickhouseProxy;
let clickhouse: ControlClient;
let traffic: Traffic;
let lag: GroupLag;
const { seed, random } = schedule();
const database = () => createClient({ ...clickhouseOptions(sluice.infra), database: "sluice" });

beforeAll(async () => {
  sluice = await startInstallation({
    env: { SLUICE_SINK_MAX_AGE: "400ms", SLUICE_SINK_INSERT_TIMEOUT: `${INSERT_TIMEOUT_MS}ms` },
    through: async (infra) => {
      proxy = await ClickhouseProxy.start(infra.clickhouseUrl);
      return { clickhouseUrl: proxy.url };
    },
  });
  const { shared } = sluice.infra;
  if (shared.engine !== "native")
    throw new Error("this promise kills ClickHouse's process: SLUICE_CLUSTER_ENGINE=native");
  clickhouse = new ControlClient(shared.stateDir);
  // Quick and faultless providers: what is late or missing comes from ClickHouse.
  const errors = { permanentShare: 0, temporaryShare: 0 };
  const delay = { kind: "uniform", minMs: 50, maxMs: 500 };
  for (const smsc of ["smsc-a", "smsc-b"] as const)
    await behave(sluice, smsc, { errors, receipts: { delay, lossShare: 0 } });
  await behave(sluice, "http-c", { errors, callbacks: { delay, lossShare: 0 } });
  console.log(`SLUICE_SEED=${seed}`);
  traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.5 });
  await traffic.start();
  lag = await GroupLag.connect(sluice.infra.brokers, EVENT_SINK_GROUP, EVENTS_TOPIC);
  await until(
    () => "rows are stored",
    async () => (await lag.read()).done > RATE * 5,
    60_000,
  );
}, START_MS);
afterAll(async () => {
  await lag?.close();
  proxy?.mend();
  await sluice?.stop();
  await proxy?.stop();
});

test("down: messages go on, look-ups are refused at once, the sink says what it waits for and catches up", async () => {
  const sent = await submissionsReceived(sluice);
  await clickhouse.signal("clickhouse", "SIGKILL", { keepDown: true });
  const began = performance.now();
  let [worstLookUp, memory] = [0, 0];
  let verdict = "";
  while (performance.now() - began < DOWN_MS) {
    const asked = performance.now();
    const [, id] = [await pause(500), [...traffic.accepted][0]!];
    const answer = await fetch(`${sluice.ingestUrl}/v1/messages/${id}`, {
      headers: { authorization: "Bearer acme-demo-key" },
      signal: AbortSignal.timeout(10_000),
    });
    worstLookUp = Math.max(worstLookUp, performance.now() - asked - 500);
    // An instance answers from memory what it has just accepted; the rest it cannot know.
    expect([200, 503]).toContain(answer.status);
    memory = Math.max(memory, await sinkMetric("process_resident_memory_bytes"));
    verdict = await (await fetch(`${sluice.adminUrls["analytics-sink"]}/readyz`)).text();
  }
  const sentMeanwhile = (await submissionsReceived(sluice)) - sent;
  const { waiting, done } = await lag.read();
  expect(verdict).toContain("clickhouse");
  expect(worstLookUp).toBeLessThan(8_000);
  expect(sentMeanwhile).toBeGreaterThan((RATE * DOWN_MS * 0.5) / 1_000);
  const back = performance.now();
  await clickhouse.start("clickhouse");
  await level();
  const seconds = (performance.now() - back) / 1_000;
  const rows = (await lag.read()).done - done;
  memory = Math.max(memory, await sinkMetric("process_resident_memory_bytes"));
  expect(memory).toBeLessThan(SINK_MEMORY);
  figure(7, `down for ${DOWN_MS / 1_000} s: events waiting in Kafka`, waiting);
  figure(
    7,
    "level again after",
    `${seconds.toFixed(1)} s (${Math.round(rows / seconds).toLocaleString("en-US")} rows/s)`,
  );
  figure(7, "memory of the sink at most", `${memory >> 20} MiB`);
});

test("kill -9 in the middle of inserts, answers lost, inserts cut off half-way", async () => {
  // A quick insert may be answered before the signal arrives: such a kill is one more, and counts for nothing.
  let [kills, inTheMiddle] = [0, 0];
  for (; kills < KILLS || inTheMiddle < KILLS / 2; kills++) {
    expect(kills, `kills, of which in the middle of an insert: ${inTheMiddle}`).toBeLessThan(KILLS * MOST_KILLS);
    await atStage(kills % 2 === 0 ? "sent" : "half", (stage) => {
      const before = proxy.counts.confirmed;
      return pause(stage === "sent" ? random() * 40 : 0)
        .then(() => clickhouse.signal("clickhouse", "SIGKILL", { keepDown: true }))
        .then(() => {
          if (proxy.counts.confirmed === before) inTheMiddle++;
        });
    });
    await clickhouse.start("clickhouse");
    await level();
  }
  const cuts: Record<InsertStage, number> = { half: 0, sent: 0, answered: 0 };
  proxy.onInsert = (stage) => {
    // Two of three go through, or nothing would ever be told.
    if (random() > 1 / 3) return undefined;
    cuts[stage]++;
    return "cut";
  };
  await until(
    () => `${CUTS} answers lost and ${CUTS} inserts cut half-way; there are ${JSON.stringify(cuts)}`,
    () => cuts.answered >= CUTS && cuts.half >= CUTS,
    LEVEL_MS,
  );
  proxy.mend();
  await level();
  figure(7, "kill -9 of ClickHouse, in the middle of an insert", `${kills}, ${inTheMiddle}`);
  figure(7, "inserts stored whose answer was lost, cut half-way", `${cuts.answered}, ${cuts.half}`);
});

test("refusing: by the network, by status, by too many parts, by a view that fails", async () => {
  proxy.refuse();
  await failing(REFUSED_MS);
  proxy.mend();
  for (const refusal of Object.values(REFUSALS)) {
    proxy.refusal = refusal;
    await failing(REFUSED_MS);
    proxy.mend();
  }
  const db = database();
  const command = (query: string) => db.command({ query });
  // The engine itself: more parts than it allows.
  await command("ALTER TABLE events MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 0");
  await failing(REFUSED_MS);
  await command("ALTER TABLE events RESET SETTING parts_to_throw_insert, parts_to_delay_insert");
  // Rows may be stored and only some of the views' tables written.
  await command("CREATE TABLE nothing (x UInt8) ENGINE = MergeTree ORDER BY x");
  await command("CREATE MATERIALIZED VIEW mm_refuses TO nothing AS SELECT toUInt8(throwIf(1)) AS x FROM events");
  await failing(REFUSED_MS);
  await command("DROP VIEW mm_refuses");
  await level();
  await db.close();
  figure(7, "kinds of refusal", 3 + Object.keys(REFUSALS).length);
});

test("slow: late answers, and inserts that are still being executed when their repeats come", async () => {
  proxy.delayMs = SLOW_MS;
  await pause(2 * SLOW_MS);
  for (let n = 0; n < SINK_KILLS; n++) {
    // At its worst moments: the rows are on their way, or stored with the answer still to come. The supervisor starts it
    // again; ready it will be when ClickHouse answers in time, so nobody waits for that here. But it must run: an answer
    // may come for the one that was killed before.
    await until(
      () => "the sink runs",
      async () => (await servicePids(sluice))["analytics-sink"] !== undefined,
      LEVEL_MS,
    );
    await atStage(n % 2 === 0 ? "sent" : "answered", () => sluice.control.signal("analytics-sink", "SIGKILL"));
  }
  proxy.mend();
  await level();
  // Told, and not only confirmed: what the killed one had given is still confirmed.
  const { told } = proxy.counts;
  await until(
    () => "the sink, killed before, inserts again",
    () => proxy.counts.told > told,
    LEVEL_MS,
  );
  // Frozen, ClickHouse takes connections and requests, and executes them all when it thaws.
  const { inserts } = proxy.counts;
  await clickhouse.signal("clickhouse", "SIGSTOP");
  await pause(FROZEN_MS);
  await until(
    () => `more than 6 inserts are given to a frozen ClickHouse; there are ${proxy.counts.inserts - inserts}`,
    () => proxy.counts.inserts - inserts > 6,
    4 * INSERT_TIMEOUT_MS,
  );
  await clickhouse.signal("clickhouse", "SIGCONT");
  const atOnce = proxy.counts.inserts - inserts;
  await level();
  figure(7, "inserts given to a frozen ClickHouse, and repeated", atOnce);
  if (LONG) await slowViews();
});

test("rows equal events exactly, and all roll-ups equal the rows exactly", async () => {
  await traffic.stop();
  const result = await reckon(sluice, traffic, END_MS);
  console.log(figures(result, traffic));
  expectInOrder(result);
  expect(result.rows.places.length).toBe(result.books.distinctEvents);
  figure(7, "events, rows", `${result.books.distinctEvents}, ${result.rows.places.length}`);
  figure(7, "roll-up figures compared, differing", `${result.rows.figures}, ${result.rows.differing.length}`);
});

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function sinkMetric(name: string): Promise<number> {
  return metric(sluice.adminUrls["analytics-sink"]!, name);
}

/** Waits until the sink has caught up. */
function level(): Promise<void> {
  return lag.level(LEVEL, LEVEL_MS);
}

/** ClickHouse slow by itself: its views take longer than the client waits. */
async function slowViews(): Promise<void> {
  const db = database();
  await db.command({
    query: "CREATE MATERIALIZED VIEW mm_slow TO nothing AS SELECT toUInt8(sleep(2.9)) AS x FROM events",
  });
  const before = await sinkMetric("sink_insert_failures_total");
  await pause(8 * INSERT_TIMEOUT_MS);
  const late = (await sinkMetric("sink_insert_failures_total")) - before;
  await db.command({ query: "DROP VIEW mm_slow" });
  await level();
  await db.close();
  expect(late).toBeGreaterThan(6);
  figure(7, "inserts slower than the client waits", late);
}

/** Runs `fault` when an insert next comes to a stage, and resolves when it has ended. */
async function atStage(stage: InsertStage, fault: (stage: InsertStage) => Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    proxy.onInsert = (now) => {
      if (now !== stage) return undefined;
      proxy.onInsert = () => undefined;
      fault(stage).then(() => resolve(), reject);
      return undefined;
    };
  });
}

/** Waits for `ms` in which no insert succeeds and at least one fails. */
async function failing(ms: number): Promise<void> {
  const { told } = proxy.counts;
  const before = await sinkMetric("sink_insert_failures_total");
  await pause(ms);
  await until(
    () => "inserts fail",
    async () => (await sinkMetric("sink_insert_failures_total")) > before,
    30_000,
  );
  // Those under way when it began may have been told.
  expect(proxy.counts.told - told).toBeLessThanOrEqual(6);
}
