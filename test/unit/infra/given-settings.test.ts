import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { describeCluster } from "../../../infra/local/cluster-summary.ts";
import { composePorts, dockerAnswers, settingsOverride } from "../../../infra/local/compose.ts";
import { withoutEffect } from "../../../infra/local/given-settings.ts";
import { clusterProcesses } from "../../../infra/local/processes.ts";
import { sluiceEnvironment } from "../../../infra/local/sluice-processes.ts";

const read = (env: Record<string, string>) => readClusterConfig(env, "/project");

describe("a variable of make up", () => {
  it.each([
    ["SLUICE_PORT_OFSET", "SLUICE_PORT_OFFSET"],
    ["SLUICE_PARTITION", "SLUICE_PARTITIONS"],
    ["SLUICE_STAT_DIR", "SLUICE_STATE_DIR"],
    ["SLUICE_CLUSTER_ENGIN", "SLUICE_CLUSTER_ENGINE"],
    ["SLUICE_SIMULATOR_DIR", "SLUICE_SIMULATORS_DIR"],
    ["SLUICE_KAFKA_RETENTION_HOUR", "SLUICE_KAFKA_RETENTION_HOURS"],
  ])("that nobody knows stops it: %s", (name, meant) => {
    expect(() => read({ [name]: "1" })).toThrow(`${name} is not a known variable; did you mean ${meant}?`);
  });

  it("that nobody knows is named beside all others", () => {
    expect(() => read({ SLUICE_PORT_OFSET: "1", SLUICE_PARTITONS: "1" })).toThrow(
      /SLUICE_PORT_OFSET.*\n.*SLUICE_PARTITONS/,
    );
  });

  it("with a value that is not allowed stops it", async () => {
    expect(() => read({ SLUICE_CLUSTER_ENGINE: "dockr" })).toThrow(
      "SLUICE_CLUSTER_ENGINE=dockr: expected one of auto, native, docker",
    );
    await expect(dockerAnswers({ SLUICE_CLUSTER_ENGINE: "dockr" })).rejects.toThrow("SLUICE_CLUSTER_ENGINE=dockr");
  });

  it("may be what Kubernetes says of a Service", () => {
    const env = { SLUICE_PORT: "tcp://10.0.0.7:18080", SLUICE_KAFKA_PORT: "tcp://10.0.0.8:9092" };
    const host = { SLUICE_KAFKA_SERVICE_HOST: "10.0.0.8", SLUICE_KAFKA_SERVICE_PORT: "9092" };
    expect(read({ ...env, ...host })).toMatchObject({ kafkaPort: 19_092 });
    expect(() => read(env)).toThrow("SLUICE_KAFKA_PORT=tcp://10.0.0.8:9092: expected a whole number");
  });
});

describe("a setting of the services", () => {
  const env = {
    SLUICE_PARTITIONS: "12",
    SLUICE_SINK_MAX_AGE: "1s",
    SLUICE_TOPIC_RETENTION: "24h",
    SLUICE_LOG_LEVEL: "debug",
  };

  it("goes to all of them and to the migration, natively", () => {
    const processes = clusterProcesses(read(env));
    for (const name of ["migrate", "ingest", "router", "sender", "dlr-collector", "analytics-sink", "console"])
      expect(processes.find((spec) => spec.name === name)!.env, name).toMatchObject(env);
    expect(sluiceEnvironment(read(env))).toMatchObject(env);
  });

  it("goes to all of them in Compose, as it is", () => {
    const override = parse(settingsOverride({ ...env, SLUICE_WEBHOOK_PUBLIC_URL: "https://a.example/$x" }));
    expect(Object.keys(override.services).sort()).toEqual([
      "analytics-sink",
      "callbacks",
      "console",
      "dlr-collector",
      "ingest",
      "migrate",
      "router",
      "sender",
    ]);
    expect(override.services.sender.environment).toEqual({
      ...env,
      SLUICE_WEBHOOK_PUBLIC_URL: "https://a.example/$$x",
    });
  });

  it("that follows from the cluster is not passed on, and that is said", () => {
    const own = { SLUICE_KAFKA_BROKERS: "elsewhere:9092", SLUICE_HTTP_PORT: "80", SLUICE_INSTANCE: "a" };
    expect(read(own).settings).toEqual({});
    expect(withoutEffect(own, "all", "native")).toEqual([
      "SLUICE_HTTP_PORT is set and has no effect: the services get what this cluster has",
      "SLUICE_INSTANCE is set and has no effect: the services get what this cluster has",
      "SLUICE_KAFKA_BROKERS is set and has no effect: the services get what this cluster has",
    ]);
  });

  it("tells two clusters apart, secrets unread", () => {
    const summary = (more: Record<string, string>) => describeCluster(read(more));
    expect(summary(env)).not.toBe(summary({}));
    expect(summary(env)).toContain("SLUICE_PARTITIONS=12");
    const external = {
      SLUICE_CLUSTER_SCOPE: "services",
      SLUICE_EXTERNAL_BROKERS: "a:1",
      SLUICE_EXTERNAL_REGISTRY_URL: "http://a",
    };
    const secret = { ...external, SLUICE_EXTERNAL_CLICKHOUSE_URL: "http://a", SLUICE_CLICKHOUSE_PASSWORD: "hidden" };
    expect(read(secret).settings).toEqual({ SLUICE_CLICKHOUSE_PASSWORD: "hidden" });
    expect(summary(secret)).toContain("SLUICE_CLICKHOUSE_PASSWORD=[secret]");
  });
});

test.each([
  ["native", "SLUICE_GRAFANA_PORT", "Docker Compose alone reads it"],
  ["docker", "SLUICE_CLICKHOUSE_MEMORY_MIB", "the native cluster alone reads it"],
  ["docker", "SLUICE_CATALOG_DIR", "docker-compose.yml mounts the catalog"],
  ["native", "SLUICE_EXTERNAL_BROKERS", "only SLUICE_CLUSTER_SCOPE=services reads it"],
  ["native", "SLUICE_CONFIG_FILE", "the services of this cluster are configured by variables"],
  ["docker", "SLUICE_SIMULATOR_PORT", "the simulators get what this cluster has"],
] as const)("on %s %s has no effect", (engine, name, reason) => {
  expect(withoutEffect({ [name]: "1" }, "all", engine)).toEqual([`${name} is set and has no effect: ${reason}`]);
});

test("what has an effect is not complained of", () => {
  const env = { SLUICE_PORT_OFFSET: "7", SLUICE_PARTITIONS: "12", SLUICE_CATALOG_DIR: "x", SLUICE_STATE_DIR: "y" };
  expect(withoutEffect(env, "all", "native")).toEqual([]);
  expect(withoutEffect({ SLUICE_PARTITIONS: "12" }, "infra", "native")).toEqual([
    "SLUICE_PARTITIONS is set and has no effect: SLUICE_CLUSTER_SCOPE=infra starts no service",
  ]);
});

test("the offset moves all ports that Compose publishes", () => {
  expect(composePorts(read({ SLUICE_PORT_OFFSET: "100" }))).toMatchObject({
    SLUICE_INGEST_PORT: "18180",
    SLUICE_GRAFANA_PORT: "13100",
    HTTP_C_CONTROL_PORT: "12887",
  });
});
