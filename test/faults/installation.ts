import { cpSync } from "node:fs";
import { join } from "node:path";
import { ControlClient } from "../../infra/local/control-client.ts";
import { type SluiceEndpoints, sluiceEndpoints, sluiceEnvironment } from "../../infra/local/sluice-processes.ts";
import { connectCodecs, type SluiceCodecs } from "../../schemas/codecs.ts";
import { type OwnCluster, startCluster } from "../fixture/cluster.ts";
import { startNativeCluster } from "../fixture/native-test-cluster.ts";

/** Partitions of a local installation (SLUICE_PARTITIONS' default). */
export const PARTITIONS = 6;
export const SERVICES = ["ingest", "router", "sender", "dlr-collector", "analytics-sink"] as const;
export type Service = (typeof SERVICES)[number];

/** A whole Sluice of the test's own, whose processes it may kill, freeze and scale. */
export interface Installation extends SluiceEndpoints {
  readonly infra: OwnCluster;
  readonly control: ControlClient;
  readonly codecs: SluiceCodecs;
  /** Ends everything. With SLUICE_FAULTS_LOGS=<folder> the processes' logs are copied there first. */
  stop(): Promise<void>;
}

/** Starts Kafka, registry, ClickHouse, the provider simulators and one instance of each service. */
export async function startInstallation(): Promise<Installation> {
  const infra = await startCluster();
  try {
    const services = await startNativeCluster(1, "services", {
      SLUICE_EXTERNAL_BROKERS: infra.brokers.join(","),
      SLUICE_EXTERNAL_REGISTRY_URL: infra.registryUrl,
      SLUICE_EXTERNAL_CLICKHOUSE_URL: infra.clickhouseUrl,
    });
    const { stateDir } = services.shared;
    return {
      ...sluiceEndpoints(services.config),
      infra,
      control: new ControlClient(stateDir),
      codecs: await connectCodecs(sluiceEnvironment(services.config).SLUICE_REGISTRY_URL!),
      async stop() {
        const keep = process.env.SLUICE_FAULTS_LOGS;
        if (keep) cpSync(join(stateDir, "logs"), keep, { recursive: true });
        await services.stop();
        await infra.stop();
      },
    };
  } catch (error) {
    await infra.stop();
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
