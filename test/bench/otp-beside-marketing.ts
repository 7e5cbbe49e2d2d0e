/**
 * How long an otp waits from its acceptance to its submission while a backlog of marketing messages drains, today and at an earlier commit,
 * stretch by stretch in turns: `make bench-otp`. Three loads: providers without limits ("maximum", once), where each side does as much as it can and so the faster
 * one more; providers whose rates allow both what the slower side could ("same"); and 70 % of that ("part"). The last line is JSON; the exit code is 1 when
 * today's 99th percentile is above half of the earlier one's at "same" or "part". Under "maximum" the two have different loads: shown, not judged.
 * OTP_BACKLOG (400000): marketing messages that wait when a stretch's services have started, those left by the one before among them; OTP_SECONDS (25): how long a stretch is looked at, if
 * they have not drained before; OTP_ROUNDS (2); OTP_EARLIER (af0e5d39);
 * OTP_SLOWER: marketing messages a second that the slower side could, when an earlier run has shown it; "maximum" is left out then. The long form: OTP_BACKLOG=500000 OTP_SECONDS=600.
 */

import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readClusterConfig } from "../../infra/local/cluster-config.ts";
import { ControlClient } from "../../infra/local/control-client.ts";
import { sluiceProcesses } from "../../infra/local/sluice-processes.ts";
import { EarlierSluice, hasCommit } from "../faults/earlier-sluice.ts";
import { startCluster } from "../fixture/cluster.ts";
import { LaneTraffic } from "./lane-traffic.ts";
import { PipelineCounts } from "./pipeline-counts.ts";
import { startTwoProviders, type TwoProviders } from "./two-providers.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const setting = (name: string, fallback: number): number => Number(process.env[name] || fallback);
const BACKLOG = setting("OTP_BACKLOG", 400_000);
const SECONDS = setting("OTP_SECONDS", 25);
const ROUNDS = setting("OTP_ROUNDS", 2);
const SLOWER = setting("OTP_SLOWER", 0);
const EARLIER = process.env.OTP_EARLIER || "af0e5d39";
const TODAY = "HEAD";
/** Otp messages a second: few beside the marketing ones, enough for a 99th percentile. */
const OTP_PER_SECOND = 60;
/** The services' code is compiled and binds are made before a stretch is looked at: on two busy cores, some 10 s. */
const WARM_MS = 16_000;
/** ClickHouse merges and brokers write what a stretch has left, before the next one is looked at. */
const SETTLE_MS = 20_000;
const FROZEN = /^(kafka|clickhouse)/;
/** A broker that stood still registers anew. */
const THAW_MS = 8_000;
/** What each side does before its first stretch: for some 15 s after its start a broker compiles its own code, with most of a processor. */
const WARM_UP = 60_000;
/** A stretch ends when so much of the backlog has gone: the rest is not in everybody's way any more. */
const DRAINED = 0.95;
const UNLIMITED = 20_000;
const PART = 0.7;
/** What today may take of what it took. */
const TARGET = 0.5;
/** Rows of the side that looks after messages first come when its backlog has gone. */
const PATIENCE_MS = 300_000;

/** Of today's services, as `make up` starts them. */
const NICENESS = Object.fromEntries(
  sluiceProcesses(readClusterConfig({}, PROJECT)).map(({ name, niceness = 0 }) => [name, niceness]),
);

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const say = (line: string): void => console.error(line);

/** One version of Sluice, on a cluster of its own that stays while its services come and go. */
interface Side {
  readonly commit: string;
  readonly infra: Awaited<ReturnType<typeof startCluster>>;
  readonly traffic: LaneTraffic;
  /** Marketing messages that an earlier stretch has left waiting. */
  left: number;
}

/** What a stretch showed. */
interface Stretch {
  readonly commit: string;
  readonly load: Load;
  readonly otp: number;
  readonly p50: number;
  readonly p99: number;
  readonly marketingPerSecond: number;
  readonly seconds: number;
}
type Load = "maximum" | "same" | "part";

async function sideOf(commit: string): Promise<Side> {
  // The earlier one's analytics did not stand back from messages.
  const settings: Record<string, string> = commit === TODAY ? {} : { SLUICE_ANALYTICS_NICENESS: "0" };
  const infra = await startCluster({ settings });
  return { commit, infra, traffic: new LaneTraffic(infra), left: 0 };
}

/** Between its stretches a side's broker and ClickHouse stand still: what they merge and write would be in the other one's way. */
async function freeze({ infra: { shared } }: Side, signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
  if (shared.engine !== "native") throw new Error("SLUICE_CLUSTER_ENGINE=native is needed: clusters are frozen here");
  const control = new ControlClient(shared.stateDir);
  for (const { name } of await control.status()) if (FROZEN.test(name)) await control.signal(name, signal);
  if (signal === "SIGCONT") await pause(THAW_MS);
}

/** Lets the services of one side work off a backlog for a while, otp beside it. */
async function stretch(
  side: Side,
  providers: TwoProviders,
  load: Load,
  rate: number,
  backlog = BACKLOG,
): Promise<Stretch> {
  const { commit, infra, traffic } = side;
  const env = { SLUICE_CATALOG_DIR: providers.catalog(rate), SLUICE_SINK_MAX_AGE: "1s" };
  const niceness = commit === TODAY ? NICENESS : {};
  await freeze(side, "SIGCONT");
  // The services' own migration makes the topics, so a first start is for that alone.
  while (!(await traffic.ready())) await (await EarlierSluice.start(commit, infra, env)).stop();
  let waiting = Math.max(backlog, side.left);
  await traffic.fill(waiting - side.left);
  // By Kafka: rows come to ClickHouse when it has the time.
  const counts = new PipelineCounts({ brokers: infra.brokers, clientId: "otp-beside-marketing", log: quiet });
  await counts.start();
  const sluice = await EarlierSluice.start(commit, infra, env, niceness);
  try {
    // Some have gone while the services started, which takes the longer the longer the log is.
    const gone = counts.submitted;
    await traffic.fill(gone);
    waiting += gone;
    const otp = traffic.otp(OTP_PER_SECOND);
    await pause(WARM_MS);
    const from = Date.now();
    const first = counts.submitted;
    while (Date.now() - from < SECONDS * 1_000 && counts.submitted < waiting * DRAINED) await pause(500);
    const [to, last] = [Date.now(), counts.submitted];
    await otp.stop();
    const { count, p50, p99 } = await traffic.otpLatency(otp.acceptedBetween(from, to), PATIENCE_MS);
    const found = {
      ...{ commit, load, otp: count, p50, p99 },
      marketingPerSecond: Math.round(((last - first) / (to - from)) * 1_000 - OTP_PER_SECOND),
      seconds: Math.round((to - from) / 1_000),
    };
    say(JSON.stringify(backlog === BACKLOG ? found : { warmUp: found }));
    return found;
  } finally {
    await sluice.stop();
    side.left = Math.max(0, waiting - counts.submitted);
    await counts.stop();
    await pause(SETTLE_MS);
    await freeze(side, "SIGSTOP");
  }
}

async function measure(): Promise<boolean> {
  const providers = await startTwoProviders();
  const sides: Side[] = [];
  const found: Stretch[] = [];
  try {
    for (const commit of [EARLIER, TODAY]) {
      const side = await sideOf(commit);
      sides.push(side);
      await stretch(side, providers, "maximum", UNLIMITED, WARM_UP);
    }
    for (let round = 0; round < ROUNDS; round++) {
      // Each goes first in turns: behind the other it finds that one's ClickHouse and broker still at work.
      const turn = round % 2 === 0 ? sides : [...sides].reverse();
      // Once: later ones find messages that an earlier stretch has routed already.
      if (round === 0 && SLOWER === 0)
        for (const side of turn) found.push(await stretch(side, providers, "maximum", UNLIMITED));
      // The same rates for both.
      const maxima = found.filter(({ load }) => load === "maximum").map((one) => one.marketingPerSecond);
      const most = SLOWER > 0 ? SLOWER : Math.min(...maxima);
      for (const [load, part] of [
        ["same", 1],
        ["part", PART],
      ] as const) {
        const rate = Math.floor((part * (most + OTP_PER_SECOND)) / providers.count);
        for (const side of turn) found.push(await stretch(side, providers, load, rate));
      }
    }
  } finally {
    for (const side of sides) {
      await freeze(side, "SIGCONT");
      await side.traffic.close();
      await side.infra.stop();
    }
    await providers.stop();
  }
  const measured = (["maximum", "same", "part"] as const).filter((load) => found.some((one) => one.load === load));
  const loads = measured.map((load) => {
    const of = (commit: string) => middle(found.filter((one) => one.commit === commit && one.load === load));
    const [earlier, today] = [of(EARLIER), of(TODAY)];
    return { load, earlierP99Ms: earlier, todayP99Ms: today, share: Math.round((today / earlier) * 1_000) / 1_000 };
  });
  const holds = loads.every(({ load, share }) => load === "maximum" || share <= TARGET);
  console.log(JSON.stringify({ backlog: BACKLOG, earlier: EARLIER, rounds: ROUNDS, loads, stretches: found, holds }));
  return holds;
}

/** The median of the rounds' 99th percentiles, ms. */
function middle(stretches: readonly Stretch[]): number {
  const sorted = stretches.map(({ p99 }) => p99).sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return Math.round((sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2);
}

if (!hasCommit(EARLIER)) {
  console.error(`this clone is shallow and lacks ${EARLIER}: git fetch --unshallow`);
  process.exitCode = 2;
} else process.exitCode = (await measure()) ? 0 : 1;
