import { setTimeout as pause } from "node:timers/promises";
import type { DeliveryView } from "../../../domain/routing/delivery-view.ts";
import type { ExplainedHealth } from "../../../domain/routing/explain.ts";
import type { KnownRecipient } from "../../../domain/routing/explain-holds.ts";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";
import { readCatalogLog } from "../../../pipeline/control/catalog-topic.ts";
import { followDelivery } from "../../../pipeline/explain/follow-delivery.ts";
import { ROUTING_TOPICS } from "../../../pipeline/explain/routing-view.ts";
import { followHealth } from "../../../pipeline/follow/follow-health.ts";
import { readNumberNetwork } from "../../../pipeline/follow/follow-networks.ts";
import { ProviderHealth } from "../../../pipeline/follow/provider-health.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { readDecoded } from "../../../pipeline/records/read-decoded.ts";
import type { RegistryConfig } from "../../../platform/codec/registry-settings.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../platform/log/log.ts";
import type { Health, Lane } from "../../../schemas/generated/types.ts";
import { CONSENT_TOPIC, CONTROL_TOPIC, FREQUENCY_TOPIC, NETWORKS_TOPIC } from "../../../schemas/topics.ts";
import { readRecipient } from "./known-recipient.ts";

/** What the services work with at this moment. */
export interface LiveState {
  /** The catalog that was applied last. */
  readonly version: AppliedVersion | undefined;
  /** The newest word of each sender. */
  readonly words: readonly Health[];
  /** What receipts and applications say of the providers. */
  readonly delivery: Pick<DeliveryView, "of" | "converts">;
  /** The network that a receipt named for the number that is asked about, and when, epoch ms; `unread`: what receipts say of it could not be read in time. */
  readonly learned: { readonly mccMnc: string; readonly at: number } | undefined | "unread";
  /** What the number's owner has said to an account, and had of it; undefined: that could not be read in time. */
  readonly recipient: ((account: string | undefined) => KnownRecipient) | undefined;
}

/** What is read. */
export interface LiveLogs {
  readonly reader: TopicReader;
  readonly codecs: SluiceCodecs;
  /** Of the message topics. */
  readonly partitions: number;
}

/** Kafka and the registry must have answered by then, ms. */
const ANSWER_MS = 3_000;
/** And have given what they know by then, ms: brokers let a new reader wait some seconds for others of its group. */
const READ_MS = 15_000;
/** Clocks that differ by more are not read as clocks, ms. */
const CLOCKS_MS = 60_000;
const FOLLOWED = [CONTROL_TOPIC, ...ROUTING_TOPICS];
/** And what may be long, or without a leader, of which a partition is read: without it the rest is answered. */
const RECIPIENT_MS = 10_000;

/** Reads sms.control, sms.health, sms.quality and sms.conversion-counts once, and of sms.networks, sms.consent and sms.frequency what concerns `number`. `partitions`: of the message topics. @throws SluiceError `UNAVAILABLE` when Kafka or the registry does not answer in time, or their own errors */
export async function readLiveState(
  connection: KafkaConnection,
  registry: string | RegistryConfig,
  partitions: number,
  number: string,
): Promise<LiveState> {
  const reader = new TopicReader({ connection, topics: [...FOLLOWED, CONSENT_TOPIC, FREQUENCY_TOPIC] });
  const started = reader.start();
  try {
    const answers = Promise.all([connectCodecs(registry), started]);
    const [codecs] = await within(answers, ANSWER_MS, "Kafka and the schema registry did not answer");
    return await liveStateOf({ reader, codecs, partitions }, number);
  } finally {
    // One that comes up late must go again, too, or the process would not end.
    void started.then(() => reader.stop()).catch(() => {});
  }
}

/** `readLiveState`, of a reader that has begun. */
export async function liveStateOf({ reader, codecs, partitions }: LiveLogs, number: string): Promise<LiveState> {
  const words = new Map<string, Health>();
  const followed = followHealth({
    reader,
    schemas: codecs,
    codec: codecs.health,
    health: { take: (word) => void words.set(`${word.provider}/${word.partition}`, word) },
    // Whatever the catalog says: those that it does not have are not asked for.
    partitionsOf: () => Number.POSITIVE_INFINITY,
    log: silentLog,
  });
  const told = followDelivery({ reader, codecs, partitions, log: silentLog });
  const read = Promise.all([readCatalogLog(reader, codecs), followed, told.receipts, told.conversions]);
  const recipient = within(
    readRecipient(number, { reader, codecs, partitions }),
    RECIPIENT_MS,
    "What the recipient has said and had could not be read",
  ).catch(() => undefined);
  const learned = within(
    learnedOf(number, { reader, codecs, partitions }),
    RECIPIENT_MS,
    "What receipts say of the number's network could not be read",
  ).catch(() => "unread" as const);
  const [{ current }] = await within(read, READ_MS, `${FOLLOWED.join(", ")} could not be read`);
  told.refresh(Date.now());
  return {
    ...{ version: current, words: [...words.values()], delivery: told },
    ...{ learned: await learned, recipient: await recipient },
  };
}

/** The last that receipts have said of a number's network. */
async function learnedOf(number: string, { reader, codecs, partitions }: LiveLogs): Promise<LiveState["learned"]> {
  const partition = partitionFor(number, partitions);
  const { high } = (await reader.watermarks(NETWORKS_TOPIC))[partition] ?? { high: 0 };
  let learned: LiveState["learned"];
  await readDecoded(
    { topic: NETWORKS_TOPIC, partition, from: 0, to: high },
    {
      ...{ reader, codec: codecs.numberNetwork, absent: new Set() },
      loadSchema: (id) => codecs.loadSchema(id),
      meant: ({ key }) => key?.toString() === number,
      take: (_, record) => {
        const known = readNumberNetwork(record, codecs.numberNetwork);
        if (known !== undefined) learned = { mccMnc: known.network, at: record.timestamp };
      },
      unreadable: ({ value }) => {
        if (value === null) learned = undefined;
      },
    },
  );
  return learned;
}

/** What the words say at `now`, epoch ms: old ones are of senders that are gone. Undefined for a provider that was never heard of. */
export function healthOf(
  words: readonly Health[],
  rateOf: (provider: string) => number | undefined,
  now: number,
): (provider: string, lane: Lane) => ExplainedHealth | undefined {
  const board = new ProviderHealth(rateOf);
  const newest = words.reduce((latest, { at }) => Math.max(latest, at), 0);
  // Senders speak every second: where the newest word is nearly of now, the difference is one of clocks.
  const reference = Math.abs(now - newest) < CLOCKS_MS ? newest : now;
  for (const word of words) board.take(word, word.at - reference);
  return (provider, lane) => board.explained(provider, lane, 0);
}

async function within<T>(promise: Promise<T>, ms: number, otherwise: string): Promise<T> {
  const patience = new AbortController();
  const late = pause(ms, undefined, { signal: patience.signal }).then(() => {
    throw new SluiceError(`${otherwise} within ${ms / 1_000} s`, { code: "UNAVAILABLE", class: "transient" });
  });
  // Whichever loses must not be an error that nobody takes.
  for (const one of [promise, late]) one.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    patience.abort();
  }
}
