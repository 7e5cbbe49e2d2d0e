import { SluiceError } from "../../platform/errors/sluice-error.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { countBrokers, ensureTopics } from "../../platform/kafka/topics.ts";
import { senderGroup } from "../../schemas/groups.ts";
import { DISPATCH_QUEUES, dispatchTopic, statusTopic, topicSpecs } from "../../schemas/topics.ts";

/** A provider as far as its topics go. */
interface Spread {
  readonly id: string;
  readonly partitions: number;
}

export interface TopicOptions {
  /** Of the message topics. */
  readonly partitions: number;
  /** Copies of new topics; 0: three, or as many as there are brokers. */
  readonly topicReplication: number;
  /** How long they keep messages, ms. */
  readonly topicRetention: number;
}

/** What of a catalog has topics of its own. */
export interface TopicOwners {
  readonly providers: readonly Spread[];
  /** Accounts that have a status topic. */
  readonly statusAccounts: readonly string[];
}

/** Creates the topics that providers and accounts lack. @returns their names. @throws SluiceError `PARTITIONS_DIFFER` */
export async function createCatalogTopics(
  connection: KafkaConnection,
  { providers, statusAccounts }: TopicOwners,
  { partitions, topicReplication, topicRetention }: TopicOptions,
): Promise<readonly string[]> {
  const own = new Set([...providers.flatMap(({ id }) => topicsOf(id)), ...statusAccounts.map(statusTopic)]);
  const plan = { partitions, providers, statusAccounts, retentionMs: topicRetention };
  const specs = topicSpecs(plan).filter(({ name }) => own.has(name));
  const replication = topicReplication || Math.min(3, await countBrokers(connection));
  const { created, mismatched } = await ensureTopics(connection, specs, replication, replication >= 3 ? 2 : 1);
  const [wrong] = mismatched;
  if (wrong === undefined) return created;
  if (statusAccounts.some((account) => statusTopic(account) === wrong.name))
    throw new SluiceError(
      `${wrong.name} has ${wrong.partitions} partitions, and message topics have ${wrong.wanted}: delete it, and apply the catalog again`,
      { code: "PARTITIONS_DIFFER" },
    );
  throw new SluiceError(
    `${wrong.name} has ${wrong.partitions} partitions, and the provider's partitions say ${wrong.wanted}: messages of one number would stand in two queues. Keep ${wrong.partitions}, or add the provider under another id`,
    { code: "PARTITIONS_DIFFER" },
  );
}

/** Messages in a provider's dispatch topics that its sender has not finished; 0 where there are no such topics. */
export async function waitingMessages(reader: TopicReader, id: string): Promise<number> {
  const present = new Set(await reader.topics());
  let waiting = 0;
  for (const topic of topicsOf(id)) {
    if (!present.has(topic)) continue;
    const marks = await reader.watermarks(topic);
    const committed = await reader.committed(senderGroup(id), topic);
    for (const [partition, { low, high }] of marks.entries())
      waiting += Math.max(0, high - Math.max(low, committed[partition] ?? -1));
  }
  return waiting;
}

/** Providers that have dispatch topics. */
export async function providersWithTopics(reader: TopicReader): Promise<string[]> {
  const found = (await reader.topics()).flatMap((name) => /^sms\.dispatch\.([a-z0-9_-]+)\./.exec(name)?.[1] ?? []);
  return [...new Set(found)];
}

function topicsOf(id: string): string[] {
  return DISPATCH_QUEUES.map(({ lane, overflow }) => dispatchTopic(id, lane, overflow));
}
