import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { deathSignal } from "../../infra/local/death-signal.ts";
import { httpAnswer } from "../../infra/local/http-probe.ts";
import { isPortFree } from "../../infra/local/port-holder.ts";
import { childEnvironment } from "../../infra/local/supervised-process.ts";
import { until } from "../faults/until.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const NAMES = ["smsc-a", "smsc-b"];
const START_MS = 30_000;

/** The benchmark's two SMPP simulators as processes, on ports of their own. */
export interface TwoProviders {
  readonly count: number;
  /** Writes a catalog (SLUICE_CATALOG_DIR) in which each of them allows so many segments a second. It holds nothing that earlier versions do not know. */
  catalog(rate: number): string;
  stop(): Promise<void>;
}

/** Starts them. They end with this process. */
export async function startTwoProviders(): Promise<TwoProviders> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-providers-"));
  const death = deathSignal();
  const ports = await freePorts(NAMES.length * 2);
  const children = NAMES.map((name, n) => {
    const [command, ...args] = [...death.prefix, process.execPath, "infra/simulators/smsc/main.ts"];
    const child = spawn(command!, args, {
      cwd: PROJECT,
      stdio: "ignore",
      env: childEnvironment(process.env, {
        SLUICE_SIMULATOR_NAME: name,
        SLUICE_SIMULATOR_PORT: String(ports[2 * n]),
        SLUICE_SIMULATOR_CONTROL_PORT: String(ports[2 * n + 1]),
        SLUICE_SIMULATOR_SETTINGS: join(import.meta.dirname, "simulators", `${name}.yaml`),
      }),
    });
    if (child.pid !== undefined) death.watch(child.pid);
    return child;
  });
  for (const n of NAMES.keys())
    await until(
      () => `${NAMES[n]} answers`,
      async () =>
        (await httpAnswer(`http://127.0.0.1:${ports[2 * n + 1]}/healthz`, 1_000).catch(() => undefined))?.status ===
        200,
      START_MS,
    );
  return {
    count: NAMES.length,
    catalog(rate) {
      const providers = NAMES.map((id, n) => ({
        ...{ id, kind: "smpp", currency: "EUR", rate, window: 500, receiptDeadlineSeconds: 60 },
        smpp: {
          ...{ host: "127.0.0.1", port: ports[2 * n], systemId: "sluice", password: `secret-${id.at(-1)}` },
          ...(id === "smsc-a" ? { idFormat: "hex", receiptIdFormat: "decimal" } : {}),
          clientReferenceTlv: 0x1401,
        },
        prices: [{ price: "0.05" }],
      }));
      const routes = [{ id: "everywhere", strategy: "weighted", providers: NAMES.map((id) => ({ id })) }];
      const accounts = [{ id: "bench", name: "Load generator" }];
      for (const [part, value] of Object.entries({ accounts, providers, routes }))
        writeFileSync(join(folder, `${part}.yaml`), stringify(value));
      return folder;
    },
    async stop() {
      await Promise.all(children.map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Below the ports of outgoing connections. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 29_000 + Math.floor(Math.random() * 1_000); ports.length < count; port++)
    if (await isPortFree(port)) ports.push(port);
  return ports;
}
