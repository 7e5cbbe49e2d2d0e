/**
 * Promise 10: a backlog of 1,000,000 dispatches for a provider that is dark, which then drains; what each process holds
 * stays under a stated bound and does not grow. The messages go the whole way: requests in Kafka, routed to a provider
 * that answers late, so that they wait in its dispatch topics; it goes dark; it comes back, and all of them end.
 * SLUICE_FAULTS=long: the million; else 40,000. SLUICE_BACKLOG sets another number.
 */
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EVENT_SINK_GROUP } from "../../schemas/groups.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";
import { until } from "../faults/audit.ts";
import { auditProcess } from "../faults/audit-process.ts";
import { produceRequests } from "../faults/bulk.ts";
import { GroupLag } from "../faults/group-lag.ts";
import { behave, type Installation, SERVICES, type Service, startInstallation } from "../faults/installation.ts";
import { growth, heldMiB, MemoryWatch, MIB } from "../faults/memory.ts";
import { servicePids } from "../faults/readiness.ts";
import { metric } from "../faults/rebalance.ts";
import { figure, LONG } from "../faults/report.ts";

const BACKLOG = Number(process.env.SLUICE_BACKLOG ?? (LONG ? 1_000_000 : 40_000));
/** A few more are requested: the late answers end some while the others queue up. */
const REQUESTED = Math.ceil(BACKLOG * 1.05);
const DARK_MS = LONG ? 60_000 : 15_000;
/** Less than the 5 s after which a silent provider is left. With the window of 100 some 25 messages a second get through. */
const LATE = { delay: { kind: "uniform", minMs: 3_500, maxMs: 4_200 } };
const PROMPT = { delay: { kind: "uniform", minMs: 2, maxMs: 6 } };
/** Events that the sink has yet to store when it is level: some 75 come each second while the provider is late. */
const SINK_LEVEL = 1_000;
const PACE_MS = LONG ? 1_800_000 : 240_000;

/** Heap after a full collection, and what stands outside of it, at the most; MiB. */
const BOUND_MIB: Readonly<Record<Service, number>> = {
  ingest: 64,
  router: 256,
  sender: 256,
  "dlr-collector": 256,
  "analytics-sink": 256,
};
/** What the sender holds more while the backlog waits than before there was any, at the most; MiB. Held whole, 40,000 take 46. */
const FOR_BACKLOG_MIB = 32;
/** The audit, which reads the topics in two slices here: 150 octets for each message of one. */
const AUDIT_MIB = LONG ? 384 : 128;
/** Growth while the backlog waits, and while the second half of it drains, at the most; MiB a minute. */
const SLOPE = 10;
/** The memories of repeats (ids of the last 50,000 in each partition) must be full before growth can be told from filling. */
const FULL_AFTER = 300_000;

const watch = new MemoryWatch();
let sluice: Installation;
beforeAll(async () => {
  sluice = await startInstallation({
    env: {
      ...watch.environment,
      SLUICE_CATALOG_DIR: resolve(import.meta.dirname, "../faults/backlog/catalog"),
      SLUICE_SIMULATORS_DIR: resolve(import.meta.dirname, "../bench/simulators"),
    },
  });
}, 400_000);
afterAll(async () => {
  await sluice?.stop();
  watch.remove();
});

const ended = () => metric(sluice.adminUrls["dlr-collector"]!, "correlator_finals_total");
const waiting = () => metric(sluice.adminUrls.sender!, "sender_backlog_messages");

test(`${BACKLOG} dispatches wait for a dark provider, and drain, in bounded memory`, async () => {
  const pids = await servicePids(sluice);
  const idle = await senderHolds(Date.now() - 4_000, Number.POSITIVE_INFINITY);
  await behave(sluice, "smsc-a", { response: LATE });
  await produceRequests(sluice, "bulk", REQUESTED);
  await growsTo("dispatches that wait", waiting, BACKLOG);
  await sinkHasCaughtUp();

  const darkAt = Date.now();
  await turn("dark", { mode: "silent" });
  await circuitOpens();
  await new Promise((done) => setTimeout(done, DARK_MS));
  const backlog = await waiting();

  await behave(sluice, "smsc-a", { response: PROMPT });
  const lightAt = Date.now();
  await turn("light");
  await growsTo("ended messages, half", ended, REQUESTED / 2);
  const halfAt = Date.now();
  await growsTo("ended messages", ended, REQUESTED * 0.98);
  const drainedAt = Date.now();
  await growsTo("ended messages, all", ended, REQUESTED);

  const wait = ["--wait", "60s", "--max-messages", String(Math.ceil(REQUESTED / 2))];
  const { report: audit, line } = await auditProcess(sluice, wait, { ...watch.environment, SLUICE_INSTANCE: "audit" });
  figure(10, "dispatches waiting while the provider was dark", backlog);
  figure(10, "drained at, messages a second", Math.round((REQUESTED * 980) / (drainedAt - lightAt)));
  const wrong: string[] = [];
  for (const service of SERVICES) {
    const samples = watch.samples(service).filter(({ pid }) => pid === pids[service]);
    const most = Math.max(...samples.map(heldMiB));
    const heap = Math.max(...samples.map(({ heapUsed }) => heapUsed)) / MIB;
    const [waited, drained] = [growth(samples, darkAt, lightAt), growth(samples, halfAt, drainedAt)];
    const perMinute = `${shown(waited)} waiting, ${shown(drained)} draining`;
    figure(
      10,
      `${service}: held at most, MiB (heap)`,
      `${most.toFixed(0)} (${heap.toFixed(0)}) of ${BOUND_MIB[service]}; growth a minute ${perMinute}`,
    );
    if (most > BOUND_MIB[service]) wrong.push(`${service} held ${most.toFixed(0)} MiB`);
    if (waited === undefined || waited > SLOPE) wrong.push(`${service} grew while the backlog waited: ${perMinute}`);
    if (REQUESTED / 2 >= FULL_AFTER && (drained === undefined || drained > SLOPE))
      wrong.push(`${service} grew while the backlog drained: ${perMinute}`);
  }
  const forBacklog = (await senderHolds(darkAt, lightAt)) - idle;
  figure(10, "sender: held for the backlog, MiB", `${forBacklog.toFixed(1)} of ${FOR_BACKLOG_MIB}`);
  if (!(forBacklog <= FOR_BACKLOG_MIB)) wrong.push(`the sender held ${forBacklog.toFixed(1)} MiB for what waits`);
  const postponed = await metric(sluice.adminUrls.router!, "router_delayed_total");
  figure(10, "sent through a retry tier", postponed);
  figure(10, "messages ended", audit.terminal);
  figure(10, "missing", audit.missing);
  const audited = Math.max(...watch.samples("audit").map(heldMiB));
  figure(10, "the audit itself held at most, MiB", `${audited.toFixed(0)} of ${AUDIT_MIB}`);
  if (!(audited > 0)) wrong.push("the audit said nothing of its memory");
  if (audited > AUDIT_MIB) wrong.push(`the audit held ${audited.toFixed(0)} MiB`);
  console.log(line);
  expect(wrong).toEqual([]);
  // What waited stayed in its place, but for the probes and what was in the window when the provider went dark.
  expect(postponed).toBeLessThan(BACKLOG / 20);
  expect(backlog).toBeGreaterThanOrEqual(BACKLOG * 0.98);
  expect(audit).toMatchObject({ accepted: REQUESTED, terminal: REQUESTED, missing: 0, duplicated: 0 });
  expect(await servicePids(sluice), "no process has been started again").toEqual(pids);
}, 3_600_000);

/** What the sink holds while it is behind fills its blocks: only after that a growth would be one. */
async function sinkHasCaughtUp(): Promise<void> {
  const lag = await GroupLag.connect(sluice.infra.brokers, EVENT_SINK_GROUP, EVENTS_TOPIC);
  try {
    await lag.level(SINK_LEVEL, PACE_MS);
  } finally {
    await lag.close();
  }
}

/** The least that the sender held between two moments, MiB: what is held all the time. */
async function senderHolds(from: number, to: number): Promise<number> {
  let held: number[] = [];
  await until(
    () => "a sample of what the sender holds",
    async () => {
      held = watch
        .samples("sender")
        .filter(({ at }) => at >= from && at <= to)
        .map(heldMiB);
      return held.length > 0;
    },
    30_000,
  );
  return Math.min(...held);
}

function shown(slope: number | undefined): string {
  return slope === undefined ? "too short to tell" : slope.toFixed(1);
}

async function growsTo(what: string, count: () => Promise<number>, wanted: number): Promise<void> {
  let now = 0;
  await until(
    () => `${wanted} ${what}; there are ${now}`,
    async () => {
      now = await count();
      return now >= wanted;
    },
    PACE_MS,
  );
}

async function turn(how: "dark" | "light", body: object = {}): Promise<void> {
  const response = await fetch(`${sluice.simulators["smsc-a"]}/${how}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${how}: ${response.status} ${await response.text()}`);
}

async function circuitOpens(): Promise<void> {
  await until(
    () => "the circuit opens",
    async () => (await (await fetch(`${sluice.adminUrls.sender}/metrics`)).text()).includes('circuit="open"'),
    30_000,
  );
}
