/** `node infra/migrate.ts`: topics, schemas and ClickHouse tables as this version of Sluice needs them. Repeating it changes nothing. */
import { setTimeout as pause } from "node:timers/promises";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { z } from "zod";
import { CatalogError, loadCatalog } from "../domain/catalog/load-catalog.ts";
import { checkConnections } from "../pipeline/boot/check-connections.ts";
import { registerSchemas } from "../pipeline/records/register.ts";
import { clickhouseHint, clickhouseSettings, clientAddress } from "../platform/clickhouse/settings.ts";
import { SchemaRegistryClient } from "../platform/codec/schema-registry.ts";
import { loadConfig, type ServiceConfig } from "../platform/config/load-config.ts";
import { duration, text } from "../platform/config/settings.ts";
import { configFolder } from "../platform/config/yaml-file.ts";
import { errorMessage, SluiceError } from "../platform/errors/sluice-error.ts";
import type { KafkaConnection } from "../platform/kafka/connection.ts";
import { kafkaConnection } from "../platform/kafka/connection-settings.ts";
import { kafkaSettings, topicSettings } from "../platform/kafka/settings.ts";
import { countBrokers, ensureTopics } from "../platform/kafka/topics.ts";
import { KNOWN_VARIABLES } from "../schemas/generated/variables.ts";
import { type TopicPlan, topicSpecs } from "../schemas/topics.ts";
import { migrateClickhouse } from "./clickhouse/migrate.ts";

export const migrationSettings = z.object({
  ...kafkaSettings,
  ...clickhouseSettings,
  clickhouseUser: text().default("default").describe("User that may create databases and tables"),
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
  ...topicSettings,
  migrateTimeout: duration({ min: 1_000, max: 3_600_000 })
    .default(120_000)
    .describe("Longest wait for Kafka, the registry and ClickHouse to answer"),
});

export type MigrationConfig = ServiceConfig<typeof migrationSettings>;
type Say = (line: string) => void;

/** How often a wait says what it waits for, milliseconds. */
const SAY_EVERY_MS = 5_000;

const quiet: KafkaConnection["log"] = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Brings Kafka, the registry and ClickHouse to the shape this version needs. Waits for each of them first.
 * @throws SluiceError or CatalogError saying what is wrong and what to do; what was done by then stays done.
 */
export async function migrate(config: MigrationConfig, say: Say): Promise<void> {
  const { accounts, providers, warnings } = loadCatalog(configFolder(config.catalogDir), config.partitions);
  for (const warning of warnings) say(`warning: ${warning}`);
  const deadline = performance.now() + config.migrateTimeout;
  const statusAccounts = accounts.filter(({ statusTopic }) => statusTopic === true).map(({ id }) => id);
  await migrateTopics(config, { providers, statusAccounts }, deadline, say);

  const registrations = await untilAnswered(`the schema registry at ${config.registryUrl}`, deadline, say, () =>
    registerSchemas(new SchemaRegistryClient(config)),
  );
  const added = registrations.filter((entry) => entry.added).length;
  say(`schemas: ${added} registered, ${registrations.length - added} unchanged`);

  await untilAnswered(`ClickHouse at ${config.clickhouseUrl}`, deadline, say, () => ping(config));
  await migrateTables(config, say);
}

async function migrateTopics(
  config: MigrationConfig,
  owners: Pick<TopicPlan, "providers" | "statusAccounts">,
  deadline: number,
  say: Say,
): Promise<void> {
  const connection = kafkaConnection(config, "sluice-migrate", quiet);
  const brokers = await untilAnswered(`Kafka at ${config.kafkaBrokers.join(",")}`, deadline, say, () =>
    countBrokers(connection),
  );
  const specs = topicSpecs({ partitions: config.partitions, ...owners, retentionMs: config.topicRetention });
  const replication = config.topicReplication || Math.min(3, brokers);
  // With three copies one may fail and "acknowledged" still means two disks; with fewer there is nothing to spare.
  const { created, mismatched } = await ensureTopics(connection, specs, replication, replication >= 3 ? 2 : 1);
  if (mismatched.length > 0) throw mismatchError(mismatched);
  say(
    `topics: ${created.length} created${created.length > 0 ? ` with ${replication} ${replication === 1 ? "copy" : "copies"}` : ""}, ${specs.length - created.length} unchanged`,
  );
}

async function migrateTables(config: MigrationConfig, say: Say): Promise<void> {
  const { clickhouseUrl, clickhouseDatabase } = config;
  try {
    const { url, username: user, password, database, ...transport } = clientAddress(config);
    const { applied, present } = await migrateClickhouse({ url, user, password, database, transport });
    const files = applied.length === 0 ? "nothing to apply" : `applied ${applied.join(", ")}`;
    say(`ClickHouse: ${files}, ${present} unchanged`);
  } catch (cause) {
    throw new SluiceError(
      `the tables of database ${clickhouseDatabase} at ${clickhouseUrl} could not be brought up to date${clickhouseHint(cause)}`,
      {
        code: "CLICKHOUSE_MIGRATION",
        cause,
      },
    );
  }
}

function mismatchError(topics: readonly { name: string; partitions: number; wanted: number }[]): SluiceError {
  const lines = topics.map(
    ({ name, partitions, wanted }) => `  ${name} has ${partitions}, the configuration says ${wanted}`,
  );
  return new SluiceError(
    `topics with another number of partitions than configured; set SLUICE_PARTITIONS, or the provider's partitions in providers.yaml, to what is there (another number would move keys to other partitions):\n${lines.join("\n")}`,
    { code: "PARTITIONS_DIFFER" },
  );
}

async function ping(config: MigrationConfig): Promise<void> {
  const { database: _, ...address } = clientAddress(config);
  const client = createClient({ ...address, request_timeout: 2_000, log: { level: ClickHouseLogLevel.OFF } });
  const answer = await client.ping().finally(() => client.close());
  if (answer.success) return;
  const { error: cause } = answer;
  throw new Error(`/ping fails${clickhouseHint(cause)}`, { cause });
}

/** Repeats `attempt` until it succeeds, fails for good (a permanent SluiceError) or time is up. */
async function untilAnswered<Value>(
  what: string,
  deadline: number,
  say: Say,
  attempt: () => Promise<Value>,
): Promise<Value> {
  let nextWord = performance.now() + SAY_EVERY_MS / 5;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof SluiceError && error.class === "permanent") throw error;
      const now = performance.now();
      if (now >= deadline)
        throw new SluiceError(`${what} did not answer in time; is it running, and is the address right?`, {
          code: "MIGRATION_TIMEOUT",
          class: "transient",
          cause: error,
        });
      if (now >= nextWord) {
        say(`waiting for ${what}: ${errorMessage(error)}`);
        nextWord = now + SAY_EVERY_MS;
      }
      await pause(300);
    }
  }
}

if (import.meta.main) {
  const config = loadConfig("migrate", migrationSettings, {
    purpose:
      "Creates the topics, registers the schemas and creates the ClickHouse tables; repeating it changes nothing.",
    knownKeys: KNOWN_VARIABLES,
    check: (given) => {
      checkConnections(given);
      return loadCatalog(configFolder(given.catalogDir), given.partitions).warnings;
    },
  });
  try {
    await migrate(config, (line) => console.log(line));
  } catch (error) {
    const expected = error instanceof SluiceError || error instanceof CatalogError;
    console.error(expected ? `migrate: ${errorMessage(error)}` : error);
    process.exitCode = 1;
  }
}
