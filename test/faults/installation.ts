import { cpSync } from "node:fs";
import { join } from "node:path";
import type { ClusterEndpoints } from "../../infra/local/cluster-config.ts";
import { ControlClient } from "../../infra/local/control-client.ts";
import { type SluiceEndpoints, sluiceEndpoints, sluiceEnvironment } from "../../infra/local/sluice-processes.ts";
import { connectCodecs, type SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { type OwnCluster, startCluster } from "../fixture/cluster.ts";
import { startNativeCluster } from "../fixture/native-test-cluster.ts";
import { Hooks } from "./hooks.ts";

/** Partitions of a local installation (SLUICE_PARTITIONS' default). */
export const PARTITIONS = 6;
export const SERVICES = ["ingest", "router", "sender", "dlr-collector", "analytics-sink"] as const;
export type Service = (typeof SERVICES)[number];

/** A whole Sluice of the test's own, whose processes it may kill, freeze and scale. */
export interface Installation extends SluiceEndpoints {
  readonly infra: OwnCluster;
  readonly control: ControlClient;
  readonly codecs: SluiceCodecs;
  /** Environment for a tool that is to act on this installation. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the processes' log files, `<name>.log`. */
  readonly logDir: string;
  /** Only with `hooks: true`. */
  readonly hooks: Hooks;
  /** Ends everything. With SLUICE_FAULTS_LOGS=<folder> the processes' logs are copied there first. */
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** Environment of the services' supervisor and so of all its processes; SLUICE_CATALOG_DIR and SLUICE_SIMULATORS_DIR count as well. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the services find what they stand on, instead of the cluster itself: addresses of proxies before it. */
  readonly through?: (infra: OwnCluster) => Partial<ClusterEndpoints> | Promise<Partial<ClusterEndpoints>>;
  /** Named fault points can be armed, and the processes' wall clocks moved. */
  readonly hooks?: boolean;
  /** Default 1; with 3 every partition has three copies, of which two must be in sync. */
  readonly brokers?: 1 | 3;
}

/** Starts Kafka, registry, ClickHouse, the provider simulators and one instance of each service. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const infra = await startCluster({ brokers: options.brokers ?? 1 });
  const hooks = options.hooks ? new Hooks() : undefined;
  try {
    const seen: ClusterEndpoints = { ...infra, ...(await options.through?.(infra)) };
    const services = await startNativeCluster(1, "services", {
      SLUICE_EXTERNAL_BROKERS: seen.brokers.join(","),
      SLUICE_EXTERNAL_REGISTRY_URL: seen.registryUrl,
      SLUICE_EXTERNAL_CLICKHOUSE_URL: seen.clickhouseUrl,
      SLUICE_CLICKHOUSE_USER: infra.clickhouseLogin.username,
      SLUICE_CLICKHOUSE_PASSWORD: infra.clickhouseLogin.password,
      ...hooks?.environment,
      ...options.env,
    });
    const { stateDir } = services.shared;
    return {
      ...sluiceEndpoints(services.config),
      infra,
      control: new ControlClient(stateDir),
      codecs: await connectCodecs(infra.registryUrl),
      environment: sluiceEnvironment(services.config),
      logDir: join(stateDir, "logs"),
      get hooks() {
        if (hooks === undefined) throw new Error("startInstallation({ hooks: true }) is needed for this");
        return hooks;
      },
      async stop() {
        const keep = process.env.SLUICE_FAULTS_LOGS;
        if (keep) cpSync(join(stateDir, "logs"), keep, { recursive: true });
        await services.stop();
        await infra.stop();
        hooks?.remove();
      },
    };
  } catch (error) {
    await infra.stop();
    hooks?.remove();
    throw error;
  }
}

/** A change of a provider simulator's behaviour. */
export async function behave(
  installation: Installation,
  provider: "smsc-a" | "smsc-b" | "http-c",
  changes: object,
): Promise<void> {
  const response = await fetch(`${installation.simulators[provider]}/settings`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(changes),
  });
  if (!response.ok) throw new Error(`${provider}: ${response.status} ${await response.text()}`);
}
