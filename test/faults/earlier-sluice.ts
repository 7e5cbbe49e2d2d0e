import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deathSignal } from "../../infra/local/death-signal.ts";
import { httpAnswer } from "../../infra/local/http-probe.ts";
import { isPortFree } from "../../infra/local/port-holder.ts";
import { childEnvironment } from "../../infra/local/supervised-process.ts";
import { clickhouseVariables, type TestCluster } from "../fixture/cluster-handle.ts";
import { SERVICES, type Service } from "./installation.ts";
import { until } from "./until.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const START_LIMIT_MS = 180_000;
const PROBE_MS = 2_000;
/** Below the ports of outgoing connections. */
const PORTS = { from: 27_000, range: 1_000 } as const;

/** Whether this clone has the commit: a shallow one may not. */
export function hasCommit(commit: string): boolean {
  try {
    execFileSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: PROJECT, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What the earlier services stand on. */
type Infra = Pick<TestCluster, "brokers" | "registryUrl" | "clickhouseUrl" | "clickhouseLogin">;

/**
 * The services of an earlier commit, one process each, run from its own source and with its own migration on a cluster that
 * goes on without them. The packages are today's. They end with this process.
 */
export class EarlierSluice {
  readonly ingestUrl: string;
  private readonly folder: string;
  private readonly death = deathSignal();
  private readonly children = new Map<string, ChildProcess>();

  private constructor(folder: string, ingestUrl: string) {
    this.folder = folder;
    this.ingestUrl = ingestUrl;
  }

  /** `niceness`: of services that stand back from others, by their names. */
  static async start(
    commit: string,
    infra: Infra,
    env: Readonly<Record<string, string>>,
    niceness: Readonly<Record<string, number>> = {},
  ): Promise<EarlierSluice> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-earlier-"));
    unpack(commit, join(folder, "source"));
    const [ingest, webhooks, ...admin] = await freePorts(2 + SERVICES.length);
    const sluice = new EarlierSluice(folder, `http://127.0.0.1:${ingest}`);
    const common = childEnvironment(process.env, {
      SLUICE_KAFKA_BROKERS: infra.brokers.join(","),
      SLUICE_REGISTRY_URL: infra.registryUrl,
      ...clickhouseVariables(infra),
      ...env,
    });
    try {
      const migration = sluice.spawn("migrate", "infra/migrate.ts", common);
      const [code] = await once(migration, "exit");
      if (code !== 0) throw new Error(`the earlier migration ended with ${code}: ${sluice.lastWords("migrate")}`);
      for (const [i, name] of SERVICES.entries())
        sluice.spawn(
          name,
          `services/${name}/main.ts`,
          {
            ...common,
            SLUICE_INSTANCE: name,
            SLUICE_ADMIN_PORT: String(admin[i]),
            ...(name === "ingest" ? { SLUICE_HTTP_PORT: String(ingest) } : {}),
            ...(name === "dlr-collector" ? { SLUICE_HTTP_PORT: String(webhooks) } : {}),
          },
          niceness[name],
        );
      for (const [i, name] of SERVICES.entries()) await sluice.untilReady(name, admin[i]!);
    } catch (error) {
      await sluice.stop();
      throw error;
    }
    return sluice;
  }

  /** SIGKILL. */
  async kill(name: Service): Promise<void> {
    await this.end(name, "SIGKILL");
  }

  /** Those that still run end as on SIGTERM, in the order of a message's way; then the source is removed. */
  async stop(): Promise<void> {
    for (const name of [...this.children.keys()]) await this.end(name, "SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(name: string, script: string, env: NodeJS.ProcessEnv, niceness = 0): ChildProcess {
    const log = openSync(join(this.folder, `${name}.log`), "w");
    const [command, ...args] = [...this.death.prefix, "nice", "-n", String(niceness), process.execPath, script];
    const child = spawn(command!, args, { cwd: join(this.folder, "source"), env, stdio: ["ignore", log, log] });
    closeSync(log);
    if (child.pid !== undefined) this.death.watch(child.pid);
    this.children.set(name, child);
    return child;
  }

  private async end(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.children.get(name);
    this.children.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  private async untilReady(name: Service, port: number): Promise<void> {
    const child = this.children.get(name)!;
    await until(
      () => `the earlier ${name} is ready: ${this.lastWords(name)}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`the earlier ${name} ended: ${this.lastWords(name)}`);
        const answer = await httpAnswer(`http://127.0.0.1:${port}/readyz`, PROBE_MS).catch(() => undefined);
        return answer?.status === 200;
      },
      START_LIMIT_MS,
    );
  }

  private lastWords(name: string): string {
    return readFileSync(join(this.folder, `${name}.log`), "utf8").slice(-1_500);
  }
}

function unpack(commit: string, target: string): void {
  mkdirSync(target);
  const archive = execFileSync("git", ["archive", commit], { cwd: PROJECT, maxBuffer: 1 << 28 });
  execFileSync("tar", ["-x", "-C", target], { input: archive });
  symlinkSync(join(PROJECT, "node_modules"), join(target, "node_modules"));
}

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = PORTS.from + Math.floor(Math.random() * PORTS.range); ports.length < count; port++)
    if (await isPortFree(port)) ports.push(port);
  return ports;
}
