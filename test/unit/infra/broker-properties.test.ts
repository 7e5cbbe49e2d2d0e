import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  brokerProperties,
  brokerSettings,
  CLUSTER_ID,
  imageEnvironment,
} from "../../../infra/local/broker-properties.ts";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { composeEnvironment } from "../../../infra/local/compose.ts";

const project = resolve(import.meta.dirname, "../../..");
const compose = parse(readFileSync(resolve(project, "docker-compose.yml"), "utf8"), { merge: true }) as {
  services: Record<string, { environment?: Record<string, string>; profiles?: string[] }>;
};

/** Compose's `${NAME:-default}`. */
const interpolate = (value: string, variables: Record<string, string>): string =>
  value.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, fallback: string) => variables[name] ?? fallback);

describe.each([1, 3] as const)("%d brokers", (brokers) => {
  const config = readClusterConfig({ BROKERS: String(brokers) }, project);

  it("have the same settings in Compose as natively", () => {
    const variables = composeEnvironment(config);
    const environment = Object.fromEntries(
      Object.entries(compose.services["kafka-1"]?.environment ?? {}).map(([k, v]) => [
        k,
        interpolate(String(v), variables),
      ]),
    );
    expect(environment).toMatchObject(imageEnvironment(brokerSettings(brokers, config.kafkaRetentionHours)));
    expect(environment.CLUSTER_ID).toBe(CLUSTER_ID);
    expect(environment.KAFKA_CONTROLLER_QUORUM_VOTERS?.split(",")).toHaveLength(brokers);
  });

  it("replicate so that one broker may fail, when there are three", () => {
    const properties = brokerProperties(config, brokers, "/data");
    expect(properties["default.replication.factor"]).toBe(String(brokers));
    expect(properties["min.insync.replicas"]).toBe(brokers === 3 ? "2" : "1");
    expect(properties["advertised.listeners"]).toBe(`PLAINTEXT://127.0.0.1:${19_091 + brokers}`);
    expect(properties["controller.quorum.voters"]?.split(",")).toHaveLength(brokers);
  });
});

it("have a listener for clients behind proxies only where there are proxies", () => {
  const plain = brokerProperties(readClusterConfig({ BROKERS: "3" }, project), 2, "/data");
  expect(plain.listeners).toBe("PLAINTEXT://127.0.0.1:19093,CONTROLLER://127.0.0.1:19096");
  const behind = readClusterConfig({ BROKERS: "3", SLUICE_TEST_KAFKA_PROXY_PORTS: "41,42,43" }, project);
  const properties = brokerProperties(behind, 2, "/data");
  expect(properties.listeners).toBe(
    "PLAINTEXT://127.0.0.1:19093,PROXIED://127.0.0.1:19099,CONTROLLER://127.0.0.1:19096",
  );
  expect(properties["advertised.listeners"]).toBe("PLAINTEXT://127.0.0.1:19093,PROXIED://127.0.0.1:42");
  expect(properties["inter.broker.listener.name"]).toBe("PLAINTEXT");
});

it("starts only one broker in Compose unless three are asked for", () => {
  expect(compose.services["kafka-1"]?.profiles).toBeUndefined();
  expect(compose.services["kafka-2"]?.profiles).toEqual(["three-brokers"]);
  expect(compose.services["kafka-3"]?.profiles).toEqual(["three-brokers"]);
});

it("names variables as the image wants them", () => {
  expect(imageEnvironment({ "log.dirs": "/d" })).toEqual({ KAFKA_LOG_DIRS: "/d" });
});
