/** The local cluster's command line: `node infra/local/cluster.ts up|down|status|logs|…`; see `help` below. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CLUSTER_VARIABLES } from "../docs/cluster-variables.ts";
import { howToAsk } from "./clickhouse-access.ts";
import { type ClusterConfig, ClusterConfigError, clusterEndpoints, readClusterConfig } from "./cluster-config.ts";
import { composeAnswers, composeDown, composeLogs, composeStatus, composeUp } from "./compose.ts";
import { ControlClient, ControlError } from "./control-client.ts";
import type { ProcessHealth } from "./control-protocol.ts";
import { printLog } from "./follow-log.ts";
import { withoutEffect } from "./given-settings.ts";
import { ClusterError, runningSupervisor, settledNotes, startNative, stopNative } from "./native-cluster.ts";
import { clusterProcesses } from "./processes.ts";
import { metricsTargets, prometheusMissing, writeTargets } from "./prometheus-process.ts";
import { consoleAddress, sluiceEnvironment } from "./sluice-processes.ts";
import { allUp, statusTable, whereTable } from "./status-table.ts";

const settingsHelp = (): string =>
  CLUSTER_VARIABLES.filter(({ name }) => name === "BROKERS" || name.startsWith("SLUICE_"))
    .map(
      ({ name, meaning, default: fallback, only = "" }) =>
        `  ${name.padEnd(31)} ${meaning} (${[fallback || "none", ...(only ? [`${only} only`] : [])].join("; ")})`,
    )
    .join("\n");

const HELP = `usage: cluster <command>
  up                     start everything, return when all is ready (a second time: changes nothing)
  down [--wipe]          end everything; --wipe also removes the cluster's data and logs
  status                 what runs: pid, uptime, restarts, health; what is degraded, and why
  logs [name] [-f]       the end of one log (-f: follow), or the list of logs
  kill|stop-signal|cont <name>    SIGKILL (it is started again), SIGSTOP, SIGCONT
  start|stop|restart <name>       one process
  scale <name> <n>       run n instances of a process
  env                    variables with which a tool finds this cluster: env $(… env) node …
settings (environment; docs/configuration.md has the others, which go to the services):\n${settingsHelp()}`;

const say = (line: string): void => console.log(line);

/** Empty when ClickHouse is not this cluster's. */
const askClickhouse = (config: ClusterConfig): string =>
  config.scope === "all" || config.scope === "infra"
    ? `\n\n${howToAsk(config, clusterEndpoints(config).clickhouseUrl)}`
    : "";

/** Where the page is, and a login that is good for once. Empty when there is none. */
const openConsole = (config: ClusterConfig): string => {
  const address = consoleAddress(config);
  return address === undefined
    ? ""
    : `\n\nConsole: ${address}\n         (this login works once, within an hour; make up prints another one)`;
};

/** Those of which some are wanted are read by Prometheus. */
const tellPrometheus = (config: ClusterConfig, processes: readonly ProcessHealth[]): void =>
  writeTargets(
    config,
    metricsTargets(
      clusterProcesses(config),
      processes.filter(({ unwanted }) => unwanted !== true).map(({ name }) => name),
    ),
  );

async function up(config: ClusterConfig): Promise<void> {
  const { already, processes } = await startNative(config, say);
  tellPrometheus(config, processes);
  const where = `${whereTable(processes)}${askClickhouse(config)}${openConsole(config)}`;
  const missing = prometheusMissing(config);
  say(`${already ? "already up, nothing changed" : "up"}\n\n${where}`);
  if (missing !== undefined) say(`\n${missing}`);
  const notes = await settledNotes(config);
  if (notes.length > 0) say(["", "degraded:", ...notes.map((note) => `  ${note}`)].join("\n"));
}

async function down(config: ClusterConfig, wipe: boolean): Promise<void> {
  say((await stopNative(config)) ? "down" : "nothing was running");
  if (!wipe) return;
  for (const folder of ["data", "logs", "run", "secrets"])
    rmSync(join(config.stateDir, folder), { recursive: true, force: true });
  say(`removed data and logs under ${config.stateDir}`);
}

async function status(config: ClusterConfig): Promise<number> {
  if (runningSupervisor(config.stateDir) === undefined) {
    say(`not running (state folder ${config.stateDir})`);
    return 1;
  }
  const processes = await new ControlClient(config.stateDir).status({ probe: true });
  say(`${statusTable(processes)}${askClickhouse(config)}`);
  return allUp(processes) && processes.every((process) => process.healthy !== false) ? 0 : 1;
}

async function logs(config: ClusterConfig, name: string | undefined, follow: boolean): Promise<void> {
  const folder = join(config.stateDir, "logs");
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".log")) : [];
  if (name === undefined) {
    say(names.length === 0 ? `no logs in ${folder}` : names.map((file) => join(folder, file)).join("\n"));
    return;
  }
  if (!names.includes(`${name}.log`)) {
    const known = names.map((file) => file.slice(0, -4)).join(", ");
    throw new ClusterError(`no log of ${name}; there are: ${known}`);
  }
  await printLog(join(folder, `${name}.log`), process.stdout, follow);
}

async function control(config: ClusterConfig, command: string, name: string, count: string | undefined): Promise<void> {
  const client = new ControlClient(config.stateDir);
  const actions: Record<string, () => Promise<void>> = {
    kill: () => client.signal(name, "SIGKILL"),
    "stop-signal": () => client.signal(name, "SIGSTOP"),
    cont: () => client.signal(name, "SIGCONT"),
    start: () => client.start(name),
    stop: () => client.stop(name),
    restart: () => client.restart(name),
    scale: async () => {
      await client.scale(name, Number(count));
      tellPrometheus(config, await client.status());
    },
  };
  const action = actions[command];
  if (action === undefined || name === "") throw new ClusterError(HELP);
  await action();
}

async function run(args: string[]): Promise<number> {
  const [command = "help", name = ""] = args.filter((argument) => !argument.startsWith("-"));
  const config = readClusterConfig(process.env, resolve(import.meta.dirname, "../.."));
  const follow = args.includes("-f");
  if (command === "help") {
    say(HELP);
    return 0;
  }
  if (command === "env") {
    for (const [name, value] of Object.entries(sluiceEnvironment(config))) say(`${name}=${value}`);
    return 0;
  }
  const native =
    config.scope === "services" ||
    runningSupervisor(config.stateDir) !== undefined ||
    !(await composeAnswers(process.env));
  switch (command) {
    case "up":
      for (const line of withoutEffect(process.env, config.scope, native ? "native" : "docker")) console.error(line);
      await (native ? up(config) : composeUp(config));
      return 0;
    case "down":
      await (native ? down(config, args.includes("--wipe")) : composeDown(config, args.includes("--wipe")));
      return 0;
    case "status":
      return native ? status(config) : composeStatus(config);
    case "logs":
      await (native ? logs(config, name || undefined, follow) : composeLogs(config, name || undefined, follow));
      return 0;
    default:
      await control(config, command, name, args[2]);
      return 0;
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const expected =
    error instanceof ClusterError || error instanceof ClusterConfigError || error instanceof ControlError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
