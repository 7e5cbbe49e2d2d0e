import { parseArgs } from "node:util";
import { z } from "zod";
import { CatalogError } from "../../../domain/catalog/load-catalog.ts";
import { concealed } from "../../../domain/catalog/secret-references.ts";
import { type Snapshot, snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { readCatalog } from "../../../pipeline/boot/read-catalog.ts";
import { OpenCatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import { readVersion } from "../../../pipeline/control/read-version.ts";
import { connectCodecs } from "../../../pipeline/records/codecs.ts";
import { EventReader } from "../../../pipeline/simulate/event-reader.ts";
import { simulate } from "../../../pipeline/simulate/simulate.ts";
import { simulateJson, simulateTable } from "../../../pipeline/simulate/simulate-report.ts";
import type { RegistryConfig } from "../../../platform/codec/registry-settings.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { text } from "../../../platform/config/settings.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { type KafkaConfig, kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { kafkaSettings } from "../../../platform/kafka/settings.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { readTime, understood } from "../arguments.ts";
import { type Command, UsageError } from "../command.ts";

const DEFAULT_HOURS = 24;
const HOUR_MS = 3_600_000;

const HELP = `usage: sluice simulate [folder] [options]
Decides the messages of a time once more, by the catalog's files in the folder, before they are applied: what changes in cost, in traffic
per provider and in what is delivered, against the catalog at work and against what was. What is charged on delivery costs what is expected of
it. Reads sms.events; sends and changes nothing.
  --since <time>      messages decided at or after this time, such as 2026-01-31T12:00:00Z; default: the last ${DEFAULT_HOURS} hours
  --until <time>      and before this one
  --json              as JSON
The folder is SLUICE_CATALOG_DIR by default. Kafka is found by SLUICE_KAFKA_BROKERS, SLUICE_REGISTRY_URL and SLUICE_PARTITIONS. Exit code 1
when the files have problems, 2 when it could not be done, 64 for arguments that it does not understand.`;

const settings = z.object({
  ...kafkaSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
});

/** `sluice simulate`. */
export const simulateCommand: Command = {
  summary: "what changed catalog files would have done with the messages of a time",
  help: HELP,
  async run(args, { env, print, tell }) {
    const { folder, since, until, json } = readArguments(args, Date.now());
    const config = readConfig("sluice", settings, env, ["SLUICE_*"]);
    const catalogDir = folder ?? config.catalogDir;
    let changed: Snapshot;
    try {
      changed = snapshotOf(readCatalog({ catalogDir, partitions: config.partitions }));
    } catch (error) {
      if (!(error instanceof CatalogError || error instanceof SluiceError)) throw error;
      tell(error.message);
      return 1;
    }
    const working = await catalogAtWork(config);
    const atWork = working === undefined ? undefined : { name: `version ${working.version}`, snapshot: working };
    const codecs = await connectCodecs(config);
    const connection = kafkaConnection(config, `sluice-simulate-${process.pid}`, silentLog);
    const reader = new TopicReader({ connection, topics: [EVENTS_TOPIC] });
    await reader.start();
    try {
      const simulation = await simulate(new EventReader(reader, codecs), {
        changed: { name: "these files", snapshot: changed },
        atWork,
        stretch: { since, until },
        progress: tenths(tell),
      });
      print(json ? JSON.stringify(simulateJson(simulation)) : simulateTable(simulation));
      return 0;
    } finally {
      await reader.stop();
    }
  },
};

/** Tells of each tenth once. */
function tenths(tell: (line: string) => void) {
  let said = "";
  return (what: string, share: number): void => {
    const line = `${what}: ${10 * Math.floor(10 * share)} %`;
    if (line !== said) tell(line);
    said = line;
  };
}

/** Undefined where none was applied: then the services work with files that are not known here. */
async function catalogAtWork(
  config: KafkaConfig & RegistryConfig & { readonly partitions: number },
): Promise<Snapshot | undefined> {
  const topic = await OpenCatalogTopic.open(config);
  try {
    const { current } = await topic.read();
    if (current === undefined) return undefined;
    return snapshotOf(await readVersion(current.source, config.partitions, concealed), current.version);
  } finally {
    await topic.close();
  }
}

/** `now`: epoch ms. @throws UsageError naming the argument */
function readArguments(args: readonly string[], now: number) {
  const { values, positionals } = understood(() => parse(args));
  if (positionals.length > 1) throw new UsageError(`one folder, not ${positionals.length}`);
  const until = readTime("--until", values.until);
  const since = readTime("--since", values.since) ?? (until ?? now) - DEFAULT_HOURS * HOUR_MS;
  if (until !== undefined && since >= until) throw new UsageError("--since is not before --until");
  return { folder: positionals[0], since, until, json: values.json ?? false };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { since: { type: "string" }, until: { type: "string" }, json: { type: "boolean" } },
  });
}
