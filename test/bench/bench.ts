/**
 * `make bench`: the whole pipeline at its maximum on this machine, on a cluster of its own, receipts on. Ends with one
 * line of JSON. BENCH_SECONDS (60), BENCH_WARMUP (15), BENCH_BACKLOG (messages accepted and not yet submitted, 6000),
 * BENCH_OPEN (accepted and not yet ended, 20000), BENCH_HTTP_SHARE (0.5), BENCH_KEEP=1 (leave the cluster up).
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { clickhouseLogin } from "../../infra/local/clickhouse-access.ts";
import { type ClusterConfig, clusterEndpoints } from "../../infra/local/cluster-config.ts";
import { ControlClient } from "../../infra/local/control-client.ts";
import { sluiceEndpoints } from "../../infra/local/sluice-processes.ts";
import { auditHolds, auditLine, auditTable } from "../../services/cli/audit-report.ts";
import { runAudit } from "../../services/cli/run-audit.ts";
import { BenchAnalytics } from "./bench-analytics.ts";
import { type Benchmark, onBenchCluster } from "./bench-cluster.ts";
import { readCpu } from "./cpu-meter.ts";
import type { FromLoad, LoadPlan, ToLoad } from "./load.ts";
import { PipelineCounts } from "./pipeline-counts.ts";

const PARTITIONS = Number(process.env.SLUICE_PARTITIONS || 6);
/** The limit is raised so often; at 10,000 a second the backlog moves by 200 in between. */
const STEER_MS = 20;
/** Everything must have ended so long after the load; the receipt deadline is 60 s. */
const DRAIN_MS = 120_000;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const say = (line: string): void => console.error(line);
const setting = (name: string, fallback: number): number => Number(process.env[name] || fallback);

/** All that is counted, at one moment. */
interface Reading {
  readonly at: number;
  readonly wall: number;
  readonly accepted: number;
  readonly submitted: number;
  readonly ended: number;
  readonly rows: number;
  readonly cpu: Record<string, number>;
}

class Bench implements Benchmark {
  private readonly config: ClusterConfig;
  private readonly run = `bench-${Date.now()}`;
  private readonly counts: PipelineCounts;
  private readonly analytics: BenchAnalytics;
  private readonly load: ChildProcess;
  private pids: Record<string, number> = {};
  private accepted = 0;

  constructor(config: ClusterConfig) {
    const { brokers, clickhouseUrl } = clusterEndpoints(config);
    this.config = config;
    this.counts = new PipelineCounts({ brokers, clientId: "sluice-bench", log: quiet });
    this.analytics = new BenchAnalytics(clickhouseUrl, clickhouseLogin(config, "reader"));
    this.load = fork(join(import.meta.dirname, "load.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  async measure(): Promise<boolean> {
    const seconds = setting("BENCH_SECONDS", 60);
    const warmup = setting("BENCH_WARMUP", Math.min(15, seconds));
    await this.counts.start();
    await this.begin();
    const steering = setInterval(() => this.steer(), STEER_MS);
    await this.watch(warmup, "warming up");
    const from = await this.read();
    await this.watch(seconds, "measuring");
    const to = await this.read();
    clearInterval(steering);
    await this.drain();
    const report = await this.audit();
    say(auditTable(report));
    const figures = await this.figures(from, to);
    console.log(JSON.stringify({ ...figures, audit: auditLine(report) }));
    return auditHolds(report);
  }

  async stop(): Promise<void> {
    this.load.kill();
    await this.counts.stop();
  }

  private async begin(): Promise<void> {
    const processes = await new ControlClient(this.config.stateDir).status();
    this.pids = Object.fromEntries(processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid]])));
    Object.assign(this.pids, { load: this.load.pid!, bench: process.pid });
    const { brokers, registryUrl } = clusterEndpoints(this.config);
    const plan: LoadPlan = {
      brokers,
      registryUrl,
      ingestUrl: sluiceEndpoints(this.config).ingestUrl,
      partitions: PARTITIONS,
      run: this.run,
      httpShare: setting("BENCH_HTTP_SHARE", 0.5),
    };
    this.tell({ plan });
    await new Promise<void>((ready, fail) => {
      this.load.once("exit", (code) => fail(new Error(`the load generator ended with ${code}`)));
      this.load.on("message", (message: FromLoad) => {
        if ("ready" in message) ready();
        else this.accepted = "done" in message ? message.done : message.accepted;
      });
    });
  }

  /** Closed loop: what is accepted and not yet submitted, or not yet ended, stays bounded: the steady state is measured. */
  private steer(): void {
    const { submitted, ended } = this.counts;
    const limit = Math.min(submitted + setting("BENCH_BACKLOG", 6_000), ended + setting("BENCH_OPEN", 20_000));
    this.tell({ limit });
  }

  private tell(message: ToLoad): void {
    if (this.load.connected) this.load.send(message);
  }

  private async watch(seconds: number, what: string): Promise<void> {
    const steps = Math.max(1, Math.round(seconds / 5));
    const interval = (seconds * 1_000) / steps;
    for (let step = 0; step < steps; step++) {
      const before = { ...this.now() };
      await pause(interval);
      const now = this.now();
      const rate = (key: "accepted" | "submitted" | "ended") =>
        Math.round(((now[key] - before[key]) / interval) * 1_000);
      say(`${what}: accepted ${rate("accepted")}/s  submitted ${rate("submitted")}/s  ended ${rate("ended")}/s`);
      if (this.load.exitCode !== null) throw new Error("the load generator has ended");
    }
  }

  private now() {
    const { submitted, ended } = this.counts;
    return { accepted: this.accepted, submitted, ended };
  }

  private async read(): Promise<Reading> {
    const rows = await this.analytics.rows();
    return { at: performance.now(), wall: Date.now(), ...this.now(), rows, cpu: readCpu(this.pids) };
  }

  private async drain(): Promise<void> {
    const ended = new Promise((resolve) => this.load.once("exit", resolve));
    this.tell({ stop: true });
    await ended;
    const deadline = performance.now() + DRAIN_MS;
    while (this.counts.ended < this.accepted && performance.now() < deadline) await pause(100);
    say(`drained: ${this.counts.ended} of ${this.accepted} ended`);
    while ((await this.analytics.ended()) < this.counts.ended && performance.now() < deadline) await pause(250);
  }

  private audit() {
    const { brokers, registryUrl } = clusterEndpoints(this.config);
    return runAudit({
      connection: { brokers, clientId: "sluice-bench-audit", log: quiet },
      registry: registryUrl,
      partitions: PARTITIONS,
      labels: { run: this.run },
      ledgers: Object.values(sluiceEndpoints(this.config).simulators),
    });
  }

  private async figures(from: Reading, to: Reading) {
    const seconds = (to.at - from.at) / 1_000;
    const rate = (key: "accepted" | "submitted" | "ended" | "rows") => Math.round((to[key] - from[key]) / seconds);
    const messages = Math.max(1, to.submitted - from.submitted);
    const micros = Object.keys(this.pids).map((name) => {
      const used = (to.cpu[name] ?? 0) - (from.cpu[name] ?? 0);
      return [name, Math.round((used / messages) * 10) / 10] as const;
    });
    return {
      seconds: Math.round(seconds),
      acceptedPerSecond: rate("accepted"),
      submittedPerSecond: rate("submitted"),
      receiptedPerSecond: rate("ended"),
      rowsPerSecond: rate("rows"),
      ...(await this.analytics.latencies(from.wall, to.wall)),
      cpuMicrosPerMessage: Object.fromEntries(micros),
    };
  }
}

await onBenchCluster((config) => new Bench(config), say);
