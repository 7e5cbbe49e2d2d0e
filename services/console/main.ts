/** console: a web page that shows what goes on, answers what people ask, and lets those who may change the catalog and replay dead letters. */
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { BudgetUse } from "../../domain/budget/budget-use.ts";
import type { BudgetWord } from "../../domain/budget/budget-word.ts";
import { withoutSecrets } from "../../domain/catalog/provider.ts";
import { checkConnections } from "../../pipeline/boot/check-connections.ts";
import { openCatalog } from "../../pipeline/boot/open-catalog.ts";
import { readCatalog } from "../../pipeline/boot/read-catalog.ts";
import { type Pipeline, startPipeline, startReader } from "../../pipeline/boot/start-pipeline.ts";
import { followRouting, ROUTING_TOPICS } from "../../pipeline/explain/routing-view.ts";
import { followBudgets } from "../../pipeline/follow/follow-budgets.ts";
import { followTopic } from "../../pipeline/follow/follow-topic.ts";
import { followUsage } from "../../pipeline/follow/follow-usage.ts";
import { keepTrying } from "../../pipeline/follow/keep-trying.ts";
import type { LiveCatalog } from "../../pipeline/follow/live-catalog.ts";
import { SuspicionBoard } from "../../pipeline/follow/suspicion-board.ts";
import { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { loadConfig } from "../../platform/config/load-config.ts";
import { startHttpServer } from "../../platform/http/http-server.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { askEvery } from "../../platform/lifecycle/ask-every.ts";
import { runService, type Scope } from "../../platform/lifecycle/run-service.ts";
import { KNOWN_VARIABLES } from "../../schemas/generated/variables.ts";
import {
  ABNORMAL_TOPIC,
  BUDGETS_TOPIC,
  CONSENT_TOPIC,
  CONTROL_TOPIC,
  INBOUND_TOPIC,
  USAGE_TOPIC,
} from "../../schemas/topics.ts";
import { Gate } from "./access/gate.ts";
import { Sessions } from "./access/sessions.ts";
import { readUsers, Users } from "./access/users.ts";
import { actionQuestions } from "./actions/action-questions.ts";
import { openDesks } from "./actions/open-desks.ts";
import { simulationQuestions } from "./actions/simulation-questions.ts";
import { openCallingTurn } from "./alerts/calling-turn.ts";
import { readPages } from "./alerts/metrics-pages.ts";
import { type AlertsOnPage, checkCallUrl, openAlerts } from "./alerts/open-alerts.ts";
import { consoleSettings } from "./console-settings.ts";
import { consoleApp, type Question } from "./http/console-app.ts";
import { LiveStream } from "./http/live-stream.ts";
import { readPage } from "./http/page-files.ts";
import { SessionCookie } from "./http/session-cookie.ts";
import { CapUsageBoard } from "./live/cap-usage.ts";
import { CatalogHistory } from "./live/catalog-history.ts";
import { LiveOverview } from "./live/live-overview.ts";
import { ProviderBoard } from "./live/provider-board.ts";
import { WatchedTopics } from "./live/watched-topics.ts";
import { questions } from "./questions.ts";
import { CachedAnswers } from "./read/cached-answers.ts";
import { CAMPAIGNS_AT_ONCE, CAMPAIGNS_TIMEOUT_MS } from "./read/campaigns.ts";
import { ConsentDesk } from "./read/consent.ts";
import { InboundBox } from "./read/inbound.ts";
import { LettersInLog } from "./read/letters-in-log.ts";

const config = loadConfig("console", consoleSettings, {
  purpose: "A web page that shows the pipeline as it works, and answers questions about messages, routes and costs.",
  knownKeys: KNOWN_VARIABLES,
  check: (given) => {
    checkConnections(given);
    if (given.consoleUsersFile !== undefined) readUsers(given.consoleUsersFile);
    readPages(given.consoleMetrics ?? []);
    checkCallUrl(given.consoleAlertUrl);
    return readCatalog(given).warnings;
  },
});

/** The charts' library, as its package has it: loaded by the views that draw charts. */
const UPLOT = {
  "/uplot/uPlot.js": fileURLToPath(import.meta.resolve("uplot/dist/uPlot.iife.min.js")),
  "/uplot/uPlot.css": fileURLToPath(import.meta.resolve("uplot/dist/uPlot.min.css")),
};
/** Between two words to an open page, ms. */
const TELL_EVERY_MS = 500;
const MAX_SESSIONS = 1_000;
const LONGEST_SESSION_MS = 7 * 24 * 3_600_000;
const REFRESH_USERS_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Requests at hand get this share of the shutdown deadline. */
const DRAIN_SHARE = 0.8;

await runService({ name: "console", config, redact: ["password", "token", "cookie", "to", "text"], start });

async function start(scope: Scope): Promise<void> {
  const pipeline = await startPipeline(scope, "console", config);
  const reader = await startReader(scope, pipeline, [
    ...[CONTROL_TOPIC, USAGE_TOPIC, BUDGETS_TOPIC, ABNORMAL_TOPIC],
    ...ROUTING_TOPICS,
  ]);
  const stream = new LiveStream({
    state: () => JSON.stringify(overview.show()),
    everyMs: TELL_EVERY_MS,
    max: config.consoleClients,
    now: () => performance.now(),
  });
  const changed = () => stream.changed();
  const history = new CatalogHistory(pipeline.codecs, scope.log, changed);
  const catalog = await openConsoleCatalog(scope, pipeline, reader, history);
  const clickhouse = await openClickhouse(scope, "clickhouse reader");
  const campaignReader = await openClickhouse(scope, "clickhouse reader of campaigns", {
    timeoutMs: CAMPAIGNS_TIMEOUT_MS,
    most: CAMPAIGNS_AT_ONCE,
  });
  const answers = new CachedAnswers(pipeline.now);
  observeAnswers(scope, answers);
  const board = new ProviderBoard(changed);
  const topics = new WatchedTopics(reader, scope.log, changed);
  const alerts = await watchAlerts(scope, pipeline, changed);
  const overview = new LiveOverview({
    alerts,
    board,
    topics,
    catalog,
    history,
    clickhouse,
    answers,
    log: scope.log,
    now: pipeline.now,
  });
  const routing = followRouting({
    codecs: pipeline.codecs,
    reader,
    catalog,
    partitions: config.partitions,
    log: scope.log,
    now: pipeline.now,
    onHealth: (word, at) => board.take(word, at),
  });
  const usage = new CapUsageBoard();
  const followedUsage = {
    codec: pipeline.codecs.usage,
    fold: (told: Parameters<CapUsageBoard["fold"]>[0]) => usage.fold(told),
    forget: (...[key, partition]: Parameters<CapUsageBoard["forget"]>) => usage.forget(key, partition),
    partitions: config.partitions,
    ...{ reader, schemas: pipeline.codecs, log: scope.log },
  };
  const unread = (topic: string, without: string) => (err: unknown) =>
    scope.log.every(topic, 30_000).warn({ err }, `${topic} cannot be read: the page shows ${without}`);
  void keepTrying(() => followUsage(followedUsage), unread(USAGE_TOPIC, "caps without their use"));
  const budgets = new BudgetUse();
  const followedBudgets = {
    schemas: pipeline.codecs,
    codec: pipeline.codecs.budgetWord,
    fold: (word: BudgetWord) => budgets.fold(word),
    forget: (account: string, partition: number) => budgets.forget(account, partition),
    // What is shown is what the last words say, and these come.
    missed: () => {},
    partitions: config.partitions,
    ...{ reader, log: scope.log },
  };
  void keepTrying(
    () => followBudgets(followedBudgets).then(() => budgets.complete()),
    unread(BUDGETS_TOPIC, "budgets without what is spent"),
  );
  const suspicions = new SuspicionBoard(pipeline.codecs.suspicion);
  void keepTrying(
    () =>
      followTopic(ABNORMAL_TOPIC, { reader, schemas: pipeline.codecs, log: scope.log }, (record) =>
        suspicions.accept(record),
      ),
    unread(ABNORMAL_TOPIC, "no suspicions"),
  );
  await scope.add("watched topics", { start: () => topics.start(), stop: () => topics.stop() });
  await scope.add("overview", { start: () => overview.start(), stop: () => overview.stop() });
  const name = "reader of inbound messages and of consent";
  const handsetReader = await startReader(scope, pipeline, [INBOUND_TOPIC, CONSENT_TOPIC], { name });
  const inbound = new InboundBox(handsetReader, pipeline.codecs);
  const { codecs } = pipeline;
  const consent = new ConsentDesk({ reader: handsetReader, codecs, partitions: config.partitions });
  const desks = await openDesks(scope, pipeline, clickhouse, config);
  const asked = questions({
    overview,
    clickhouse,
    campaignReader,
    answers,
    catalog,
    history,
    routing,
    suspicions,
    letters: new LettersInLog(desks.letters, pipeline.codecs),
    alerts,
    inbound,
    consent,
    used: { caps: usage, budgets },
    now: pipeline.now,
  });
  await listen(scope, stream, [
    ...asked,
    ...actionQuestions(desks.catalog, desks.replays),
    ...simulationQuestions(desks.simulations),
  ]);
}

/** What the page shows of the catalog has no secrets in it, so that none can get out. */
function openConsoleCatalog(
  scope: Scope,
  pipeline: Pipeline,
  reader: TopicReader,
  history: CatalogHistory,
): Promise<LiveCatalog> {
  const files = () => {
    const loaded = readCatalog(config);
    return { ...loaded, providers: loaded.providers.map(withoutSecrets) };
  };
  const follow: TopicReader["follow"] = (topic, onRecord) =>
    reader.follow(topic, (record) => {
      history.accept(record);
      onRecord(record);
    });
  return openCatalog(scope, pipeline, { service: "console", config, reader: { follow }, secrets: [], files });
}

function observeAnswers({ metrics }: Scope, answers: CachedAnswers): void {
  metrics.observe(
    "console_answers_total",
    "counter",
    "Questions of pages for what ClickHouse knows, by where the answer came from: kept, or asked for",
    () => [
      { labels: { from: "kept" }, value: answers.hits },
      { labels: { from: "asked" }, value: answers.misses },
    ],
  );
}

async function watchAlerts(scope: Scope, { connection }: Pipeline, onAlerts: () => void): Promise<AlertsOnPage> {
  const options = {
    pages: readPages(config.consoleMetrics ?? []),
    everyMs: config.consoleAlertInterval,
    callUrl: config.consoleAlertUrl,
    callShape: config.consoleAlertShape,
    ...(config.consoleAlertUrl === undefined ? {} : { turn: await openCallingTurn(scope, connection) }),
  };
  return openAlerts(scope, options, onAlerts);
}

function openClickhouse(
  scope: Scope,
  name: string,
  options?: Parameters<typeof ClickhouseReader.of>[1],
): Promise<ClickhouseReader> {
  return scope.add(name, {
    start: () => ClickhouseReader.of(config, options),
    stop: (it) => it.close(),
  });
}

async function listen(scope: Scope, stream: LiveStream, questions: readonly Question[]): Promise<void> {
  const { log, metrics } = scope;
  const sessions = new Sessions({ max: MAX_SESSIONS, idleMs: config.consoleSession, longestMs: LONGEST_SESSION_MS });
  const cookie = new SessionCookie(config.consoleSecureCookies);
  const gate = new Gate({
    sessions,
    users: new Users(config.consoleUsersFile),
    cookie,
    oneTimeFile: config.consoleLoginFile,
    log,
    now: () => performance.now(),
    wallClock: () => Date.now(),
  });
  const timer = askEvery(
    REFRESH_USERS_MS,
    async () => gate.refresh(),
    () => {},
  );
  const page = readPage(join(import.meta.dirname, "page"), UPLOT);
  const server = await scope.add("page server", {
    start: () =>
      startHttpServer(consoleApp({ gate, cookie, live: stream, questions, page, log }), {
        name: "page server",
        host: config.httpHost,
        port: config.httpPort,
        maxConnections: config.httpMaxConnections,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
      }),
    stop: (started) => {
      clearInterval(timer);
      stream.close();
      return started.drain(config.shutdownDeadline * DRAIN_SHARE);
    },
  });
  metrics.observe("console_pages", "gauge", "Open pages that are told of changes", () => stream.size);
  metrics.observe("console_sessions", "gauge", "Sessions", () => sessions.size);
  log.info({ host: config.httpHost, port: server.port }, "serving the console's page");
}
