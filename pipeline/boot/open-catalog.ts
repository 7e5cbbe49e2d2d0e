import type { LoadedCatalog } from "../../domain/catalog/load-catalog.ts";
import { type Reveal, revealFor, type SecretOwner } from "../../domain/catalog/secret-references.ts";
import { snapshotOf } from "../../domain/catalog/snapshot.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import { CONTROL_TOPIC } from "../../schemas/topics.ts";
import { record } from "../control/catalog-version.ts";
import { LiveCatalog } from "../follow/live-catalog.ts";
import { type CatalogConfig, readCatalog } from "./read-catalog.ts";
import { revealSecret } from "./reveal-secret.ts";
import type { Pipeline } from "./start-pipeline.ts";

export interface OpenCatalogOptions {
  readonly service: string;
  readonly config: CatalogConfig & { readonly instance: string };
  /** Of CONTROL_TOPIC, among others. */
  readonly reader: Pick<TopicReader, "follow">;
  /** Whose secrets this service needs. */
  readonly secrets: readonly SecretOwner[];
  /** What its files hold, until a version has been applied. Default: all of the folder. */
  readonly files?: () => LoadedCatalog;
}

/** An instance that has said nothing for longer than a few of these is gone, ms. */
const SAY_EVERY_MS = 20_000;
const SECRETS_EVERY_MS = 5_000;

/** The catalog, kept up to date until the service stops. What is doubtful in its files goes to the log. @throws CatalogError */
export async function openCatalog(
  scope: Scope,
  { codecs, producer, now }: Pipeline,
  { service, config, reader, secrets, files = () => readCatalog(config, revealOf(secrets)) }: OpenCatalogOptions,
): Promise<LiveCatalog> {
  const reveal = revealOf(secrets);
  const id = `${service}/${config.instance}`;
  const key = `instance/${id}`;
  const say = (): void => {
    const { version } = catalog.current;
    const body = JSON.stringify({ trouble: catalog.trouble ?? null, prepared: catalog.prepared ?? null });
    const word = record(codecs.control, key, { kind: "instance", id, version, body, at: now(), place: 0 });
    producer.send([word]).catch(() => {});
  };
  const catalog = new LiveCatalog({ codecs, partitions: config.partitions, reveal, log: scope.log, onWord: say });
  const follow = () => reader.follow(CONTROL_TOPIC, (one) => void catalog.accept(one));
  await scope.waitFor("catalog", follow, { attemptMs: 60_000 });
  await catalog.begin(() => {
    const loaded = files();
    for (const warning of loaded.warnings) scope.log.warn({ warning }, "the catalog holds what is probably not meant");
    return snapshotOf(loaded);
  });
  scope.readiness.note("catalog", () => catalog.trouble);
  scope.metrics.observe(
    "catalog_version",
    "gauge",
    "Version of the catalog at work; 0: that of the files, none has been applied",
    () => catalog.current.version,
  );
  scope.metrics.observe(
    "catalog_not_taken_over",
    "gauge",
    "1 while the newest version of the catalog cannot be taken over",
    () => (catalog.trouble === undefined ? 0 : 1),
  );
  const timers = [setInterval(say, SAY_EVERY_MS)];
  if (secrets.length > 0) timers.push(setInterval(() => void catalog.refreshSecrets(), SECRETS_EVERY_MS));
  await scope.add("catalog", {
    start: () => catalog,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await producer.send([{ topic: CONTROL_TOPIC, partition: 0, key, value: null }]).catch(() => {});
    },
  });
  return catalog;
}

function revealOf(secrets: OpenCatalogOptions["secrets"]): Reveal {
  return revealFor(secrets, revealSecret);
}
