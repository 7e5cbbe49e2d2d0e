import { createHash } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AccountBudget } from "../../../domain/budget/budget-use.ts";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import { type ConsentWord, optOutOf } from "../../../domain/consent/consent-word.ts";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { NO_DELIVERIES } from "../../../domain/routing/delivery-view.ts";
import {
  isBehind,
  type ListedMessage,
  type ListedPage,
  type ListQuery,
  type MessagePages,
  placeOf,
} from "../../../pipeline/read-model/account-pages.ts";
import type { UsageOfDay } from "../../../pipeline/read-model/account-usage.ts";
import type { InboundFilter, InboundPage } from "../../../pipeline/read-model/list-inbound.ts";
import type { ListFilter, ListPlace, MessagePage } from "../../../pipeline/read-model/list-messages.ts";
import type { MessageStatusAnswer, StatusSource } from "../../../pipeline/read-model/message-status.ts";
import { createCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { MessageTraces } from "../../../pipeline/traces/message-traces.ts";
import { BodyBudget } from "../../../platform/http/body-budget.ts";
import { type HttpServer, startHttpServer } from "../../../platform/http/http-server.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { FencedError } from "../../../platform/kafka/producer-errors.ts";
import type { Fence, OutRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { SendRequest } from "../../../schemas/generated/types.ts";
import { REQUEST_KEYS_TOPIC } from "../../../schemas/topics.ts";
import { acceptanceMetrics } from "../../../services/ingest/acceptance/acceptance-metrics.ts";
import { Acceptor } from "../../../services/ingest/acceptance/acceptor.ts";
import { DeadlineWriter, type Writer } from "../../../services/ingest/acceptance/deadline-writer.ts";
import { RequestKeys, type RequestKeysOptions } from "../../../services/ingest/acceptance/idempotency/request-keys.ts";
import { StoredKeys } from "../../../services/ingest/acceptance/idempotency/stored-keys.ts";
import { Intake } from "../../../services/ingest/acceptance/intake.ts";
import { MessageRate } from "../../../services/ingest/acceptance/message-rate.ts";
import { RecentAcceptances } from "../../../services/ingest/acceptance/recent-acceptances.ts";
import { type Account, ApiKeys } from "../../../services/ingest/access/api-keys.ts";
import { FailedLogins } from "../../../services/ingest/access/failed-logins.ts";
import { KeyGate } from "../../../services/ingest/access/key-gate.ts";
import { trustedProxies } from "../../../services/ingest/access/source-network.ts";
import { answerMetrics } from "../../../services/ingest/answer-metrics.ts";
import { CancelAnswers } from "../../../services/ingest/cancels/cancel-answers.ts";
import { Cancels, cancelMetrics } from "../../../services/ingest/cancels/cancels.ts";
import { Suppressions } from "../../../services/ingest/consent/suppressions.ts";
import { webhookSenders } from "../../../services/ingest/consent/webhook-senders.ts";
import { Conversions, conversionMetrics } from "../../../services/ingest/conversions/conversions.ts";
import { type DoorsContext, httpDoors } from "../../../services/ingest/doors/http-doors.ts";
import { MessageList } from "../../../services/ingest/status/message-list.ts";
import { MessageLookup } from "../../../services/ingest/status/message-lookup.ts";
import { UploadLog } from "../../../services/ingest/uploads/upload-log.ts";
import { Uploads } from "../../../services/ingest/uploads/uploads.ts";
import { undocumented } from "./doors/rest/documented.ts";
import { MemoryTopics } from "./uploads/memory-topics.ts";

export const PARTITIONS = 6;
/** How long a test waits for a condition; a busy machine is no fault. */
export const PATIENT = { timeout: 15_000 };
export const KEY = "key-of-acme";
export const OTHER_KEY = "key-of-globex";
/** Of acme's consentWebhook. */
export const SECRET = "whsec_c2VjcmV0LW9mLWFjbWUtYW5kLWxvbmctZW5vdWdo";

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

export const ACME: { -readonly [K in keyof Account]: Account[K] } = {
  id: "acme",
  apiKeys: [{ id: "main", sha256: sha256(KEY) }],
};
export const GLOBEX: Account = {
  id: "globex",
  apiKeys: [{ id: "main", sha256: sha256(OTHER_KEY) }],
  lanes: ["otp"],
  maxPerSecond: 10,
};

/** The codecs with a stand-in for the registry. */
export function testCodecs(): Promise<SluiceCodecs> {
  return createCodecs({ idOf: async () => 7, schemaOf: async () => undefined });
}

/** A producer that stores at once, unless told otherwise. */
export class FakeWriter implements Writer {
  hasRoom = true;
  unconfirmedSince = 0;
  leaderlessSince = () => 0;
  /** What `send` does with records; replaced by tests. */
  onSend: (records: readonly OutRecord[]) => Promise<void> = async () => {};
  readonly sends: (readonly OutRecord[])[] = [];

  send(records: readonly OutRecord[]): Promise<void> {
    this.sends.push(records);
    return this.onSend(records);
  }

  /** But for the keys that are written beside messages. */
  get records(): OutRecord[] {
    return this.sends.flat().filter(({ topic }) => topic !== REQUEST_KEYS_TOPIC);
  }
}

/** What recipients have said, as a test puts it. */
export class FakeConsentCopy {
  readonly words = new Map<string, ConsentWord>();
  complete = true;
  /** Partitions that alone are not at the log's end. */
  readonly behind = new Set<number>();

  say(accountId: string, destination: string, word: Partial<ConsentWord> = {}): void {
    this.words.set(`${accountId}:${destination}`, {
      state: "opted_out",
      source: "keyword",
      at: 1_000,
      offset: 1,
      ...word,
    });
  }

  word(accountId: string, destination: string): ConsentWord | undefined {
    return this.words.get(`${accountId}:${destination}`);
  }

  optOut(accountId: string, destination: string): ConsentWord | undefined {
    return optOutOf(this.word(accountId, destination), this.word("*", destination));
  }

  async wordsOf(accountId: string, partition: number, { after = "", limit }: { after?: string; limit: number }) {
    return [...this.words]
      .flatMap(([key, word]) => {
        const [account, destination = ""] = key.split(":");
        return account === accountId ? [{ destination, word }] : [];
      })
      .filter(({ destination }) => partitionFor(destination, PARTITIONS) === partition && destination > after)
      .sort((a, b) => (a.destination < b.destination ? -1 : 1))
      .slice(0, limit);
  }

  caughtUp(partition: number): Promise<boolean> {
    return this.complete && !this.behind.has(partition)
      ? Promise.resolve(true)
      : Promise.reject(new Error("no broker"));
  }
}

/** What analytics lists of accounts, in the order that ClickHouse has it. */
export class FakePages implements MessagePages {
  readonly messages: (ListedMessage & { readonly account: string })[] = [];
  /** Thrown in place of an answer. */
  fault: Error | undefined;
  readonly queries: ListQuery[] = [];

  async list(account: string, query: ListQuery): Promise<ListedPage> {
    if (this.fault !== undefined) throw this.fault;
    this.queries.push(query);
    const { after, limit, to, senders = [], since = 0, until = Number.POSITIVE_INFINITY } = query;
    const found = this.messages
      .filter((one) => one.account === account && (to === undefined || one.to === `+${to}`))
      .filter((one) => senders.length === 0 || senders.includes(one.from))
      .filter((one) => after === undefined || isBehind(placeOf(one), after))
      .filter((one) => placeOf(one).acceptedAt >= since && placeOf(one).acceptedAt <= until)
      .sort((a, b) => (isBehind(placeOf(a), placeOf(b)) ? 1 : -1));
    const messages = found.slice(0, limit);
    return { messages, next: found.length > limit ? placeOf(messages.at(-1)!) : undefined };
  }

  async find(account: string, id: string): Promise<ListedMessage | undefined> {
    if (this.fault !== undefined) throw this.fault;
    return this.messages.find((one) => one.account === account && one.id === id);
  }

  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(this.messages.flatMap(({ id }) => (ids.includes(id) ? [id] : [])));
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export interface CallOptions {
  readonly method?: string;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes as they are; anything else as JSON. */
  readonly body?: unknown;
}

export interface Harness {
  readonly context: DoorsContext;
  readonly writer: FakeWriter;
  readonly consent: FakeConsentCopy;
  readonly server: HttpServer;
  /** What uploads have written, and read. */
  readonly topics: MemoryTopics;
  /** Ends uploads as a stop of the service does. */
  readonly stopUploads: () => void;
  /** What routers say of cancels. */
  readonly cancelAnswers: CancelAnswers;
  /** Answers from `statuses`. */
  readonly analytics: StatusSource;
  /** What analytics has, by account and id. */
  readonly statuses: Map<string, MessageStatusAnswer | readonly MessageStatusAnswer[]>;
  /** What analytics lists. */
  readonly pages: FakePages;
  /** What was asked of the list. */
  readonly listed: [ListFilter, number, ListPlace | undefined][];
  readonly inboundAsked: [InboundFilter, number, ListPlace | undefined][];
  inbound: () => Promise<InboundPage>;
  /** What the list answers; replaced by tests. */
  list: () => Promise<MessagePage>;
  /** What was asked of the usage, and what it answers. */
  readonly usageAsked: (readonly [account: string, from: string, until: string])[];
  usage: () => Promise<readonly UsageOfDay[]>;
  /** By account. */
  readonly budgets: Map<string, AccountBudget>;
  call(path: string, options?: CallOptions): Promise<Answer>;
  decode(record: OutRecord): SendRequest;
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly acceptTimeoutMs?: number;
  readonly bodyBudget?: number;
  readonly maxConnections?: number;
  readonly requestTimeoutMs?: number;
  readonly cancelAnswerMs?: number;
  readonly uploadIdleMs?: number;
  /** Another instance's. */
  readonly topics?: MemoryTopics;
  readonly traces?: MessageTraces;
  readonly requestKeys?: TestKeys;
  /** What explanations go by. */
  readonly snapshot?: Snapshot;
  /** Default: of ACME and GLOBEX. */
  readonly keys?: () => ApiKeys;
  /** Default: none. */
  readonly proxies?: readonly string[];
}

/** What the senders of provider "north" say, and when it is. */
const NORTH = {
  open: false,
  circuit: "closed",
  reason: null,
  backlogSeconds: 1.5,
  rate: 80,
  segmentsThisMonth: 7,
  spentThisMonth: 0,
  monthEnd: 9,
} as const;
export const MONDAY_NOON = Date.UTC(2026, 0, 5, 12);

/** The real acceptor in front of a writer. */
export function newAcceptor(parts: {
  readonly writer: Writer;
  readonly codecs: SluiceCodecs;
  readonly recent: RecentAcceptances;
  readonly metrics: MetricRegistry;
  readonly acceptTimeoutMs?: number | undefined;
  readonly traces?: MessageTraces | undefined;
  readonly keys?: TestKeys | undefined;
}): Acceptor {
  const {
    copy,
    told = async () => {},
    known = async () => new Set(),
    atWorkMs = 6_000,
    now = Date.now,
  } = parts.keys ?? {};
  const encode: RequestKeysOptions["encode"] = (record) => parts.codecs.requestKeys.encode(record);
  const common = { partitions: PARTITIONS, encode };
  const stored = new StoredKeys({ ...common, send: told, now, onFault: () => {} });
  const keys = new RequestKeys({ ...common, copy, capacity: 1_000, stored, atWorkMs }, performance.now());
  return new Acceptor({
    rate: new MessageRate(),
    intake: new Intake({
      partitions: PARTITIONS,
      encode: (value) => parts.codecs.request.encode(value),
      newMessageId,
      keys,
      traces: parts.traces,
    }),
    keys,
    known,
    writer: new DeadlineWriter(parts.writer, parts.acceptTimeoutMs ?? 5_000),
    recent: parts.recent,
    metrics: acceptanceMetrics(parts.metrics),
    log: silentLog,
    now,
    traces: parts.traces,
  });
}

/** What an instance knows of others' keys; absent: it is alone and has no past. */
export interface TestKeys extends Partial<Pick<RequestKeysOptions, "copy" | "atWorkMs">> {
  /** Takes what is told of keys whose messages are stored. */
  readonly told?: (records: readonly OutRecord[]) => Promise<void>;
  /** Which of these messages analytics has; absent: none. */
  readonly known?: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Epoch ms. */
  readonly now?: () => number;
}

/** The real HTTP service over loopback, with a fake producer behind it. */
export async function startIngest(options: HarnessOptions = {}): Promise<Harness> {
  const codecs = await testCodecs();
  const writer = new FakeWriter();
  const statuses: Harness["statuses"] = new Map();
  const recent = new RecentAcceptances(1_000, performance.now());
  const metrics = new MetricRegistry();
  const analytics: StatusSource = {
    find: async (account, id, to) => {
      const found = statuses.get(`${account}/${id}`) ?? [];
      return [found].flat().filter((status) => to.length === 0 || to.includes(status.to.slice(1)));
    },
  };
  const pages = new FakePages();
  const listed: Harness["listed"] = [];
  const inboundAsked: Harness["inboundAsked"] = [];
  const usageAsked: Harness["usageAsked"] = [];
  const consent = new FakeConsentCopy();
  const cancelAnswers = new CancelAnswers(codecs.cancel);
  const topics = options.topics ?? new MemoryTopics(PARTITIONS);
  const stopping = new AbortController();
  const bodies = new BodyBudget(options.bodyBudget ?? 64 * 1024 * 1024);
  const uploadWriter = (fence: Fence) => ({
    hasRoom: true,
    get unconfirmedSince() {
      return writer.unconfirmedSince;
    },
    leaderlessSince: () => 0,
    send: async (records: readonly OutRecord[]) => {
      if (!fence.alive) throw new FencedError();
      await writer.send(records);
      topics.append(records);
    },
  });
  const uploads = new Uploads({
    log: new UploadLog({
      reader: topics.reader,
      codec: codecs.uploadBlock,
      partitions: PARTITIONS,
      producer: {
        send: async (records, fence) => {
          if (fence?.alive === false) throw new FencedError();
          topics.append(records);
        },
      },
    }),
    bodies,
    acceptor: (fence) =>
      newAcceptor({ writer: uploadWriter(fence), codecs, recent, metrics, acceptTimeoutMs: options.acceptTimeoutMs }),
    metrics,
    now: () => topics.now(),
    signal: stopping.signal,
    idleMs: options.uploadIdleMs ?? 30_000,
  });
  const context: DoorsContext = {
    keys: new KeyGate({
      keys: () => options.keys?.() ?? new ApiKeys([ACME, GLOBEX]),
      failures: new FailedLogins(),
      proxies: trustedProxies(options.proxies ?? []),
      now: Date.now,
      clock: () => performance.now(),
    }),
    uploads,
    acceptor: newAcceptor({
      writer,
      codecs,
      recent,
      metrics,
      acceptTimeoutMs: options.acceptTimeoutMs,
      traces: options.traces,
      keys: options.requestKeys,
    }),
    status: new MessageLookup(analytics, recent, { find: async () => [] }, silentLog),
    messages: new MessageList(pages, recent, silentLog),
    inbound: (filter, limit, after) => {
      inboundAsked.push([filter, limit, after]);
      return harness.inbound();
    },
    list: (filter, limit, after) => {
      listed.push([filter, limit, after]);
      return harness.list();
    },
    usage: (...asked) => {
      usageAsked.push(asked);
      return harness.usage();
    },
    budget: (account) => harness.budgets.get(account),
    conversions: new Conversions({
      codec: codecs.conversion,
      partitions: PARTITIONS,
      rate: new MessageRate(),
      writer: new DeadlineWriter(writer, options.acceptTimeoutMs ?? 5_000),
      recent,
      metrics: conversionMetrics(metrics),
      now: Date.now,
    }),
    suppressions: new Suppressions({
      codec: codecs.consent,
      partitions: PARTITIONS,
      writer: new DeadlineWriter(writer, options.acceptTimeoutMs ?? 5_000),
      copy: consent,
      now: Date.now,
    }),
    webhooks: { of: (id) => webhookSenders([{ ...ACME, consentWebhook: { secret: SECRET } }, GLOBEX]).get(id) },
    cancels: new Cancels({
      codec: codecs.cancel,
      partitions: PARTITIONS,
      rate: new MessageRate(),
      writer: new DeadlineWriter(writer, options.acceptTimeoutMs ?? 5_000),
      answers: cancelAnswers,
      status: new MessageLookup(analytics, recent, { find: async () => [] }, silentLog),
      metrics: cancelMetrics(metrics),
      now: Date.now,
      answerMs: options.cancelAnswerMs ?? 5_000,
    }),
    routing: {
      ported: () => undefined,
      delivery: {
        of: NO_DELIVERIES.of,
        converts: (id) => (id === "north" ? { levels: [], told: 50, converted: 30, suspect: false } : undefined),
      },
      snapshot: () => options.snapshot,
      health: (id) => (id === "north" ? { ...NORTH } : undefined),
      now: () => MONDAY_NOON,
    },
    bodies,
    metrics: answerMetrics(metrics),
    log: silentLog,
  };
  const server = await startHttpServer(httpDoors(context), {
    name: "HTTP server",
    host: "127.0.0.1",
    port: 0,
    maxConnections: options.maxConnections ?? 100,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
  });
  const harness: Harness = {
    listed,
    list: async () => ({ messages: [] }),
    inboundAsked,
    inbound: async () => ({ messages: [] }),
    budgets: new Map(),
    usageAsked,
    usage: async () => [],
    context,
    writer,
    consent,
    server,
    topics,
    stopUploads: () => stopping.abort(),
    cancelAnswers,
    analytics,
    statuses,
    pages,
    call: async (path, callOptions = {}) => {
      const answer = await call(server.port, path, callOptions);
      const method = callOptions.method ?? (callOptions.body === undefined ? "GET" : "POST");
      const lacking = undocumented(method, path, answer);
      if (lacking !== undefined) throw new Error(lacking);
      return answer;
    },
    decode(record) {
      const decoded = codecs.request.decode(record.value as Buffer);
      if (!decoded.ok) throw new Error(decoded.detail);
      return decoded.value;
    },
    close: () => server.drain(0),
  };
  return harness;
}

/** One HTTP exchange on a connection of its own. */
export function call(port: number, path: string, options: CallOptions = {}): Promise<Answer> {
  const { body, key = KEY, headers = {} } = options;
  const payload = typeof body === "string" || body instanceof Buffer ? body : body && JSON.stringify(body);
  const auth = "key" in options && options.key === undefined ? {} : { authorization: `Bearer ${key}` };
  return new Promise((resolve, reject) => {
    const method = options.method ?? (payload === undefined ? "GET" : "POST");
    const type = payload === undefined ? {} : { "content-type": "application/json" };
    // Node sends none with a DELETE by itself.
    const length =
      method === "DELETE" && payload && !("transfer-encoding" in headers)
        ? { "content-length": Buffer.byteLength(payload as string) }
        : {};
    const request = httpRequest(
      { host: "127.0.0.1", port, path, method, agent: false, headers: { ...auth, ...type, ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const isJson = /\/(?:.*\+)?json/.test(response.headers["content-type"] ?? "") && text !== "";
          const status = response.statusCode as number;
          resolve({ status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined });
        });
      },
    );
    request.once("error", reject);
    request.end(payload);
  });
}

export const MESSAGE = { to: "+491701234567", text: "Your code is 123456", lane: "otp" } as const;
