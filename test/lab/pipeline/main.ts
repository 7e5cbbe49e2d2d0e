/**
 * `LAB=pipeline make routing-lab`: the routing lab once on the real pipeline, on a local cluster of its own, in some minutes.
 * Three simulated providers whose truth changes in mid-run; then receipts collapse, then a link is lost. All figures
 * are of the events in ClickHouse. Ends with one line of JSON. LAB_KEEP=1 leaves the cluster up.
 */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { clickhouseLogin } from "../../../infra/local/clickhouse-access.ts";
import { type ClusterConfig, clusterEndpoints, readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { ClusterError, runningSupervisor, startNative, stopNative } from "../../../infra/local/native-cluster.ts";
import { sluiceEndpoints } from "../../../infra/local/sluice-processes.ts";
import { leftAfter, regretPercent, shareFrom } from "./figures.ts";
import {
  BEFORE_COLLAPSE_SECONDS,
  type Behaviour,
  COLLAPSE_RATE,
  COLLAPSE_SECONDS,
  COLLAPSED,
  COLLAPSING,
  DARK_SECONDS,
  type LabProvider,
  PHASES,
  type Phase,
  settingsOf,
} from "./phases.ts";
import { Recorded } from "./recorded.ts";
import { Traffic } from "./traffic.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");
/** How long after a change the router may learn before what it buys counts as settled, ms. */
const SETTLE_MS = 60_000;
/** A lost link may have new decisions for so long, ms. */
const NOTICED_MS = 2_000;
/** All messages must have ended so long after the last, ms; the receipt deadline is 30 s. */
const DRAIN_MS = 120_000;

const say = (line: string): void => console.error(line);
const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

class PipelineLab {
  private readonly simulators: Readonly<Record<string, string>>;
  private readonly traffic: Traffic;
  private readonly recorded: Recorded;

  constructor(config: ClusterConfig) {
    const { ingestUrl, simulators } = sluiceEndpoints(config);
    this.simulators = simulators;
    this.traffic = new Traffic(ingestUrl);
    this.recorded = new Recorded(clusterEndpoints(config).clickhouseUrl, clickhouseLogin(config, "reader"));
  }

  async run(): Promise<object> {
    const lasted: { phase: Phase; from: number; until: number }[] = [];
    for (const [n, phase] of PHASES.entries()) {
      say(`phase ${n + 1}: ${phase.seconds} s at ${phase.rate} a second`);
      await this.behave(phase.behaviour);
      const [from, until] = await this.traffic.send(phase.rate, phase.seconds);
      lasted.push({ phase, from, until });
    }
    say(`receipts of ${COLLAPSING} collapse, at ${COLLAPSE_RATE} a second`);
    const before = await this.traffic.send(COLLAPSE_RATE, BEFORE_COLLAPSE_SECONDS);
    await this.behave({ [COLLAPSING]: COLLAPSED });
    const collapse = await this.traffic.send(COLLAPSE_RATE, COLLAPSE_SECONDS);
    const dark = await this.darkened();
    await this.drained();
    const settled = lasted.map((one) => ({ ...one, from: one.from + SETTLE_MS }));
    const left = leftAfter(await this.recorded.decisions(COLLAPSING, ...collapse));
    const median = await this.recorded.medianReceiptSeconds(COLLAPSING, ...before);
    return {
      regretPercent: round(await this.regret(settled)),
      regretOverallPercent: round(await this.regret(lasted)),
      darkShareAfter2s: round(dark, 4),
      collapseLeftSeconds: left ?? null,
      medianReceiptSeconds: round(median),
      collapseLeftInMedians: left === undefined ? null : round(left / median),
      messages: this.traffic.accepted,
    };
  }

  /** Cuts the link of the provider that has most of the traffic. @returns its share of what is decided 2 s later and on */
  private async darkened(): Promise<number> {
    const { rate } = PHASES.at(-1)!;
    const [from, until] = await this.traffic.send(rate, 10);
    await pause(2_000);
    const bought = await this.recorded.bought(from, until);
    const chosen = bought.reduce((most, one) => (one.cost > most.cost ? one : most)).provider;
    say(`the link of ${chosen} is lost`);
    await this.control(chosen, "POST", "/dark", { mode: "refuse" });
    const [lostAt, end] = await this.traffic.send(rate, DARK_SECONDS);
    await this.control(chosen, "POST", "/light", {});
    await pause(5_000);
    return shareFrom(await this.recorded.decisions(chosen, lostAt + NOTICED_MS, end));
  }

  private async regret(lasted: readonly { phase: Phase; from: number; until: number }[]): Promise<number> {
    const bought = await Promise.all(lasted.map(({ from, until }) => this.recorded.bought(from, until)));
    return regretPercent(lasted.map(({ phase }, n) => ({ phase, bought: bought[n]! })));
  }

  private async behave(behaviour: Readonly<Partial<Record<LabProvider, Behaviour>>>): Promise<void> {
    for (const [provider, one] of Object.entries(behaviour) as [LabProvider, Behaviour][])
      await this.control(provider, "PUT", "/settings", settingsOf(provider, one));
  }

  private async control(provider: string, method: string, path: string, body: object): Promise<void> {
    const response = await fetch(`${this.simulators[provider]}${path}`, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${provider} answers ${response.status}: ${await response.text()}`);
  }

  private async drained(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    for (;;) {
      const ended = await this.recorded.ended();
      if (ended >= this.traffic.accepted) return;
      if (performance.now() > deadline) throw new Error(`${ended} of ${this.traffic.accepted} messages have ended`);
      await pause(1_000);
    }
  }
}

async function main(): Promise<void> {
  process.env.SLUICE_STATE_DIR ||= join(PROJECT, ".sluice", "lab");
  process.env.SLUICE_ARTIFACTS_DIR ||= join(PROJECT, ".sluice", "artifacts");
  process.env.SLUICE_PORT_OFFSET ||= "11000";
  process.env.SLUICE_CLUSTER_CONSOLE ||= "off";
  process.env.SLUICE_CLUSTER_PROMETHEUS ||= "off";
  process.env.SLUICE_CATALOG_DIR = join(import.meta.dirname, "catalog");
  process.env.SLUICE_SIMULATORS_DIR = join(PROJECT, "test/bench/simulators");
  process.env.SLUICE_SINK_MAX_AGE ||= "1s";
  const config = readClusterConfig(process.env, PROJECT);
  if (runningSupervisor(config.stateDir) === undefined) wipe(config);
  await startNative(config, say);
  const interrupted = () => void stopNative(config).finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    console.log(JSON.stringify({ pipeline: true, ...(await new PipelineLab(config).run()) }));
  } finally {
    if (process.env.LAB_KEEP !== "1") {
      await stopNative(config);
      wipe(config);
    }
  }
}

function wipe(config: ClusterConfig): void {
  for (const folder of ["data", "run"]) rmSync(join(config.stateDir, folder), { recursive: true, force: true });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof ClusterError ? error.message : error);
  process.exitCode = 1;
}
