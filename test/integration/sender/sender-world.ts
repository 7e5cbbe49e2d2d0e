import { randomUUID } from "node:crypto";
import type { HttpProvider, Provider, SmppProvider } from "../../../domain/catalog/provider.ts";
import { providerSchema } from "../../../domain/catalog/provider.ts";
import type { Lane } from "../../../domain/message/lane.ts";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";
import { SmscSimulator } from "../../../infra/simulators/smsc/smsc.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { SchemaRegistryClient } from "../../../platform/codec/schema-registry.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { LogEnds } from "../../../platform/kafka/log-ends.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText, type InRecord, type OutRecord } from "../../../platform/kafka/record.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { ensureTopics } from "../../../platform/kafka/topics.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Dispatch, Event, Health, Receipt, Retry } from "../../../schemas/generated/types.ts";
import {
  DOUBT_TOPIC,
  dispatchTopic,
  EVENTS_TOPIC,
  HEALTH_TOPIC,
  RECEIPTS_TOPIC,
  retryTopic,
  topicSpecs,
} from "../../../schemas/topics.ts";
import { OutcomeLog } from "../../../services/sender/outcome-log.ts";
import { ProviderRuntime } from "../../../services/sender/provider-runtime.ts";
import { connectionTo, readAll, recordingLog, until } from "../platform/kafka-runtime.ts";

/** Partitions of the message topics. */
export const P = 6;
/** Share of a rate by which a busy machine moves segments into another second before the simulator reads them. */
export const JITTER = 0.3;

/** One installation's topics, schemas and a plain writer of dispatches, for sender tests. */
export class SenderWorld {
  readonly log = recordingLog();
  readonly connection: KafkaConnection;
  readonly producer: RecordProducer;
  private readonly registryUrl: string;
  codecs!: SluiceCodecs;
  private readonly stops: (() => Promise<unknown>)[] = [];

  constructor(cluster: { brokers: readonly string[]; registryUrl: string }) {
    this.connection = connectionTo(cluster.brokers, this.log);
    this.registryUrl = cluster.registryUrl;
    this.producer = new RecordProducer({ connection: this.connection });
  }

  async start(): Promise<void> {
    await registerSchemas(new SchemaRegistryClient(this.registryUrl));
    this.codecs = await connectCodecs(this.registryUrl);
    await this.producer.connect();
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.reverse()) await stop();
    await this.producer.close();
  }

  /** An SMSC on free ports, and the provider that reaches it; its dispatch topics exist. */
  async smsc(
    behaviour: object,
    shared: Partial<Pick<Provider, "rate" | "window" | "partitions" | "inDoubt" | "circuit">> = {},
    smpp: Partial<SmppProvider["smpp"]> = {},
  ): Promise<{ smsc: SmscSimulator; provider: SmppProvider }> {
    const smsc = new SmscSimulator(smscSettingsSchema.parse({ port: 0, controlPort: 0, behaviour }));
    await smsc.start();
    this.stops.push(() => smsc.stop());
    const provider = await this.provider({
      kind: "smpp",
      rate: 5_000,
      ...shared,
      smpp: {
        host: "127.0.0.1",
        port: smsc.ports.smpp,
        systemId: "sluice",
        password: "secret",
        idFormat: "hex",
        receiptIdFormat: "hex",
        clientReferenceTlv: 0x1500,
        ...smpp,
      },
    });
    return { smsc, provider: provider as SmppProvider };
  }

  /** A provider of its own name, with its topics. */
  async provider(input: object): Promise<SmppProvider | HttpProvider> {
    const provider = providerSchema.parse({
      id: `p-${randomUUID().slice(0, 8).replace(/^\d/, "x")}`,
      prices: [],
      currency: "EUR",
      ...input,
    });
    const specs = topicSpecs({ partitions: P, providers: [provider] });
    await ensureTopics(this.connection, specs, -1, 1);
    return provider;
  }

  /** One sender process's part for the provider. */
  async sender(provider: Provider, instance: string = randomUUID().slice(0, 8)): Promise<ProviderRuntime> {
    const connection = { ...this.connection, clientId: `sender-${instance}` };
    const producer = new RecordProducer({ connection, lingerMs: 3 });
    await producer.connect();
    const reader = new TopicReader({ connection, topics: [EVENTS_TOPIC] });
    await reader.start();
    const ends = new LogEnds(reader, EVENTS_TOPIC, this.log);
    await until("the topics' leaders answer", () =>
      ends.start().then(
        () => true,
        () => false,
      ),
    );
    const runtime = new ProviderRuntime(provider, {
      sessionTimeoutMs: 10_000,
      connection,
      producer,
      codecs: this.codecs,
      outcomeLog: new OutcomeLog(reader),
      ends,
      metrics: new MetricRegistry(),
      partitions: P,
      instance,
    });
    await runtime.start();
    this.stops.push(async () => {
      await runtime.stop();
      ends.stop();
      await reader.stop();
      await producer.close();
    });
    return runtime;
  }

  /** Dispatches as the router writes them. `to` by number; ids are given back in order. */
  async dispatch(
    provider: Provider,
    count: number,
    options: { lane?: Lane; to?: (n: number) => string; text?: (n: number) => string; inDoubt?: string } = {},
  ): Promise<Dispatch[]> {
    const {
      lane = "transactional",
      to = (n) => `4917${String(10_000_000 + n)}`,
      text = (n) => `Message ${n}`,
    } = options;
    const now = Date.now();
    const dispatches = Array.from(
      { length: count },
      (_, n): Dispatch => ({
        facts: {
          messageId: randomUUID(),
          accountId: "acme",
          lane,
          to: to(n),
          from: "Sluice",
          country: "DE",
          network: null,
          encoding: "gsm7",
          segments: 1,
          reference: null,
          callbackUrl: null,
          metadata: {},
          acceptedAt: now,
          expiresAt: now + 3_600_000,
          networkSource: null,
          sentAs: null,
          segmentsSaved: 0,
          receiptTo: null,
        },
        text: text(n),
        attempt: 1,
        provider: provider.id,
        route: "test",
        price: 7_500,
        currency: "EUR",
        tried: [],
        inDoubt: options.inDoubt ?? null,
        spendLeft: null,
        spendCurrency: null,
        charge: null,
        onDelivery: false,
        tariff: null,
      }),
    );
    const records: OutRecord[] = dispatches.map((dispatch) => ({
      topic: dispatchTopic(provider.id, lane),
      partition: partitionFor(dispatch.facts.to, provider.partitions),
      key: dispatch.facts.to,
      value: this.codecs.dispatch.encode(dispatch),
    }));
    await this.producer.send(records);
    return dispatches;
  }

  /** Events of these dispatches, in the order of the log. */
  async events(of: readonly Dispatch[]): Promise<{ id: string; event: Event }[]> {
    const wanted = new Set(of.map(({ facts }) => facts.messageId));
    const found = await this.decoded(EVENTS_TOPIC, (value) => this.codecs.event.decode(value));
    return found
      .filter(({ value }) => wanted.has(value.facts.messageId))
      .map(({ id, value }) => ({ id, event: value }));
  }

  /** Those to be routed again, and the copies that wait for the correlator. */
  async retries(of: readonly Dispatch[]): Promise<{ id: string; retry: Retry }[]> {
    const wanted = new Set(of.map(({ facts }) => facts.messageId));
    const decode = (value: Buffer) => this.codecs.retry.decode(value);
    const found = [...(await this.decoded(retryTopic("0s"), decode)), ...(await this.decoded(DOUBT_TOPIC, decode))];
    return found
      .filter(({ value }) => wanted.has(value.facts.messageId))
      .map(({ id, value }) => ({ id, retry: value }));
  }

  async receipts(provider: Provider): Promise<Receipt[]> {
    const found = await this.decoded(RECEIPTS_TOPIC, (value) => this.codecs.receipt.decode(value));
    return found.map(({ value }) => value).filter((receipt) => receipt.provider === provider.id);
  }

  /** What the provider's senders said, oldest first. */
  async health(provider: Provider): Promise<Health[]> {
    const found = await this.decoded(HEALTH_TOPIC, (value) => this.codecs.health.decode(value));
    return found.map(({ value }) => value).filter((health) => health.provider === provider.id);
  }

  /** Waits until every one of the dispatches has an outcome of its own in the log; gives them by message id. */
  async outcomes(of: readonly Dispatch[], ms = 60_000): Promise<Map<string, Event[]>> {
    let outcomes = new Map<string, Event[]>();
    await until(
      `${of.length} dispatches have outcomes`,
      async () => {
        outcomes = new Map();
        for (const { event } of await this.events(of)) {
          const list = outcomes.get(event.facts.messageId) ?? [];
          list.push(event);
          outcomes.set(event.facts.messageId, list);
        }
        return outcomes.size >= of.length;
      },
      ms,
    );
    return outcomes;
  }

  private async decoded<T>(
    topic: string,
    decode: (value: Buffer) => { ok: true; value: T } | { ok: false; detail: string },
  ): Promise<{ id: string; value: T; record: InRecord }[]> {
    return (await readAll(this.connection, topic)).flatMap((record) => {
      // Written for its append time alone (platform/kafka/broker-clock-probe.ts).
      if (record.value === null) return [];
      const decoded = decode(record.value);
      return decoded.ok ? [{ id: headerText(record, "id") ?? "", value: decoded.value, record }] : [];
    });
  }
}

/** What a simulator received, by message. */
export function ledgerOf(smsc: SmscSimulator): Map<string, { received: number; accepted: number; parts: number }> {
  const found = new Map<string, { received: number; accepted: number; parts: number }>();
  for (const { reference, parts } of smsc.ledger.entries())
    found.set(reference, {
      received: Math.max(...parts.map((part) => part.received)),
      accepted: Math.max(...parts.map((part) => part.accepted)),
      parts: parts.length,
    });
  return found;
}

export interface SmscStats {
  readonly submits: { received: number; accepted: number; throttled: number; whileSilent: number };
  readonly receipts: { planned: number; unacknowledged: number };
  readonly peakSegmentsPerSecond: number;
  readonly binds: readonly unknown[];
}

export function statsOf(smsc: SmscSimulator): SmscStats {
  return smsc.stats() as SmscStats;
}

/** Times (monotonic, ms) at which segments leave this sender from now on: what its rate is held to. */
export function recordSends({ sender: { rate } }: ProviderRuntime): number[] {
  const times: number[] = [];
  const take = rate.take.bind(rate);
  rate.take = (segments, now) => {
    for (let i = 0; i < segments; i++) times.push(now);
    take(segments, now);
  };
  return times;
}

/** The most in any window of one second. */
export function peakPerSecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let tail = 0;
  let most = 0;
  for (const [n, at] of sorted.entries()) {
    while (sorted[tail]! <= at - 1_000) tail++;
    most = Math.max(most, n + 1 - tail);
  }
  return most;
}
