import { resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { type SluiceEndpoints, sluiceEndpoints, sluiceEnvironment } from "../../infra/local/sluice-processes.ts";
import { startCluster } from "../fixture/cluster.ts";
import type { SharedCluster } from "../fixture/cluster-handle.ts";
import { startNativeCluster } from "../fixture/native-test-cluster.ts";
import { startOtlpReceiver } from "../fixture/otlp-receiver.ts";

/** The whole of Sluice as a test sees it: Kafka, registry and ClickHouse, and every service and simulator as a process. */
export interface RunningSluice extends SluiceEndpoints {
  readonly infra: SharedCluster;
  /** Environment for a tool that is to act on this installation. */
  readonly environment: Record<string, string>;
  /** Of the services' supervisor, for `ControlClient`. */
  readonly stateDir: string;
  /** Gives the spans that the services have exported, as JSON. */
  readonly tracesUrl: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    sluice: RunningSluice;
  }
}

/** Vitest `globalSetup`: one installation for all end-to-end files; `inject("sluice")` gives it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const infra = await startCluster();
  const traces = await startOtlpReceiver();
  try {
    const services = await startNativeCluster(1, "services", {
      SLUICE_EXTERNAL_BROKERS: infra.brokers.join(","),
      SLUICE_EXTERNAL_REGISTRY_URL: infra.registryUrl,
      SLUICE_EXTERNAL_CLICKHOUSE_URL: infra.clickhouseUrl,
      SLUICE_CLICKHOUSE_USER: infra.clickhouseLogin.username,
      SLUICE_CLICKHOUSE_PASSWORD: infra.clickhouseLogin.password,
      SLUICE_CLUSTER_CONSOLE: "on",
      SLUICE_SINK_MAX_AGE: "1s",
      SLUICE_RECEIPT_DEADLINE: "20s",
      NODE_OPTIONS: `--import=${resolve(import.meta.dirname, "zones-of-tests.ts")}`,
      SLUICE_CONVERSION_WAIT: "20s",
      OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
      OTEL_BSP_SCHEDULE_DELAY: "500",
    });
    project.provide("sluice", {
      ...sluiceEndpoints(services.config),
      infra: infra.shared,
      environment: sluiceEnvironment(services.config),
      stateDir: services.shared.stateDir,
      tracesUrl: traces.url,
    });
    return async () => {
      await services.stop();
      await traces.close();
      await infra.stop();
    };
  } catch (error) {
    await traces.close();
    await infra.stop();
    throw error;
  }
}
