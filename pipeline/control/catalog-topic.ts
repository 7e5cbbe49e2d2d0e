import { setTimeout as pause } from "node:timers/promises";
import type { RegistryConfig } from "../../platform/codec/registry-settings.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { type KafkaConfig, kafkaConnection } from "../../platform/kafka/connection-settings.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { CONTROL_TOPIC } from "../../schemas/topics.ts";
import { connectCodecs, type SluiceCodecs } from "../records/codecs.ts";
import { CatalogLog, KEPT_VERSIONS } from "./catalog-log.ts";
import { type CatalogSource, removalRecords, type VersionFacts, versionRecords } from "./catalog-version.ts";
import { readControl } from "./read-control.ts";

/** An instance that has said nothing for so long is gone, ms. */
export const GONE_MS = 60_000;

/** A version whose pieces are larger has its instances make it ready before it counts, octets: a smaller one is read in milliseconds. */
const LARGE = 64 * 1024;
/** How long a version waits for instances that have not made it ready, ms: one of them may have ended without a word. */
const PREPARING_MS = 5_000;
const LOOK_EVERY_MS = 50;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

type ControlCodecs = Pick<SluiceCodecs, "control" | "loadSchema">;

/** All that stands in sms.control now. */
export async function readCatalogLog(reader: TopicReader, codecs: ControlCodecs): Promise<CatalogLog> {
  const log = new CatalogLog(Number.POSITIVE_INFINITY);
  await readInto(log, 0, reader, codecs);
  return log;
}

/** Gives a log what stands in sms.control from an offset on. @returns the offset to go on from */
async function readInto(log: CatalogLog, from: number, reader: TopicReader, codecs: ControlCodecs): Promise<number> {
  const records: { readonly key: string; readonly value: Buffer | null }[] = [];
  const { high } = (await reader.watermarks(CONTROL_TOPIC))[0] ?? { high: 0 };
  await reader.readRange(CONTROL_TOPIC, 0, from, high, ({ key, value }) =>
    records.push({ key: key?.toString() ?? "", value }),
  );
  for (const { key, value } of records) {
    if (value === null) {
      log.removed(key);
      continue;
    }
    const decoded = await readControl(value, codecs);
    if (decoded.ok) await log.accept(decoded.value);
  }
  return Math.max(from, high);
}

export interface CatalogTopicParts {
  readonly connection: KafkaConnection;
  readonly codecs: ControlCodecs;
  /** It knows sms.control, and does not follow it. */
  readonly reader: TopicReader;
  /** What versions are written with, asked for by the first; its clock is the brokers'. */
  readonly writer: () => Promise<Pick<RecordProducer, "send" | "clock">>;
}

/** sms.control for whoever changes the catalog: all of it is read, and a version can be added. One call at a time. */
export class CatalogTopic {
  readonly connection: KafkaConnection;
  readonly reader: TopicReader;
  private readonly parts: CatalogTopicParts;
  private readonly log = new CatalogLog(Number.POSITIVE_INFINITY);
  /** Offset up to which it has been read. */
  private next = 0;

  constructor(parts: CatalogTopicParts) {
    this.parts = parts;
    this.connection = parts.connection;
    this.reader = parts.reader;
  }

  /** All that stands there now; what has been read once is not read again. */
  async read(): Promise<CatalogLog> {
    this.next = await readInto(this.log, this.next, this.reader, this.parts.codecs);
    return this.log;
  }

  /**
   * Publishes a version: its pieces, then its head. Between them instances make a large one ready, so that all of them work with it when
   * the head stands there. @returns the version as it counts
   * @throws SluiceError `CATALOG_CHANGED` when another one was published meanwhile: this one is taken away again. `CATALOG_UNSURE`
   *   (transient) when the head may have been written, and it could not be seen whether it counts
   */
  async publish(source: CatalogSource, made: Omit<VersionFacts, "id" | "at">): Promise<VersionFacts> {
    const producer = await this.parts.writer();
    const facts = { ...made, at: producer.clock.now() };
    const { id, pieces, head } = versionRecords(this.parts.codecs.control, source, facts);
    await producer.send(pieces);
    const octets = pieces.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    if (octets > LARGE) await this.preparedEverywhere(id, () => producer.clock.now());
    const log = await this.written(producer.send([head]));
    const applied = log.versions.find((version) => version.id === id);
    if (applied === undefined) {
      await producer.send(removalRecords({ ...facts, id }, pieces.length));
      const { version, by } = log.current ?? { version: 0, by: "somebody" };
      throw new SluiceError(
        `${by} has applied version ${version} meanwhile; nothing was changed. See what is different now, and apply again`,
        { code: "CATALOG_CHANGED" },
      );
    }
    const old = log.versions.slice(0, -KEPT_VERSIONS);
    // The version counts by now: what cannot be taken away goes with the next one.
    for (const version of old) await producer.send(removalRecords(version, version.pieces)).catch(() => {});
    return applied;
  }

  /** Waits until all living instances have made a version ready, for a while. `now`: epoch ms by the brokers' clock. */
  private async preparedEverywhere(id: string, now: () => number): Promise<void> {
    const until = performance.now() + PREPARING_MS;
    for (;;) {
      const { instances } = await this.read();
      const busy = [...instances.values()].some(
        ({ at, prepared }) => prepared !== undefined && prepared !== id && now() - at <= GONE_MS,
      );
      if (!busy || performance.now() >= until) return;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** What stands there once a head is written. */
  private async written(head: Promise<void>): Promise<CatalogLog> {
    try {
      await head;
      return await this.read();
    } catch (cause) {
      throw new SluiceError(
        "the change may have been applied, and may not: look at the catalog before it is tried again",
        {
          ...{ code: "CATALOG_UNSURE", class: "transient" },
          cause,
        },
      );
    }
  }
}

/** With connections of its own, for a command. */
export class OpenCatalogTopic extends CatalogTopic {
  private readonly end: () => Promise<unknown>;

  private constructor(parts: CatalogTopicParts, end: () => Promise<unknown>) {
    super(parts);
    this.end = end;
  }

  /** @throws SluiceError when the registry does not answer, or an error of KafkaJS when the brokers do not. */
  static async open(config: KafkaConfig & RegistryConfig): Promise<OpenCatalogTopic> {
    const connection = kafkaConnection(config, `sluice-catalog-${process.pid}`, quiet);
    const codecs = await connectCodecs(config);
    const reader = new TopicReader({ connection, topics: [CONTROL_TOPIC] });
    await reader.start();
    let producer: RecordProducer | undefined;
    const writer = async () => {
      if (producer !== undefined) return producer;
      producer = new RecordProducer({ connection });
      await producer.connect();
      // A write tells the brokers' time, by which versions are dated.
      await producer.send([{ topic: CONTROL_TOPIC, partition: 0, key: "clock", value: null }]);
      return producer;
    };
    const end = () => Promise.allSettled([reader.stop(), producer?.close()]);
    return new OpenCatalogTopic({ connection, codecs, reader, writer }, end);
  }

  async close(): Promise<void> {
    await this.end();
  }
}
