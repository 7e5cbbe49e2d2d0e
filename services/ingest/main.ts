/** ingest: messages over HTTP and SMPP -> sms.requests.*, and their status back from analytics. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { catalogFiles, type LoadedCatalog, loadCatalog } from "../../domain/catalog/load-catalog.ts";
import { withoutSecrets } from "../../domain/catalog/provider.ts";
import { revealFor } from "../../domain/catalog/secret-references.ts";
import type { SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { newMessageId } from "../../domain/message/message-id.ts";
import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { openCatalog } from "../../pipeline/boot/open-catalog.ts";
import { openConsent } from "../../pipeline/boot/open-consent.ts";
import { openStore } from "../../pipeline/boot/open-store.ts";
import { revealSecret } from "../../pipeline/boot/reveal-secret.ts";
import { type Pipeline, startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { followRouting, ROUTING_TOPICS, snapshotWithRoutes } from "../../pipeline/explain/routing-view.ts";
import { CONSENT_TABLES } from "../../pipeline/follow/consent-copy.ts";
import { ClickhouseMessages } from "../../pipeline/read-model/account-pages.ts";
import { accountUsage } from "../../pipeline/read-model/account-usage.ts";
import { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { ClickhouseStatus } from "../../pipeline/read-model/clickhouse-status.ts";
import { listInbound } from "../../pipeline/read-model/list-inbound.ts";
import { listMessages } from "../../pipeline/read-model/list-messages.ts";
import type { StatusSource } from "../../pipeline/read-model/message-status.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { configFolder } from "../../platform/config/yaml-file.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { BodyBudget } from "../../platform/http/body-budget.ts";
import { startHttpServer } from "../../platform/http/http-server.ts";
import { observeKafka } from "../../platform/kafka/observe.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { runService, type Scope } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import { BUDGETS_TOPIC, CANCEL_ANSWERS_TOPIC, CONTROL_TOPIC, LANES, requestTopic } from "../../schemas/topics.ts";
import { acceptanceMetrics } from "./acceptance/acceptance-metrics.ts";
import { Acceptor } from "./acceptance/acceptor.ts";
import { DeadlineWriter } from "./acceptance/deadline-writer.ts";
import { REQUEST_KEYS_TABLE } from "./acceptance/idempotency/key-copy.ts";
import type { RequestKeys } from "./acceptance/idempotency/request-keys.ts";
import { Intake } from "./acceptance/intake.ts";
import { MessageRate } from "./acceptance/message-rate.ts";
import { RecentAcceptances } from "./acceptance/recent-acceptances.ts";
import { ApiKeys } from "./access/api-keys.ts";
import { FailedLogins } from "./access/failed-logins.ts";
import { KeyGate } from "./access/key-gate.ts";
import { trustedProxies } from "./access/source-network.ts";
import { answerMetrics } from "./answer-metrics.ts";
import { CancelAnswers } from "./cancels/cancel-answers.ts";
import { Cancels, cancelMetrics } from "./cancels/cancels.ts";
import { Suppressions } from "./consent/suppressions.ts";
import { webhookSenders } from "./consent/webhook-senders.ts";
import { Conversions, conversionMetrics } from "./conversions/conversions.ts";
import { type DoorsContext, httpDoors } from "./doors/http-doors.ts";
import { SMPP_RECEIPTS_TABLE } from "./doors/smpp/receipts/receipt-copy.ts";
import { startSmppDoor, tlsOf } from "./doors/smpp/start-smpp-door.ts";
import { followBudgetUse } from "./follow-budget-use.ts";
import { kafkaProbe } from "./idle-probe.ts";
import { ingestConfig } from "./ingest-config.ts";
import { openRequestKeys } from "./open-request-keys.ts";
import { openUploads } from "./open-uploads.ts";
import { MessageList } from "./status/message-list.ts";
import { MessageLookup } from "./status/message-lookup.ts";
import { RequestLog } from "./status/request-log.ts";

const OF_ACCOUNTS = revealFor(["accounts"], revealSecret);

const config = loadConfig("ingest", ingestConfig, {
  purpose: "Takes messages over HTTP and SMPP and answers once every in-sync replica of the log has them.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    tlsOf(given);
    return accountsOf(given).warnings;
  },
});

/** Blocks of the store's files that are kept in memory. */
const STORE_CACHE_OCTETS = 16 << 20;
/** Requests at hand get this share of the shutdown deadline; the rest is for the producer's last records. */
const DRAIN_SHARE = 0.8;
/** The doors are drained one after the other, ms for each. */
const DRAIN_MS = (config.shutdownDeadline * DRAIN_SHARE) / (config.smppPort === undefined ? 1 : 2);

await runService({ name: "ingest", config, redact: ["x-api-key", "text", "to", "secret"], start });

async function start(scope: Scope): Promise<void> {
  const pipeline = await startPipeline(scope, "ingest", config);
  await observe(scope, pipeline);
  const reader = await startReader(scope, pipeline, [
    ...[CONTROL_TOPIC, CANCEL_ANSWERS_TOPIC, BUDGETS_TOPIC],
    ...ROUTING_TOPICS,
  ]);
  const files = () => catalogOf(scope);
  const catalog = await openCatalog(scope, pipeline, {
    service: "ingest",
    config,
    reader,
    secrets: ["accounts"],
    files,
  });
  let keys = new ApiKeys(catalog.current.catalog.accounts);
  let senders = webhookSenders(catalog.current.catalog.accounts);
  const failures = new FailedLogins();
  catalog.onChange((snapshot) => {
    keys = new ApiKeys(snapshot.catalog.accounts);
    failures.keepAccounts((id) => keys.named(id) === id);
    senders = webhookSenders(snapshot.catalog.accounts);
  });
  const analytics = await scope.add("status look-up", {
    start: () => ClickhouseReader.of(config),
    stop: (it) => it.close(),
  });
  const recent = new RecentAcceptances(config.recentMessages, performance.now());
  const store = await openStore(scope, {
    service: "ingest",
    config,
    tables: [...CONSENT_TABLES, SMPP_RECEIPTS_TABLE, REQUEST_KEYS_TABLE],
    cacheOctets: STORE_CACHE_OCTETS,
  });
  const consent = await openConsent(scope, pipeline, { service: "ingest", config, store });
  const requests = await startReader(scope, pipeline, LANES.map(requestTopic), { name: "reader of requests" });
  const accepted = new RequestLog({ reader: requests, codec: pipeline.codecs.request, now: pipeline.now });
  const status = new MessageLookup(new ClickhouseStatus(analytics), recent, accepted, scope.log);
  const messages = new ClickhouseMessages(analytics);
  const requestKeys = await openRequestKeys(scope, pipeline, { config, store });
  const acceptors = acceptorsOf(scope, pipeline, { recent, catalog, messages, keys: requestKeys });
  const acceptor = acceptors(writerOf(scope, pipeline.producer));
  const bodies = new BodyBudget(config.httpBodyMemory);
  const uploads = await openUploads(scope, pipeline, { config, acceptors, bodies });
  const cancels = cancelsOf(scope, pipeline, reader, status);
  await listen(scope, {
    keys: new KeyGate({
      keys: () => keys,
      failures,
      proxies: trustedProxies(config.httpTrustedProxies),
      now: pipeline.now,
      clock: () => performance.now(),
    }),
    acceptor,
    status,
    messages: new MessageList(messages, recent, scope.log),
    list: (filter, limit, after) => listMessages(analytics, filter, limit, after),
    inbound: (filter, limit, after) => listInbound(analytics, filter, limit, after),
    usage: (account, from, until) => accountUsage(analytics, account, from, until),
    budget: followBudgetUse({
      codecs: pipeline.codecs,
      reader,
      catalog,
      partitions: config.partitions,
      log: scope.log,
      now: pipeline.now,
    }),
    cancels,
    conversions: conversionsOf(scope, pipeline, recent),
    suppressions: new Suppressions({
      codec: pipeline.codecs.consent,
      partitions: config.partitions,
      writer: writerOf(scope, pipeline.producer),
      copy: consent,
      now: pipeline.now,
    }),
    webhooks: { of: (id) => senders.get(id) },
    // Messages are accepted whether it is at hand or not.
    routing: followRouting({
      codecs: pipeline.codecs,
      reader,
      catalog,
      partitions: config.partitions,
      log: scope.log,
      now: pipeline.now,
    }),
    uploads,
    bodies,
    metrics: answerMetrics(scope.metrics),
    log: scope.log,
  });
  const { smppPort: port } = config;
  if (port !== undefined) {
    const writer = writerOf(scope, pipeline.producer);
    const parts = { config, port, pipeline, store, catalog, acceptor, writer, status, cancels, failures };
    await startSmppDoor(scope, { ...parts, drainMs: DRAIN_MS });
  }
}

/** Acceptors that have all in common but their writer. */
function acceptorsOf(
  scope: Scope,
  { codecs, now, traces }: Pipeline,
  sources: {
    readonly recent: RecentAcceptances;
    readonly catalog: SnapshotSource;
    readonly messages: ClickhouseMessages;
    readonly keys: RequestKeys;
  },
): (writer: DeadlineWriter) => Acceptor {
  const { recent, catalog, messages, keys } = sources;
  const parts = {
    rate: new MessageRate(),
    intake: new Intake({
      partitions: config.partitions,
      encode: (request) => codecs.request.encode(request),
      newMessageId,
      keys,
      // What is known of them, where they are at hand; nothing else depends on them here.
      routes: () => snapshotWithRoutes(catalog)?.routes,
      traces,
    }),
    keys,
    known: (ids: Parameters<ClickhouseMessages["known"]>[0]) => messages.known(ids),
    recent,
    metrics: acceptanceMetrics(scope.metrics),
    log: scope.log,
    now,
    traces,
  };
  return (writer) => new Acceptor({ ...parts, writer });
}

function conversionsOf(scope: Scope, { codecs, producer, now }: Pipeline, recent: RecentAcceptances): Conversions {
  return new Conversions({
    codec: codecs.conversion,
    partitions: config.partitions,
    rate: new MessageRate(),
    writer: writerOf(scope, producer),
    recent,
    metrics: conversionMetrics(scope.metrics),
    now,
  });
}

function cancelsOf(
  scope: Scope,
  { codecs, producer, now }: Pipeline,
  reader: TopicReader,
  status: StatusSource,
): Cancels {
  const answers = new CancelAnswers(codecs.cancel);
  void answers.follow(reader, scope.log, scope.signal);
  return new Cancels({
    codec: codecs.cancel,
    partitions: config.partitions,
    rate: new MessageRate(),
    writer: writerOf(scope, producer),
    answers,
    status,
    metrics: cancelMetrics(scope.metrics),
    now,
  });
}

function writerOf(scope: Scope, producer: RecordProducer): DeadlineWriter {
  return new DeadlineWriter(producer, config.acceptTimeout, (err) =>
    scope.log.every("write-failed", 1_000).error({ err }, "a write was rejected"),
  );
}

/** Only the accounts: ingest needs no more to take messages in. */
function accountsOf({ catalogDir, partitions }: { readonly catalogDir: string; readonly partitions: number }) {
  return loadCatalog(configFolder(catalogDir), partitions, { parts: ["accounts"], reveal: OF_ACCOUNTS });
}

/** The accounts, and where their files are at hand the routes: who may send from which name. */
function catalogOf(scope: Scope): LoadedCatalog {
  const accounts = accountsOf(config);
  if (!existsSync(join(config.catalogDir, catalogFiles.providers))) return accounts;
  try {
    // Its warnings are the router's to tell; ingest has no need to see the providers' credentials.
    const whole = loadCatalog(configFolder(config.catalogDir), config.partitions, { reveal: OF_ACCOUNTS });
    return { ...whole, providers: whole.providers.map(withoutSecrets), warnings: accounts.warnings };
  } catch (error) {
    scope.log.warn({ cause: errorMessage(error) }, "The routes cannot be read: senders are checked by the router only");
    return accounts;
  }
}

async function observe(scope: Scope, { connection, producer }: Pipeline): Promise<void> {
  observeKafka(scope, { producer });
  const probe = kafkaProbe(connection, producer);
  await scope.add("idle probe", { start: () => probe.start(), stop: () => probe.stop() });
  scope.readiness.register("kafka answers", () => probe.outcome);
}

async function listen(scope: Scope, context: DoorsContext): Promise<void> {
  const server = await scope.add("http server", {
    start: () =>
      startHttpServer(httpDoors(context), {
        name: "HTTP server",
        host: config.httpHost,
        port: config.httpPort,
        maxConnections: config.httpMaxConnections,
        requestTimeoutMs: config.httpRequestTimeout,
      }),
    stop: (started) => started.drain(DRAIN_MS),
  });
  const { connections } = server;
  scope.metrics.observe("http_connections", "gauge", "Open connections", () => connections.open);
  scope.metrics.observe(
    "http_connections_refused_total",
    "counter",
    "Connections closed because there were too many",
    () => connections.refused,
  );
  scope.metrics.observe("ingest_body_bytes", "gauge", "Request bodies held, bytes", () => context.bodies.held);
  scope.log.info({ host: config.httpHost, port: server.port }, "taking messages over HTTP");
}
