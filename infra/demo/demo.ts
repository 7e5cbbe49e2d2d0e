/**
 * `make demo`: starts everything, sends 20,000 messages through it, half over HTTP and half straight from Kafka, lets a
 * provider fail on the way, and ends with the audit. DEMO_MESSAGES and DEMO_RATE (messages a second) change the size,
 * DEMO_SEED the messages.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { auditHolds, auditLine, auditTable } from "../../services/cli/audit-report.ts";
import { runAudit } from "../../services/cli/run-audit.ts";
import { clickhouseLogin } from "../local/clickhouse-access.ts";
import {
  type ClusterConfig,
  ClusterConfigError,
  clusterEndpoints,
  readClusterConfig,
} from "../local/cluster-config.ts";
import { composeAnswers, composeUp } from "../local/compose.ts";
import { ClusterError, runningSupervisor, startNative } from "../local/native-cluster.ts";
import { consoleAddress, sluiceEndpoints } from "../local/sluice-processes.ts";
import { demoMessages } from "./demo-messages.ts";
import { runHttpClients } from "./http-clients.ts";
import { Progress } from "./progress.ts";
import { ProviderControl } from "./provider-fault.ts";
import { RunAnalytics } from "./provider-table.ts";
import { RunFollower } from "./run-follower.ts";
import { RunView } from "./run-view.ts";
import { whereToLook } from "./where-to-look.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const PARTITIONS = Number(process.env.SLUICE_PARTITIONS || 6);
/** Keys of the local catalog's accounts; they open nothing but this machine's cluster. */
const API_KEYS = { acme: "acme-demo-key", nordbank: "nordbank-demo-key" };
const FAILING = "smsc-a";
/** The provider fails when this share has been submitted, and returns at that one. */
const DARK_AT = 0.4;
const LIGHT_AT = 0.7;
/** Share of what the dark provider is sent that it delivers without saying so. */
const DARK_ACCEPTS = 0.3;
/** The run is given up when nothing has ended for so long: longer than the receipt deadline of the local providers (40 s). */
const STUCK_MS = 90_000;
const POLL_MS = 100;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const say = (line: string): void => console.log(line);

interface Plan {
  readonly config: ClusterConfig;
  readonly run: string;
  readonly total: number;
  readonly rate: number;
  readonly seed: number;
}

async function main(): Promise<number> {
  const config = readClusterConfig(process.env, PROJECT);
  const seed = whole("DEMO_SEED", Math.floor(Date.now() / 1_000) % 1_000_000, 0);
  const run = `demo-${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}-${seed}`;
  const plan = { config, run, seed, total: whole("DEMO_MESSAGES", 20_000, 2), rate: whole("DEMO_RATE", 600, 1) };
  await up(config);
  say(
    `\nrun ${run}: ${plan.total} messages at ${plan.rate}/s, half over HTTP, half from an upstream system over Kafka`,
  );
  const startedAt = Date.now();
  const sent = await send(plan);
  const { clickhouseUrl } = clusterEndpoints(config);
  const clickhouse = { url: clickhouseUrl, database: "sluice", login: clickhouseLogin(config, "reader") };
  const analytics = new RunAnalytics(clickhouse, run, startedAt);
  await until(30_000, async () => (await analytics.ended()) >= sent);
  say(
    `\nin ClickHouse, ${Math.round((Date.now() - startedAt) / 1_000)} s after the start:\n${await analytics.table()}`,
  );
  say(`\n${whereToLook(config, run)}`);
  return audit(plan, startedAt);
}

/** Starts what is not running, and says where the page is that shows the rest. */
async function up(config: ClusterConfig): Promise<void> {
  if (runningSupervisor(config.stateDir) === undefined && (await composeAnswers(process.env))) {
    await composeUp(config);
    return;
  }
  const { already } = await startNative(config, say);
  say(already ? "the cluster runs already" : "the cluster is up");
  const address = consoleAddress(config);
  if (address !== undefined) say(`watch it here: ${address}`);
}

/** Sends everything and waits until all of it has ended; gives how many messages were accepted. */
async function send(plan: Plan): Promise<number> {
  const { brokers, registryUrl } = clusterEndpoints(plan.config);
  const { simulators } = sluiceEndpoints(plan.config);
  const provider = new ProviderControl(simulators[FAILING]!);
  await provider.goLight();
  const view = new RunView(plan.total, Object.keys(simulators));
  const progress = new Progress(terminal());
  const follower = new RunFollower({
    connection: { brokers, clientId: "sluice-demo", log: quiet },
    registryUrl,
    run: plan.run,
    onEvent: (event) => view.event(event),
    onHealth: ({ value }) => view.health(value),
  });
  await follower.start();
  const upstream = startUpstream(plan, view);
  try {
    const feeding = Promise.all([httpClients(plan, view), upstream.finished]);
    await watch(plan.total, view, progress, provider, feeding);
  } finally {
    upstream.child.kill();
    await provider.goLight().catch(() => {});
    await follower.stop();
    progress.end();
  }
  return view.accepted;
}

async function watch(
  total: number,
  view: RunView,
  progress: Progress,
  provider: ProviderControl,
  feeding: Promise<unknown>,
): Promise<void> {
  let failure: unknown;
  let fed = false;
  feeding.then(
    () => {
      fed = true;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  let stage: "before" | "dark" | "after" = "before";
  let moved = { ended: -1, at: performance.now() };
  while (!fed || view.ended < view.accepted) {
    if (failure !== undefined) throw failure;
    const now = performance.now();
    if (view.ended !== moved.ended) moved = { ended: view.ended, at: now };
    const stuck = now - moved.at;
    if (stuck > STUCK_MS) break;
    if (stage === "before" && view.submitted >= total * DARK_AT) {
      stage = "dark";
      await provider.goDark(DARK_ACCEPTS);
      progress.say(`>>> ${FAILING} goes dark: it takes what it is sent and answers nothing`);
    } else if (stage === "dark" && (view.submitted >= total * LIGHT_AT || stuck > STUCK_MS / 3)) {
      stage = "after";
      await provider.goLight();
      progress.say(`>>> ${FAILING} is back`);
    }
    if (progress.due(now)) progress.show(view.look(now, Date.now()), now);
    await pause(POLL_MS);
  }
  const now = performance.now();
  progress.show(view.look(now, Date.now()), now);
  if (view.ended < view.accepted)
    progress.say(`!!! nothing has ended for ${STUCK_MS / 1_000} s; ${view.accepted - view.ended} messages are open`);
}

function httpClients(plan: Plan, view: RunView): Promise<void> {
  return runHttpClients({
    ingestUrl: sluiceEndpoints(plan.config).ingestUrl,
    apiKeys: API_KEYS,
    messages: [...demoMessages(plan.seed, Math.floor(plan.total / 2))],
    rate: plan.rate / 2,
    run: plan.run,
    clients: 8,
    batchSize: 50,
    singleShare: 0.05,
    onAccepted: (count) => view.accept(count),
  });
}

/** The other half: a program of its own, as somebody else's system would be. */
function startUpstream(plan: Plan, view: RunView): { child: ChildProcess; finished: Promise<void> } {
  const { brokers, registryUrl } = clusterEndpoints(plan.config);
  const options = {
    brokers: brokers.join(","),
    registry: registryUrl,
    count: Math.ceil(plan.total / 2),
    rate: Math.ceil(plan.rate / 2),
    seed: plan.seed + 1,
    label: plan.run,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // The program has nothing of Sluice; that KafkaJS sets timers in the past, which Node reports, is mended from outside.
  const mended = ["--import", import.meta.resolve("../../platform/kafka/kafkajs-idle-timer.ts")];
  const child = spawn(process.execPath, [...mended, join(import.meta.dirname, "upstream.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill());
  let before = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { acknowledged } = JSON.parse(line) as { acknowledged: number };
    view.accept(acknowledged - before);
    before = acknowledged;
  });
  const finished = new Promise<void>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => (code === 0 ? done() : fail(new Error(`the upstream program ended with ${code}`))));
  });
  return { child, finished };
}

async function audit({ config, run, total }: Plan, startedAt: number): Promise<number> {
  const { brokers, registryUrl } = clusterEndpoints(config);
  const report = await runAudit({
    connection: { brokers, clientId: "sluice-demo-audit", log: quiet },
    registry: registryUrl,
    partitions: PARTITIONS,
    // Broker and program are on one machine; the label tells this run's messages from all others.
    since: startedAt - 5_000,
    labels: { run },
    ledgers: Object.values(sluiceEndpoints(config).simulators),
    waitMs: 15_000,
  });
  say(`\nfrom the topics, compared with what the providers received:\n${auditTable(report)}`);
  say(auditLine(report));
  return auditHolds(report) && report.accepted === total ? 0 : 1;
}

async function until(timeoutMs: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition()) && performance.now() < deadline) await pause(250);
}

function whole(name: string, fallback: number, min: number): number {
  const value = Number(process.env[name] || fallback);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new ClusterConfigError(`${name}=${process.env[name]}: expected a whole number from ${min}`);
}

function terminal() {
  const { stdout } = process;
  const write = (text: string) => void stdout.write(text);
  return { isTTY: stdout.isTTY === true, columns: stdout.columns || 120, write };
}

/** An interrupted demo leaves the cluster as it found it: with all its providers. */
function interrupted(): void {
  const config = readClusterConfig(process.env, PROJECT);
  const control = new ProviderControl(sluiceEndpoints(config).simulators[FAILING]!);
  void control
    .goLight()
    .catch(() => {})
    .finally(() => process.exit(130));
}

process.once("SIGINT", interrupted).once("SIGTERM", interrupted);

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof ClusterError || error instanceof ClusterConfigError ? error.message : error);
  process.exitCode = 1;
}
