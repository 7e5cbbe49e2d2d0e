/**
 * What it costs the messages when a large catalog is applied under load: `make bench-catalog`. The pipeline's maximum is found first, then 70 %
 * of it flows, otp and all other lanes. Again and again `sluice apply` publishes 10,000 routes and 50,000 prices, all of
 * them new; otp's 99th percentile from acceptance to submission is compared with that of the seconds before. The last line is JSON;
 * the exit code is 1 when it rose above twice its value, or when an instance had the version later than a second after it was published. APPLY_ROUNDS (5),
 * APPLY_PRICES (50000), APPLY_ROUTES (10000). The command runs on the same machine, which a customer's need not: it is started
 * with a lower priority (`nice`), as it gives itself one as well. `cpuMs` is what it took of the processors.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { clickhouseLogin } from "../../infra/local/clickhouse-access.ts";
import { type ClusterConfig, clusterEndpoints } from "../../infra/local/cluster-config.ts";
import { sluiceEndpoints, sluiceEnvironment } from "../../infra/local/sluice-processes.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { CONTROL_TOPIC } from "../../schemas/topics.ts";
import { BenchAnalytics } from "./bench-analytics.ts";
import { type Benchmark, onBenchCluster } from "./bench-cluster.ts";
import type { FromLoad, LoadPlan, ToLoad } from "./load.ts";
import { PipelineCounts } from "./pipeline-counts.ts";
import { priceRows } from "./price-rows.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const setting = (name: string, fallback: number): number => Number(process.env[name] || fallback);
const ROUNDS = setting("APPLY_ROUNDS", 5);
const PRICES = setting("APPLY_PRICES", 50_000);
const ROUTES = setting("APPLY_ROUTES", 10_000);
const PARTITIONS = Number(process.env.SLUICE_PARTITIONS || 6);
const PART = 0.7;
const STEER_MS = 20;
const WARM_MS = 15_000;
const MAXIMUM_MS = 10_000;
/** Closed loop: messages that are accepted and not yet submitted. */
const BACKLOG = 6_000;
/** What had gathered at the maximum has gone, and what follows is calm. */
const SETTLE_MS = 8_000;
/** Calm before each version, and looked at for comparison. */
const BEFORE_MS = 6_000;
/** A stretch goes on for so long after the last instance has the version: what was held up is submitted by then. */
const AFTER_MS = 1_000;
/** Rows are in ClickHouse by then. */
const ROWS_MS = 8_000;
/** What may become of otp's 99th percentile, and how long the last instance may take, ms. */
const RISE = 2;
const TAKEN_MS = 1_000;
/** ingest, router, sender, dlr-collector: one of each. */
const INSTANCES = 4;

/** A shell that runs a command with a lower priority, and then tells what the command took: the second line that `times` writes. */
const TIMED = 'nice -n 10 "$0" "$@"; code=$?; times >&2; exit $code';
const TIMES = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/;

/** User and system time, ms. */
function cpuOf([, userMinutes, userSeconds, systemMinutes, systemSeconds]: RegExpExecArray): number {
  const minutes = Number(userMinutes) + Number(systemMinutes);
  return Math.round((60 * minutes + Number(userSeconds) + Number(systemSeconds)) * 1_000);
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const say = (line: string): void => console.error(line);

/** One version: moments in epoch ms. */
interface Applied {
  readonly from: number;
  readonly published: number;
  readonly to: number;
  /** From there in the log to the last instance's word that it works with it, ms. */
  readonly takenMs: number;
  /** CPU of the command, ms. */
  readonly cpuMs: number;
}

class CatalogUnderLoad implements Benchmark {
  private readonly config: ClusterConfig;
  private readonly folder = mkdtempSync(join(tmpdir(), "sluice-large-catalog-"));
  private readonly counts: PipelineCounts;
  private readonly analytics: BenchAnalytics;
  private readonly load: ChildProcess;
  private accepted = 0;
  private rate = Number.POSITIVE_INFINITY;
  private rateSince = { at: 0, accepted: 0 };

  constructor(config: ClusterConfig) {
    const { brokers, clickhouseUrl } = clusterEndpoints(config);
    this.config = config;
    this.counts = new PipelineCounts({ brokers, clientId: "sluice-bench", log: quiet });
    this.analytics = new BenchAnalytics(clickhouseUrl, clickhouseLogin(config, "reader"));
    this.load = fork(join(import.meta.dirname, "load.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  async measure(): Promise<boolean> {
    await this.counts.start();
    await this.begin();
    const steering = setInterval(() => this.steer(), STEER_MS);
    await pause(WARM_MS);
    const before = this.counts.submitted;
    await pause(MAXIMUM_MS);
    const maximum = Math.round((this.counts.submitted - before) / (MAXIMUM_MS / 1_000));
    say(`at the maximum ${maximum} messages a second`);
    this.rateSince = { at: performance.now(), accepted: this.accepted };
    this.rate = PART * maximum;
    await pause(SETTLE_MS);
    const versions: Applied[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      this.write(round);
      await pause(BEFORE_MS);
      versions.push(await this.apply());
    }
    await pause(ROWS_MS);
    clearInterval(steering);
    return this.report(maximum, versions);
  }

  async stop(): Promise<void> {
    this.load.kill();
    await this.counts.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async begin(): Promise<void> {
    const { brokers, registryUrl } = clusterEndpoints(this.config);
    const { ingestUrl } = sluiceEndpoints(this.config);
    const run = `catalog-${Date.now()}`;
    const plan: LoadPlan = { brokers, registryUrl, ingestUrl, partitions: PARTITIONS, run, httpShare: 0.5 };
    this.tell({ plan });
    await new Promise<void>((ready, fail) => {
      this.load.once("exit", (code) => fail(new Error(`the load generator ended with ${code}`)));
      this.load.on("message", (message: FromLoad) => {
        if ("ready" in message) ready();
        else this.accepted = "done" in message ? message.done : message.accepted;
      });
    });
  }

  /** At first as much as there is room for, then so many a second whatever becomes of them. */
  private steer(): void {
    const since = (performance.now() - this.rateSince.at) / 1_000;
    const open = this.rateSince.accepted + this.rate * since;
    this.tell({ limit: Math.floor(this.rate === Number.POSITIVE_INFINITY ? this.counts.submitted + BACKLOG : open) });
  }

  private tell(message: ToLoad): void {
    if (this.load.connected) this.load.send(message);
  }

  /** The catalog at work with many routes before the one that decides, and with price lists, all of them other than last time. */
  private write(round: number): void {
    const source = sluiceEndpoints(this.config).catalogDir;
    cpSync(source, this.folder, { recursive: true });
    mkdirSync(join(this.folder, "prices"), { recursive: true });
    const providers = parse(readFileSync(join(source, "providers.yaml"), "utf8")) as { id: string; prices: unknown }[];
    const routes = parse(readFileSync(join(source, "routes.yaml"), "utf8")) as object[];
    for (const [n, provider] of providers.entries()) {
      const rows = priceRows(Math.ceil(PRICES / providers.length) - 1, 31 * round + n);
      const everywhere = `Rest of World;;;;;0,0${500 + round};`;
      writeFileSync(join(this.folder, "prices", `${provider.id}.csv`), `${rows}\n${everywhere}\n`);
      provider.prices = { file: `prices/${provider.id}.csv`, zone: "Europe/Berlin" };
    }
    const many = Array.from({ length: ROUTES - routes.length }, (_, n) => ({
      ...{ id: `r${n}`, when: { prefixes: [`49${10_000 + n}`] }, strategy: "weighted" },
      providers: providers.map(({ id }) => ({ id })),
    }));
    writeFileSync(join(this.folder, "providers.yaml"), stringify(providers));
    writeFileSync(join(this.folder, "routes.yaml"), stringify([...many, ...routes]));
  }

  /** `sluice apply` as a process of its own, until all instances have the version and a little longer. */
  private async apply(): Promise<Applied> {
    if (this.load.exitCode !== null) throw new Error("the load generator has ended");
    const from = Date.now();
    const command = [process.execPath, "services/cli/sluice.ts", "apply", this.folder, "--wait", "60"];
    const child = spawn("/bin/sh", ["-c", TIMED, ...command], {
      cwd: PROJECT,
      env: { ...process.env, ...sluiceEnvironment(this.config) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let published = 0;
    const errors: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.endsWith(" is published.")) published = Date.now();
    });
    let cpuMs = 0;
    createInterface({ input: child.stderr }).on("line", (line) => {
      const times = TIMES.exec(line);
      if (times !== null) cpuMs = cpuOf(times);
      else if (errors.length < 5) errors.push(line);
    });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`sluice apply ended with ${code}: ${errors.join("\n")}`);
    const takenMs = await this.taken();
    await pause(AFTER_MS);
    const applied = { from, published, to: Date.now(), takenMs, cpuMs };
    say(
      `applied within ${published - from} ms and ${cpuMs} ms of CPU, at work everywhere ${takenMs} ms after it was published`,
    );
    return applied;
  }

  /** From the newest version's head in the log to the word of the last instance that works with it, by the log's time, ms. */
  private async taken(): Promise<number> {
    const { brokers, registryUrl } = clusterEndpoints(this.config);
    const codecs = await connectCodecs(registryUrl);
    const reader = new TopicReader({
      connection: { brokers, clientId: "sluice-bench-control", log: quiet },
      topics: [CONTROL_TOPIC],
    });
    await reader.start();
    try {
      const { high } = (await reader.watermarks(CONTROL_TOPIC))[0]!;
      const newest = { version: 0, at: 0 };
      const firstWords = new Map<string, number>();
      await reader.readRange(CONTROL_TOPIC, 0, 0, high, ({ value, timestamp }) => {
        const control = value === null ? undefined : codecs.control.decode(value);
        if (!control?.ok) return;
        const { kind, id, version } = control.value;
        if (kind === "head") {
          Object.assign(newest, { version, at: timestamp });
          firstWords.clear();
        } else if (kind === "instance" && version === newest.version && !firstWords.has(id))
          firstWords.set(id, timestamp);
      });
      if (firstWords.size < INSTANCES) throw new Error(`only ${[...firstWords.keys()]} work with the new version`);
      return Math.max(...firstWords.values()) - newest.at;
    } finally {
      await reader.stop();
    }
  }

  private async report(maximum: number, versions: readonly Applied[]): Promise<boolean> {
    const waits = async (stretches: readonly (readonly [number, number])[]) =>
      (await Promise.all(stretches.map(([from, to]) => this.analytics.otpWaits(from, to))))
        .flat()
        .sort((a, b) => a - b);
    const before = quantiles(await waits(versions.map(({ from }) => [from - BEFORE_MS, from])));
    const during = quantiles(await waits(versions.map(({ from, to }) => [from, to])));
    const takingOver = quantiles(await waits(versions.map(({ published, to }) => [published - TAKEN_MS, to])));
    const rise = Math.round((during.p99 / before.p99) * 100) / 100;
    const slowest = Math.max(...versions.map(({ takenMs }) => takenMs));
    const holds = rise <= RISE && slowest <= TAKEN_MS;
    const load = { maximum, perSecond: Math.round(this.rate) };
    const figures = { routes: ROUTES, prices: PRICES, rounds: ROUNDS, ...load, before, during, takingOver, rise };
    const each = { takenMs: versions.map(({ takenMs }) => takenMs), cpuMs: versions.map(({ cpuMs }) => cpuMs) };
    console.log(JSON.stringify({ ...figures, ...each, holds }));
    return holds;
  }
}

function quantiles(waits: readonly number[]) {
  const at = (share: number) => waits[Math.max(0, Math.ceil(waits.length * share) - 1)] ?? 0;
  return { otp: waits.length, p50: at(0.5), p99: at(0.99) };
}

await onBenchCluster((config) => new CatalogUnderLoad(config), say);
