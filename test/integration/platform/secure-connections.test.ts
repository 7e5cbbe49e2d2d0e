import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { connectCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { BlockInserter } from "../../../platform/clickhouse/block-inserter.ts";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import { Secret } from "../../../platform/config/secret.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { connectAdmin } from "../../../platform/kafka/admin-connection.ts";
import { type KafkaConfig, kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { Authority, type Certificate } from "../../fixture/certificates.ts";
import {
  KAFKA_PASSWORD,
  KAFKA_USER,
  LOGIN_LASTS_MS,
  type SecureKafka,
  startSecureKafka,
} from "../../fixture/secure-kafka.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { startTlsFront, type TlsFront } from "../../fixture/tls-front.ts";
import { recordingLog } from "./kafka-runtime.ts";

const cluster = sharedCluster();
const folder = mkdtempSync(join(tmpdir(), "sluice-secure-"));
const fronts: TlsFront[] = [];
let authority: Authority;
let stranger: Authority;
let ours: Certificate;
let kafka: SecureKafka;

beforeAll(async () => {
  authority = new Authority(folder, "authority");
  stranger = new Authority(folder, "stranger");
  ours = authority.sign("ours");
  kafka = await startSecureKafka(folder, authority);
});
afterAll(async () => {
  await Promise.all(fronts.map((front) => front.close()));
  await kafka?.stop();
  rmSync(folder, { recursive: true });
});

const failure = (promise: Promise<unknown>) => promise.then(() => "no fault", errorMessage);

/** Writes records and reads them back; for as long as `ms` says. */
async function writeAndRead(config: KafkaConfig, topic: string, ms = 0): Promise<number> {
  const connection = kafkaConnection(config, "secure-test", recordingLog());
  await ensureTopics(connection, [{ name: topic, partitions: 1, config: {} }], 1, 1);
  const producer = new RecordProducer({ connection });
  const reader = new TopicReader({ connection, topics: [topic] });
  await producer.connect();
  await reader.start();
  let written = 0;
  try {
    for (const until = performance.now() + ms; written === 0 || performance.now() < until; written++) {
      await producer.send([{ topic, partition: 0, key: "k", value: Buffer.from(`record ${written}`) }]);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    let read = 0;
    const { high } = (await reader.watermarks(topic))[0]!;
    await reader.readRange(topic, 0, 0, high, () => void read++);
    expect(read).toBe(written);
  } finally {
    await Promise.all([producer.close(), reader.stop()]);
  }
  return written;
}

const login = (more: Partial<KafkaConfig> = {}): KafkaConfig => ({
  ...{ kafkaBrokers: [kafka.login], kafkaTls: true, kafkaTlsCa: authority.cert },
  ...{ kafkaSaslMechanism: "scram-sha-512", kafkaSaslUser: KAFKA_USER, kafkaSaslPassword: new Secret(KAFKA_PASSWORD) },
  ...more,
});
const mutual = (more: Partial<KafkaConfig> = {}): KafkaConfig => ({
  ...{ kafkaBrokers: [kafka.mutual], kafkaTls: true, kafkaTlsCa: authority.cert },
  ...{ kafkaTlsCert: ours.cert, kafkaTlsKey: ours.key },
  ...more,
});
const refused = (config: KafkaConfig) => failure(connectAdmin(kafkaConnection(config, "secure-test", silentLog), 0));

it("Kafka is written and read over TLS with a certificate of ours, and with each mechanism of SASL", async () => {
  await writeAndRead(mutual(), "mutual");
  for (const kafkaSaslMechanism of ["plain", "scram-sha-256"] as const)
    await writeAndRead(login({ kafkaSaslMechanism }), `login-${kafkaSaslMechanism}`);
});

it("a login that the broker lets count for a time only is made again while records flow, and none is lost", async () => {
  expect(await writeAndRead(login(), "login-again", LOGIN_LASTS_MS + 4_000)).toBeGreaterThan(50);
});

it("what Kafka refuses names the setting", async () => {
  const strange = stranger.sign("strange");
  const words = await Promise.all([
    refused(mutual({ kafkaTlsCa: stranger.cert })),
    refused(mutual({ kafkaTlsCert: strange.cert, kafkaTlsKey: strange.key })),
    refused(login({ kafkaSaslPassword: new Secret("wrong") })),
    refused(login({ kafkaSaslMechanism: "plain", kafkaSaslUser: "nobody" })),
  ]);
  expect(words).toEqual([
    expect.stringContaining("SLUICE_KAFKA_TLS_CA"),
    expect.stringContaining("SLUICE_KAFKA_TLS_CERT"),
    expect.stringContaining("SLUICE_KAFKA_SASL_MECHANISM, _USER and _PASSWORD"),
    expect.stringContaining("SLUICE_KAFKA_SASL_MECHANISM, _USER and _PASSWORD"),
  ]);
  expect(words.join()).not.toContain("wrong");
});

async function front(target: string, more: Partial<Parameters<typeof startTlsFront>[0]> = {}): Promise<string> {
  const started = await startTlsFront({ target, own: authority.sign(`front-${fronts.length}`), ...more });
  fronts.push(started);
  return started.url;
}

it("the registry is asked over TLS with a user, a token or a certificate; what it refuses names the setting", async () => {
  const lets = [`Basic ${Buffer.from("sluice:of-registry").toString("base64")}`, "Bearer of-registry"];
  const registryUrl = await front(cluster.registryUrl, { lets, clients: authority });
  const config = { registryUrl, registryTlsCa: authority.cert, registryTlsCert: ours.cert, registryTlsKey: ours.key };
  const user = { registryUser: "sluice", registryPassword: new Secret("of-registry") };
  await registerSchemas(new SchemaRegistryClient({ ...config, ...user }));
  const token = { ...config, registryToken: new Secret("of-registry") };
  const codecs = await connectCodecs(token);
  expect(await codecs.loadSchema(2_000_000_000)).toBe("missing");
  const words = [
    await failure(connectCodecs({ ...config, ...user, registryPassword: new Secret("wrong") })),
    await failure(new SchemaRegistryClient({ ...token, registryTlsCa: stranger.cert }).versionsOf("sluice.Event", 1)),
  ];
  expect(words).toEqual([
    expect.stringContaining("SLUICE_REGISTRY_USER"),
    expect.stringContaining("SLUICE_REGISTRY_TLS_CA"),
  ]);
});

it("ClickHouse is asked over TLS as a user with a password; what it refuses names the setting", async () => {
  const { username, password } = cluster.clickhouseLogin;
  const config = {
    ...{ clickhouseUrl: await front(cluster.clickhouseUrl, { clients: authority }), clickhouseDatabase: "default" },
    ...{ clickhouseUser: username, clickhousePassword: new Secret(password) },
    ...{ clickhouseTlsCa: authority.cert, clickhouseTlsCert: ours.cert, clickhouseTlsKey: ours.key },
  };
  const ask = async (more: Partial<typeof config>) => {
    const reader = ClickhouseReader.of({ ...config, ...more });
    return await reader
      .lookUp((rows) => rows<{ n: number }>("SELECT toUInt8(1) AS n", {}))
      .finally(() => reader.close());
  };
  expect(await ask({})).toEqual([{ n: 1 }]);
  const expired = await front(cluster.clickhouseUrl, { own: authority.sign("expired", -1) });
  const words = [
    await failure(ask({ clickhousePassword: new Secret("wrong") })),
    await failure(ask({ clickhouseTlsCa: stranger.cert })),
    await failure(ask({ clickhouseUrl: expired })),
  ];
  expect(words).toEqual([
    expect.stringContaining("SLUICE_CLICKHOUSE_USER"),
    expect.stringContaining("SLUICE_CLICKHOUSE_TLS_CA"),
    expect.stringContaining("has expired"),
  ]);
  const options = { table: "system.one", columns: ["dummy"], connections: 1, timeoutMs: 5_000 };
  const inserter = new BlockInserter({ ...config, clickhousePassword: new Secret("wrong") }, options);
  expect(await failure(inserter.check("system.one"))).toContain("SLUICE_CLICKHOUSE_USER");
  await inserter.close();
});
