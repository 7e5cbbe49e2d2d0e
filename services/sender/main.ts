/** sender: sms.dispatch.<provider>.* -> the provider -> sms.events, sms.receipts, sms.retry.0s, sms.doubt. */

import type { Provider } from "../../domain/catalog/provider.ts";
import { rivalsOf } from "../../domain/catalog/rivals.ts";
import { revealFor } from "../../domain/catalog/secret-references.ts";
import { type Snapshot, type SnapshotSource, snapshotOf } from "../../domain/catalog/snapshot.ts";
import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { openCatalog } from "../../pipeline/boot/open-catalog.ts";
import { openConsent } from "../../pipeline/boot/open-consent.ts";
import { readCatalog } from "../../pipeline/boot/read-catalog.ts";
import { revealSecret } from "../../pipeline/boot/reveal-secret.ts";
import { startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { ConsentGuard } from "../../pipeline/follow/consent-guard.ts";
import { followHealth } from "../../pipeline/follow/follow-health.ts";
import { keepTrying } from "../../pipeline/follow/keep-trying.ts";
import { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import { ReadMark } from "../../pipeline/follow/read-mark.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { LogEnds } from "../../platform/kafka/log-ends.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import { runService } from "../../platform/lifecycle/run-service.ts";
import { observeDisk } from "../../platform/telemetry/disk-space.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { CONTROL_TOPIC, EVENTS_TOPIC, HEALTH_TOPIC } from "../../schemas/topics.ts";
import { LastLook } from "./last-look.ts";
import { LiveProviders } from "./live-providers.ts";
import { OutcomeLog } from "./outcome-log.ts";
import { ProviderRuntime } from "./provider-runtime.ts";
import { observeSenders } from "./sender-metrics.ts";
import { senderSettings } from "./sender-settings.ts";
import { VolumeLog } from "./volume-log.ts";

const config = loadConfig("sender", senderSettings, {
  purpose: "Submits messages to providers at exactly their rates, and takes their receipts.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    const catalog = readCatalog(given, revealFor(["providers"], revealSecret));
    checkChosen(snapshotOf(catalog), given.providers);
    return catalog.warnings;
  },
});

await runService({
  name: "sender",
  config,
  start: async (scope) => {
    const pipeline = await startPipeline(scope, "sender", config, { lingerMs: 3 });
    const { connection, codecs, producer } = pipeline;
    observeKafka(scope, { producer });

    const consentCopy = await openConsent(scope, pipeline, { service: "sender", config });
    const reader = await startReader(scope, pipeline, [EVENTS_TOPIC, HEALTH_TOPIC, CONTROL_TOPIC]);
    const catalog = await openCatalog(scope, pipeline, { service: "sender", config, reader, secrets: ["providers"] });
    checkChosen(catalog.current, config.providers);
    const ends = new LogEnds(reader, EVENTS_TOPIC, scope.log);
    // Topics that were created a moment ago may have no leader yet.
    await scope.waitFor("event log", () => ends.start());
    await scope.add("log ends", { start: () => ends, stop: () => ends.stop() });

    const providerOf = (id: string) => catalog.current.known.get(id);
    const health = new ProviderHealth((id) => providerOf(id)?.rate);
    const mark = new ReadMark();
    const followed = {
      reader,
      mark,
      schemas: codecs,
      codec: codecs.health,
      health,
      partitionsOf: (id: string) => providerOf(id)?.partitions,
      log: scope.log,
    };
    // Not waited for: one that has not been heard of counts as usable.
    void keepTrying(
      () => followHealth(followed),
      (err) =>
        scope.log
          .every("health-unread", 30_000)
          .warn({ err }, "sms.health cannot be read; what a dark provider has goes back, and volumes are counted anew"),
    );
    const goesElsewhere = (provider: Provider) => health.anyUsable(rivalsNow(provider, catalog), performance.now());

    const { metrics } = scope;
    const { instance, partitions, kafkaSessionTimeout: sessionTimeoutMs, senderJournalDir: journalDir } = config;
    if (journalDir === undefined)
      scope.log.info("SLUICE_SENDER_JOURNAL_DIR is not set: after a sudden end all that was under way is in doubt");
    const outcomeLog = new OutcomeLog(reader);
    const volumes = new VolumeLog({ reader, health, mark, codec: codecs.event, log: scope.log });
    const kafka = { connection, producer, codecs, outcomeLog, ends, volumes, health, sessionTimeoutMs };
    const consent = { caughtUpFor: consentCopy.caughtUpFor.bind(consentCopy) };
    const look = new LastLook({
      consent: new ConsentGuard({ copy: consentCopy, catalog }),
      catalog,
      now: pipeline.now,
    });
    const shared = {
      ...kafka,
      consent,
      look,
      metrics,
      traces: pipeline.traces,
      partitions,
      instance,
      journalDir,
      goesElsewhere,
    };
    const providers = new LiveProviders({
      scope,
      make: (provider, retired) => new ProviderRuntime(provider, shared, retired),
      only: config.providers,
      observe: ({ provider: { id }, sender, group }) => {
        const unobserve = observeKafka(scope, { group, name: id, now: pipeline.now });
        // A provider that is down is what Sluice is for: it is told of, and keeps the others from nothing.
        const removeNote = scope.readiness.note(`link ${id}`, () => sender.trouble);
        return () => {
          unobserve();
          removeNote();
        };
      },
    });
    if (journalDir !== undefined) observeDisk(metrics, { journal: journalDir });
    observeSenders(metrics, () => providers.parts.map(({ gauges }) => gauges));
    await scope.add("providers", { start: () => providers, stop: () => providers.stop() });
    await providers.change(catalog.current);
    catalog.onChange((snapshot) => void providers.change(snapshot));
  },
});

const rivals = new WeakMap<Snapshot, Map<string, string[]>>();

/** The providers that could have a message of this one, as the catalog is now. */
function rivalsNow(provider: Provider, { current }: SnapshotSource): readonly string[] {
  let known = rivals.get(current);
  if (known === undefined) {
    known = new Map();
    rivals.set(current, known);
  }
  let found = known.get(provider.id);
  if (found === undefined) {
    found = rivalsOf(provider, current.catalog);
    known.set(provider.id, found);
  }
  return found;
}

/** @throws SluiceError `PROVIDER_UNKNOWN` */
function checkChosen({ known }: Snapshot, ids: readonly string[] | undefined): void {
  for (const id of ids ?? []) {
    if (known.has(id)) continue;
    const names = [...known.keys()].join(", ");
    throw new SluiceError(`SLUICE_PROVIDERS names ${id}, which is not in the catalog; it has: ${names}`, {
      code: "PROVIDER_UNKNOWN",
    });
  }
}
