import { resolve } from "node:path";
import { expect, test } from "vitest";
import { migrate, migrationSettings } from "../../infra/migrate.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { readConfig } from "../../platform/config/load-config.ts";
import { clickhouseVariables } from "../fixture/cluster-handle.ts";
import { sharedCluster } from "../fixture/shared-cluster.ts";

const cluster = sharedCluster();
const { brokers, registryUrl } = cluster;

function configOf(changes: Record<string, string> = {}) {
  return readConfig("migrate", migrationSettings, {
    SLUICE_KAFKA_BROKERS: brokers.join(","),
    SLUICE_REGISTRY_URL: registryUrl,
    ...clickhouseVariables(cluster),
    SLUICE_CLICKHOUSE_DATABASE: "migrate_test",
    SLUICE_CATALOG_DIR: resolve(import.meta.dirname, "../../infra/local/catalog"),
    ...changes,
  });
}

async function linesOf(changes?: Record<string, string>): Promise<string[]> {
  const lines: string[] = [];
  await migrate(configOf(changes), (line) => lines.push(line));
  return lines;
}

test("one migration makes everything, the next finds it made", async () => {
  await linesOf();
  await expect(connectCodecs(registryUrl)).resolves.toHaveProperty("event");
  expect(await linesOf()).toEqual([
    expect.stringMatching(/^topics: 0 created, [1-9]\d* unchanged$/),
    expect.stringMatching(/^schemas: 0 registered, [1-9]\d* unchanged$/),
    expect.stringMatching(/^ClickHouse: nothing to apply, [1-9]\d* unchanged$/),
  ]);
});

test("another number of partitions is refused with the topics it concerns", async () => {
  await linesOf();
  await expect(linesOf({ SLUICE_PARTITIONS: "12" })).rejects.toMatchObject({
    code: "PARTITIONS_DIFFER",
    message: expect.stringContaining("sms.events has 6, the configuration says 12"),
  });
});

test("what does not answer ends the migration in time, and is named", async () => {
  const lines: string[] = [];
  const config = configOf({ SLUICE_KAFKA_BROKERS: "127.0.0.1:1", SLUICE_MIGRATE_TIMEOUT: "2s" });
  await expect(migrate(config, (line) => lines.push(line))).rejects.toMatchObject({
    code: "MIGRATION_TIMEOUT",
    message: expect.stringContaining("Kafka at 127.0.0.1:1"),
  });
  expect(lines.join("\n")).toContain("waiting for Kafka at 127.0.0.1:1");
});
