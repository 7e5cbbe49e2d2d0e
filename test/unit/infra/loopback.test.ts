import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { brokerProperties } from "../../../infra/local/broker-properties.ts";
import { readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { clusterProcesses } from "../../../infra/local/processes.ts";
import { httpProviderSettingsSchema } from "../../../infra/simulators/http-provider/settings.ts";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";
import { platformSettings } from "../../../platform/config/platform-settings.ts";
import { consoleSettings } from "../../../services/console/console-settings.ts";
import { dlrCollectorSettings } from "../../../services/dlr-collector/dlr-collector-settings.ts";
import { ingestConfig } from "../../../services/ingest/ingest-config.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");
const config = readClusterConfig({ BROKERS: "3" }, PROJECT);

test("brokers listen on this machine alone, and say so to their clients", () => {
  for (const nodeId of [1, 2, 3]) {
    const { listeners = "", "advertised.listeners": advertised = "" } = brokerProperties(config, nodeId, "/tmp");
    for (const listener of `${listeners},${advertised}`.split(",")) expect(listener).toMatch(/:\/\/127\.0\.0\.1:\d+$/);
  }
});

test("so do the registry, ClickHouse, and whatever else the cluster starts", () => {
  const processes = clusterProcesses(config);
  const named = (name: string) => processes.find((one) => one.name === name)!;
  expect(named("registry").env).toMatchObject({ QUARKUS_HTTP_HOST: "127.0.0.1" });
  expect(named("clickhouse").args.filter((one) => one.includes("listen_host"))).toEqual(["--listen_host=127.0.0.1"]);
  for (const { name, env = {} } of processes)
    for (const [variable, value] of Object.entries(env))
      if (/_HOST$/.test(variable)) expect(value, `${variable} of ${name}`).toBe("127.0.0.1");
});

test("so does every server of a service and a simulator, unless somebody says otherwise", () => {
  const hosts = [platformSettings, consoleSettings, dlrCollectorSettings, ingestConfig].flatMap((schema) =>
    Object.entries(schema.shape).filter(([name]) => /host$/i.test(name)),
  );
  const found = hosts.map(([name, setting]) => [
    name,
    (setting as unknown as { parse(value: undefined): unknown }).parse(undefined),
  ]);
  expect(found).toEqual([
    ["adminHost", "127.0.0.1"],
    ["httpHost", "127.0.0.1"],
    ["httpHost", "127.0.0.1"],
    ["smppHost", "127.0.0.1"],
    ["httpHost", "127.0.0.1"],
  ]);
  for (const schema of [smscSettingsSchema, httpProviderSettingsSchema])
    expect(schema.shape.host.parse(undefined)).toBe("127.0.0.1");
});

test("and Compose publishes its ports there", () => {
  const { services } = parse(readFileSync(join(PROJECT, "docker-compose.yml"), "utf8"), { merge: true }) as {
    services: Record<string, { ports?: string[] }>;
  };
  const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(ports.length).toBeGreaterThan(5);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});
