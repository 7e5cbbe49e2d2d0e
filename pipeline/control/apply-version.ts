import { SluiceError } from "../../platform/errors/sluice-error.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { AppliedVersion } from "./catalog-log.ts";
import type { CatalogTopic } from "./catalog-topic.ts";
import type { CatalogSource, VersionFacts } from "./catalog-version.ts";
import { nextSource } from "./next-source.ts";
import { createCatalogTopics, providersWithTopics, type TopicOptions, waitingMessages } from "./provider-topics.ts";

/** What follows the version at work when files are applied. @throws SluiceError `MESSAGES_LEFT` */
export async function followingSource(
  reader: TopicReader,
  files: CatalogSource,
  current: AppliedVersion | undefined,
): Promise<CatalogSource> {
  const known = new Set(
    [files, current?.source ?? {}].flatMap((source) => [...idsOf(source.providers), ...idsOf(source.retired)]),
  );
  const waiting = new Map<string, number>();
  for (const id of await providersWithTopics(reader)) {
    const count = await waitingMessages(reader, id);
    waiting.set(id, count);
    if (count === 0 || known.has(id)) continue;
    throw new SluiceError(
      `provider ${id} has ${count} messages in its topics, and nobody would take them: apply a catalog with ${id} in it first, and remove it then`,
      { code: "MESSAGES_LEFT" },
    );
  }
  return nextSource(files, current?.source, (id) => ({ waiting: waiting.get(id) ?? 0 }), Date.now());
}

/** What the files of a version held: without the providers that were removed before it. */
export function filesOf({ source }: Pick<AppliedVersion, "source">): CatalogSource {
  const { retired: _, retiredSince: __, ...files } = source;
  return files;
}

/** What the history says of a version, and which one it was made of. */
export interface Made extends Pick<VersionFacts, "by" | "note" | "restored"> {
  /** The version that the source follows and that the difference was shown to; 0: none. */
  readonly parent: number;
}

/** A version that was published, and the topics that its providers and accounts lacked. */
export interface Published {
  readonly version: number;
  readonly created: readonly string[];
}

/**
 * Publishes what follows: the topics that its providers and accounts lack first, then the version.
 * @throws SluiceError `CATALOG_CHANGED` when `parent` is not the version at work any more; `PARTITIONS_DIFFER`
 */
export async function applyVersion(
  topic: CatalogTopic,
  source: CatalogSource,
  made: Made,
  options: TopicOptions,
): Promise<Published> {
  const providers = [...entriesOf(source.providers), ...entriesOf(source.retired)].map(({ id, partitions }) => ({
    id: String(id),
    partitions: Number(partitions ?? 1),
  }));
  const statusAccounts = entriesOf(source.accounts).flatMap(({ id, statusTopic }) =>
    statusTopic === true ? [String(id)] : [],
  );
  const created = await createCatalogTopics(topic.connection, { providers, statusAccounts }, options);
  const { version } = await topic.publish(source, { ...made, version: made.parent + 1 });
  return { version, created };
}

function entriesOf(list: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list : [];
}

function idsOf(list: unknown): string[] {
  return entriesOf(list).map(({ id }) => String(id));
}
