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
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { EventReader } from "../../../pipeline/simulate/event-reader.ts";
import { simulate } from "../../../pipeline/simulate/simulate.ts";
import type { Simulation } from "../../../pipeline/simulate/simulate-report.ts";
import { configFolder } from "../../../platform/config/yaml-file.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { CONTROL_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { CatalogDesk } from "./catalog-desk.ts";
import { ReplayDesk } from "./replay-desk.ts";
import { CatalogsToCompare } from "./simulated-catalogs.ts";
import { type RunSimulation, SimulationDesk } from "./simulation-desk.ts";

export interface DeskConfig extends TopicOptions {
  readonly catalogDir: string;
}

export interface Desks {
  readonly catalog: CatalogDesk;
  readonly replays: ReplayDesk;
  readonly simulations: SimulationDesk;
  readonly letters: DeadLetterBox;
}

/** What people do from the page, on the pipeline: with a reader of its own, since the page's own follows sms.control. */
export async function openDesks(
  scope: Scope,
  pipeline: Pipeline,
  clickhouse: ClickhouseReader,
  config: DeskConfig,
): Promise<Desks> {
  const { connection, codecs, producer, now } = pipeline;
  const topics = [CONTROL_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC];
  const reader = await startReader(scope, pipeline, topics, { name: "reader for actions" });
  const topic = new CatalogTopic({ connection, codecs, reader, writer: async () => producer });
  const { partitions } = config;
  const files = () => loadCatalog(configFolder(config.catalogDir), partitions, { namedSecretsOnly: true }).source;
  const catalog = new CatalogDesk({
    topic,
    files,
    partitions,
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
  const simulations = new SimulationDesk({
    catalogs: new CatalogsToCompare({ read: () => catalog.read(), files, partitions }),
    run: simulating(readTopic, codecs),
    log: scope.log,
    now,
  });
  await scope.add("simulations", { start: () => simulations, stop: () => simulations.close() });
  return { catalog, replays, simulations, letters: box };
}

/** With a reader of its own for as long as it takes; the signal ends it also while Kafka does not answer. */
function simulating(readTopic: ReturnType<typeof readingFrom>, codecs: SluiceCodecs): RunSimulation {
  return async (options, signal) => {
    let found: Simulation | undefined;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("it was ended")), { once: true });
    });
    await Promise.race([
      aborted,
      readTopic(EVENTS_TOPIC, async (reader) => {
        const stopped = () => signal.aborted;
        const work = simulate(new EventReader(reader, codecs), { ...options, stopped });
        found = await Promise.race([work, aborted]);
      }),
    ]);
    return found!;
  };
}
