import { z } from "zod";
import { duration } from "../../platform/config/settings.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import type { PartitionStore } from "../../platform/store/partition-store.ts";
import { CONSENT_TOPIC } from "../../schemas/topics.ts";
import { CONSENT_TABLES, ConsentCopy } from "../follow/consent-copy.ts";
import { openStore, storeSettings } from "./open-store.ts";
import { startCopy } from "./start-copy.ts";
import type { Pipeline } from "./start-pipeline.ts";

/** The settings of services that keep a copy of sms.consent. */
export const consentSettings = {
  ...storeSettings,
  consentStale: duration({ min: 2_000, max: 600_000 })
    .default(10_000)
    .describe(
      "A partition of the copy of sms.consent that has not been seen at its log's end for so long is not gone by: senders submit nothing to its recipients until it has",
    ),
};
const shape = z.object(consentSettings);

export interface ConsentConfig extends z.output<typeof shape> {
  readonly kafkaBrokers: readonly string[];
  readonly partitions: number;
}

export interface OpenConsentOptions {
  readonly service: string;
  readonly config: ConsentConfig;
  /** The process's store, with the table of consent among its own; without it one is opened. */
  readonly store?: PartitionStore;
}

const CACHE_OCTETS = 16 << 20;
/** How often it is looked whether the copy has grown too old, ms. */
const LOOK_EVERY_MS = 1_000;

/** Opens this process's copy of sms.consent and lets it follow; it may have come to the log's end or not. */
export async function openConsent(
  scope: Scope,
  pipeline: Pipeline,
  { service, config, store: given }: OpenConsentOptions,
): Promise<ConsentCopy> {
  const { codecs, now } = pipeline;
  const store =
    given ?? (await openStore(scope, { service, config, tables: CONSENT_TABLES, cacheOctets: CACHE_OCTETS }));
  const unreadable = scope.metrics
    .counter("consent_unreadable_total", { help: "Records of sms.consent that cannot be understood" })
    .with();
  const copy = await startCopy(
    scope,
    pipeline,
    { topic: CONSENT_TOPIC, name: "consent" },
    (source) =>
      new ConsentCopy({
        store,
        source,
        codec: codecs.consent,
        partitions: config.partitions,
        staleMs: config.consentStale,
        now,
        onFault: (error) => scope.fail(error),
        onUnreadable: () => unreadable.add(),
        log: scope.log,
      }),
  );
  await observeConsent(scope, copy, config.consentStale);
  return copy;
}

/** Shows how old the copy is, and says so in the log and beside the readiness checks when it is too old to be gone by, for all recipients or for some. */
export async function observeConsent(
  scope: Pick<Scope, "add" | "log" | "metrics" | "readiness">,
  copy: Pick<ConsentCopy, "ageMs" | "oldPartitions" | "leaderless">,
  staleMs: number,
): Promise<void> {
  const openedAt = performance.now();
  // A new owner that does not trust a partition leaves its age unknown: the time goes on from the last moment that was known.
  let completeAt: number | undefined;
  const ageOf = (ageMs: number | undefined) => {
    const now = performance.now();
    if (ageMs !== undefined) completeAt = now - ageMs;
    return now - (completeAt ?? openedAt);
  };
  scope.metrics.observe(
    "consent_copy_age_seconds",
    "gauge",
    "Time since the copy of sms.consent was known to be complete, or since it was opened if it never was, in seconds",
    () => ageOf(copy.ageMs) / 1_000,
  );
  scope.metrics.observe(
    "consent_copy_old_partitions",
    "gauge",
    "Partitions of sms.consent whose copy is too old to be gone by: nothing is submitted to their recipients",
    () => copy.oldPartitions.length,
  );
  scope.readiness.note("copy of sms.consent", () => {
    const { oldPartitions, leaderless } = copy;
    if (oldPartitions.length === 0) return undefined;
    const why = leaderless.length === 0 ? "" : `; waiting for kafka: no leader of ${leaderless.join(", ")}`;
    return `too old to go by for recipients of partitions ${oldPartitions.join(", ")}${why}`;
  });
  let told = "";
  const look = () => {
    const { ageMs, oldPartitions: partitions, leaderless } = copy;
    const age = ageOf(ageMs);
    // At first it is read in, and has not been complete yet.
    if (partitions.length > 0 && told === "" && completeAt === undefined && leaderless.length === 0) return;
    const now = partitions.join();
    if (now === told) return;
    told = now;
    if (partitions.length > 0)
      scope.log.warn(
        { ageMs: Math.round(age), staleMs, partitions, leaderless },
        "The copy of sms.consent is too old: nothing is submitted to the recipients of these partitions",
      );
    else scope.log.info({}, "The copy of sms.consent is complete again");
  };
  await scope.add("watch of the copy of sms.consent", {
    start: () => setInterval(look, LOOK_EVERY_MS).unref(),
    stop: (timer) => clearInterval(timer),
  });
}
