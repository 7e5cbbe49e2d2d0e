import { loadCatalog } from "../../../domain/catalog/load-catalog.ts";
import type { Pipeline } from "../../../pipeline/boot/start-pipeline.ts";
import { startReader } from "../../../pipeline/boot/start-pipeline.ts";
import { applyVersion } from "../../../pipeline/control/apply-version.ts";
import { CatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import type { TopicOptions } from "../../../pipeline/control/provider-topics.ts";
import { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { LogHistory } from "../../../pipeline/dead-letters/message-history.ts";
import { readingFrom } from "../../../pipeline/dead-letters/reading-from.ts";
import { Replayer } from "../../../pipeline/dead-letters/replay.ts";
import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { configFolder } from "../../../platform/config/yaml-file.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { CONTROL_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { CatalogDesk } from "./catalog-desk.ts";
import { ReplayDesk } from "./replay-desk.ts";

export interface DeskConfig extends TopicOptions {
  readonly catalogDir: string;
}

/** What people do from the page, on the pipeline: with a reader of its own, since the page's own follows sms.control. */
export async function openDesks(
  scope: Scope,
  pipeline: Pipeline,
  clickhouse: ClickhouseReader,
  config: DeskConfig,
): Promise<{ readonly catalog: CatalogDesk; readonly replays: ReplayDesk }> {
  const { connection, codecs, producer, now } = pipeline;
  const topics = [CONTROL_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC];
  const reader = await startReader(scope, pipeline, topics, { name: "reader for actions" });
  const topic = new CatalogTopic({ connection, codecs, reader, writer: async () => producer });
  const catalog = new CatalogDesk({
    topic,
    files: () => loadCatalog(configFolder(config.catalogDir), config.partitions, { namedSecretsOnly: true }).source,
    partitions: config.partitions,
    publish: (source, made) => applyVersion(topic, source, made, config),
    log: scope.log,
  });
  const box = new DeadLetterBox({ reader, codecs });
  const history = new LogHistory({ clickhouse, reader, codecs });
  const readTopic = readingFrom(connection);
  const replays = new ReplayDesk({
    find: (filter, most) => box.find(filter, { most, which: "oldest", unreplayed: true }),
    replay: (run, places, options) =>
      new Replayer({ box, history, codecs, reader, readTopic, producer, run }).replay(places, options),
    log: scope.log,
    now,
  });
  await scope.add("replays", { start: () => replays, stop: () => replays.close() });
  return { catalog, replays };
}
