/** dlr-collector: provider webhooks -> sms.receipts, sms.inbound; receipts joined with submissions -> sms.events. */

import { idFormatsOf } from "../../domain/catalog/provider.ts";
import type { Snapshot, SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { maskNumber } from "../../domain/numbers/mask-number.ts";
import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { openCatalog } from "../../pipeline/boot/open-catalog.ts";
import { readCatalog } from "../../pipeline/boot/read-catalog.ts";
import { type Pipeline, startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { traceOfMessage } from "../../pipeline/traces/message-trace.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { startHttpServer } from "../../platform/http/http-server.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { runTransform } from "../../platform/kafka/transform.ts";
import { runService, type Scope } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { CORRELATOR_GROUP, OPT_OUT_GROUP, PLACING_GROUP } from "../../schemas/groups.ts";
import {
  CONSENT_TOPIC,
  CONTROL_TOPIC,
  CORRELATION_TOPIC,
  EVENTS_TOPIC,
  INBOUND_TOPIC,
  RECEIPTS_TOPIC,
  ROUTER_INPUTS,
} from "../../schemas/topics.ts";
import { type ChangingCatalog, concludedMetrics } from "./concluded-metrics.ts";
import { optOutMetrics } from "./consent/opt-out-metrics.ts";
import { OptOuts, type OptOutsOptions } from "./consent/opt-outs.ts";
import { tellOfConsent } from "./consent/tell-of-consent.ts";
import { newCounters } from "./correlator/correlation-counters.ts";
import { type CorrelationLimits, DEFAULT_LIMITS, type ProviderTerms } from "./correlator/correlation-terms.ts";
import { CORRELATOR_INPUTS, Correlator, type CorrelatorOptions, STREAM_INPUTS } from "./correlator/correlator.ts";
import { LogFrontier } from "./correlator/log-frontier.ts";
import { rerouteTermsOf } from "./correlator/reroute-terms.ts";
import { dlrCollectorSettings } from "./dlr-collector-settings.ts";
import { observeCorrelators, observePlacing } from "./dlr-metrics.ts";
import { routeInbound } from "./inbound/route-inbound.ts";
import { ClaimsFrontier, PLACING_INPUTS } from "./placing/claims-frontier.ts";
import { type PlacingCounters, ReceiptPlacing, type ReceiptPlacingOptions } from "./placing/receipt-placing.ts";
import { webhookApp } from "./webhooks/webhook-app.ts";

const READ_BACK = [
  ...[CONTROL_TOPIC, EVENTS_TOPIC, RECEIPTS_TOPIC, CORRELATION_TOPIC, CONSENT_TOPIC, INBOUND_TOPIC],
  ...PLACING_INPUTS,
];
/** Single requests are read again, of about 300 bytes each. */
const REQUEST_FETCH_BYTES = 16_384;
/** For times that two processes have taken. */
const CLOCKS_MS = 2_000;
/** Requests at hand get this share of the shutdown deadline. */
const DRAIN_SHARE = 0.3;
/** A callback is a few hundred bytes: whoever takes longer to send one holds a connection on purpose. */
const CALLBACK_TIMEOUT_MS = 10_000;

const config = loadConfig("dlr-collector", dlrCollectorSettings, {
  purpose: "Takes delivery receipts from providers, joins them with submissions, and ends every message exactly once.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    return readCatalog(given).warnings;
  },
});

await runService({ name: "dlr-collector", config, redact: ["authToken", "sharedKeySecret", "secret"], start });

async function start(scope: Scope): Promise<void> {
  const pipeline = await startPipeline(scope, "dlr-collector", config);
  const { codecs, producer } = pipeline;
  const reader = await startReader(scope, pipeline, READ_BACK);
  const catalog = await openCatalog(scope, pipeline, {
    service: "dlr-collector",
    config,
    reader,
    secrets: ["providers", "accounts"],
  });
  const parts = { ...pipeline, reader, catalog };
  await placeReceipts(scope, parts);
  const group = await correlator(scope, parts);
  await optOuts(scope, parts);
  await tellOfConsent(scope, { ...parts, ...config });
  await routeInbound(scope, { ...parts, ...config });
  observeKafka(scope, { producer, group });
  await webhooks(scope, codecs, producer, catalog);
}

interface Parts extends Pipeline {
  readonly reader: TopicReader;
  readonly catalog: ChangingCatalog;
}

/** Finds the number of receipts that came without it, partition by partition of the index of submissions. */
async function placeReceipts(
  scope: Scope,
  { connection, codecs, producer, now, reader, traces }: Parts,
): Promise<void> {
  const counters: PlacingCounters = { placed: 0, unclaimed: 0, undecodable: 0 };
  const live = new Set<ReceiptPlacing>();
  observePlacing(scope.metrics, counters, live);
  const options: ReceiptPlacingOptions = {
    codecs,
    reader,
    partitions: config.partitions,
    known: config.receiptIndex,
    waiting: config.earlyReceipts,
    waitMs: DEFAULT_LIMITS.earlyMs,
    counters,
    log: scope.log,
    now,
    traces,
  };
  const group = new TaskGroup({
    connection,
    groupId: PLACING_GROUP,
    topics: PLACING_INPUTS,
    partitions: config.partitions,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    // Quiet where providers name the destination: asked less often, and answered as soon as something comes.
    maxWaitMs: 500,
    run: async (task) => {
      const one = new ReceiptPlacing(task, options);
      live.add(one);
      try {
        await runTransform(task, one, { producer });
      } finally {
        live.delete(one);
      }
    },
  });
  await scope.add("receipt placing", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (receipt placing)", () => group.start());
  // Deadlines wait for what it has not placed.
  observeKafka(scope, { group, name: "receipt placing", now });
}

/** Writes down what recipients say of their consent. */
async function optOuts(scope: Scope, { connection, codecs, producer, now, catalog }: Parts): Promise<void> {
  const { log, metrics } = scope;
  const { partitions } = config;
  const options: OptOutsOptions = { codecs, partitions, catalog, metrics: optOutMetrics(metrics), log, now };
  const group = new TaskGroup({
    connection,
    groupId: OPT_OUT_GROUP,
    topics: [INBOUND_TOPIC],
    partitions,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    // Quiet most of the time: asked less often, and answered as soon as something comes.
    maxWaitMs: 500,
    run: (task) => runTransform(task, new OptOuts(task, options), { producer }),
  });
  await scope.add("opt-outs", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (opt-outs)", () => group.start());
  observeKafka(scope, { group, name: "opt-outs", now });
}

/** Joins receipts with submissions, partition by partition. */
async function correlator(scope: Scope, parts: Parts): Promise<TaskGroup> {
  const { connection, codecs, producer, now, reader, catalog, traces } = parts;
  const requests = await startReader(scope, parts, ROUTER_INPUTS, {
    name: "request reader",
    fetchBytes: REQUEST_FETCH_BYTES,
  });
  const claims = new ClaimsFrontier(reader, scope.log, now);
  await scope.add("claims frontier", { start: () => claims.start(), stop: () => claims.stop() });
  const frontier = new LogFrontier(reader, STREAM_INPUTS, scope.log, now);
  await scope.add("log frontier", { start: () => frontier.start(), stop: () => frontier.stop() });
  const counters = newCounters();
  const termsNow = perSnapshot(catalog, termsOf);
  const indexAfterNow = perSnapshot(catalog, indexAfter);
  const limits: CorrelationLimits = {
    ...DEFAULT_LIMITS,
    get indexAfterMs() {
      return indexAfterNow();
    },
    keepAfterMs: config.correlationKeepAfter,
    earlyCount: config.earlyReceipts,
  };
  const options: CorrelatorOptions = {
    codecs,
    reader,
    log: scope.log,
    partitions: config.partitions,
    copyWaitMs: config.copyWait,
    ends: (partition) => frontier.sample(partition),
    claims: () => claims.claims,
    now,
    requests,
    traces,
    correlation: {
      terms: (provider) => termsNow()(provider),
      reroute: perSnapshot(catalog, rerouteTermsOf),
      limits,
      counters,
      learns: perSnapshot(catalog, (snapshot) => snapshot.catalog.portability?.learned !== undefined),
      onConcluded: concludedMetrics(scope.metrics, catalog),
      onOrphan: ({ receipt, id }) =>
        scope.log.every("orphan-receipt", 5_000).warn(
          {
            provider: receipt.provider,
            receiptId: `…${id.slice(-4)}`,
            destination: maskNumber(receipt.to),
            ...(receipt.messageId === null ? {} : { trace_id: traceOfMessage(receipt.messageId).traceId }),
          },
          "no submission for a receipt; it is kept in sms.dead-letter as unclaimed-receipt",
        ),
    },
  };
  const live = new Set<Correlator>();
  observeCorrelators(scope.metrics, counters, live);
  const group = new TaskGroup({
    connection,
    groupId: CORRELATOR_GROUP,
    topics: CORRELATOR_INPUTS,
    partitions: config.partitions,
    sessionTimeoutMs: config.kafkaSessionTimeout,
    run: async (task) => {
      const one = new Correlator(task, options);
      live.add(one);
      try {
        await runTransform(task, one, { producer });
      } finally {
        live.delete(one);
      }
    },
  });
  await scope.add("correlator tasks", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (correlator tasks)", () => group.start());
  return group;
}

function deadlineMs(seconds: number): number {
  return config.receiptDeadline ?? seconds * 1_000;
}

/** The index must know of a message well before its deadline. */
function indexAfter({ known }: Snapshot): number {
  const deadlines = [...known.values()].map(({ receiptDeadlineSeconds }) => deadlineMs(receiptDeadlineSeconds) / 4);
  return Math.min(DEFAULT_LIMITS.indexAfterMs, ...deadlines);
}

/** What follows from the catalog, worked out once for each. */
function perSnapshot<T>(catalog: SnapshotSource, make: (snapshot: Snapshot) => T): () => T {
  let of = catalog.current;
  let made = make(of);
  return () => {
    if (of === catalog.current) return made;
    of = catalog.current;
    made = make(of);
    return made;
  };
}

/** Providers that are no longer in the catalog may still owe receipts: they get the longest terms there are. */
function termsOf({ known }: Snapshot): (provider: string) => ProviderTerms {
  const terms = new Map<string, ProviderTerms>();
  for (const provider of known.values()) {
    const { id, receiptDeadlineSeconds } = provider;
    const smpp = provider.kind === "smpp";
    terms.set(id, {
      receiptDeadlineMs: deadlineMs(receiptDeadlineSeconds),
      receiptPerPart: smpp && provider.smpp.receiptPer === "part",
      indexed: smpp ? idFormatsOf(provider).response : undefined,
      answerMs: (smpp ? provider.smpp.responseTimeoutMs : provider.http.timeoutMs) + CLOCKS_MS,
    });
  }
  const unknown: ProviderTerms = {
    receiptDeadlineMs: deadlineMs(259_200),
    receiptPerPart: true,
    indexed: "as-is",
    answerMs: DEFAULT_LIMITS.doubtKnownMs,
  };
  return (provider) => terms.get(provider) ?? unknown;
}

async function webhooks(
  scope: Scope,
  codecs: SluiceCodecs,
  producer: RecordProducer,
  catalog: SnapshotSource,
): Promise<void> {
  const app = webhookApp({
    provider: (id) => {
      const provider = catalog.current.known.get(id);
      return provider?.kind === "http-twilio" ? provider : undefined;
    },
    publicUrl: config.webhookPublicUrl,
    partitions: config.partitions,
    codecs,
    store: (records) => producer.trySend(records),
    storeTimeoutMs: config.webhookStoreTimeout,
    metrics: scope.metrics,
    log: scope.log,
    now: () => producer.clock.now(),
  });
  const server = await scope.add("webhook server", {
    start: () =>
      startHttpServer(app, {
        name: "webhook server",
        host: config.httpHost,
        port: config.httpPort,
        maxConnections: config.httpMaxConnections,
        requestTimeoutMs: CALLBACK_TIMEOUT_MS,
      }),
    stop: (started) => started.drain(config.shutdownDeadline * DRAIN_SHARE),
  });
  scope.log.info({ host: config.httpHost, port: server.port }, "taking provider callbacks");
}
