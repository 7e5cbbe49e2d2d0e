/**
 * Everything that was written about the messages of an installation, put side by side: requests and events in Kafka,
 * what the providers (simulators) counted themselves, and the rows in ClickHouse.
 */
import { messageIdOfRequest } from "../../domain/message/message-id.ts";
import { TAKEOVER } from "../../domain/message/submit-outcome.ts";
import { canonicalId, idForms } from "../../domain/receipts/provider-message-id.ts";
import { isFinal } from "../../domain/receipts/receipt-lattice.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Event } from "../../schemas/generated/types.ts";
import {
  EVENTS_TOPIC,
  LANES,
  RECEIPTS_TOPIC,
  RETRY_DELAYS,
  requestTopic,
  retryTopic,
  UNPLACED_RECEIPTS_TOPIC,
} from "../../schemas/topics.ts";
import { ACCOUNT_BUSY } from "../../services/router/account-shares.ts";
import { type Installation, PARTITIONS } from "./installation.ts";
import type { Lane } from "./traffic.ts";

/** A receipt that has stood in the log for so long before the deadline has been read. */
const UNHEARD_MS = 15_000;

/** What is known of one message. */
export interface MessageAccount {
  readonly id: string;
  readonly to: string;
  readonly lane: Lane;
  /** Order among the requests of its partition and lane. */
  readonly offset: number;
  /** Terminal states that the log states, one for each distinct one. */
  readonly finals: Set<string>;
  /** Reasons stated by submissions that repeat one in doubt, as `<attempt>/<reason>`. */
  readonly reasons: Set<string>;
  /** Attempts that were said to be in doubt, and why. */
  readonly doubted: Map<number, string>;
  readonly providers: Set<string>;
  /** Of each submission that providers have answered, the ids of its parts, as `receiptKey` gives them. */
  readonly submissions: string[][];
  /** When it ended `unknown`, by the log's time, epoch ms. */
  unknownAt: number | undefined;
  /** `<attempt>` to the provider it was routed to; several only when a repeat decided otherwise. */
  readonly routed: Map<number, Set<string>>;
  attempts: number;
  /** Parts that it is sent in over SMPP; 0 until an event says so. */
  segments: number;
  /** One provider has accepted all of it. */
  whole: boolean;
  /** It went into its lane's overflow, since its account was above its share (docs/decisions/0007-overflow-queues.md). */
  overflowed: boolean;
  /** It went through a retry tier. */
  delayed: boolean;
  /** Why senders handed it back, by `<attempt>/<code>`. */
  readonly returns: Set<string>;
  /** Accepted by providers, all together: the count of the part that went out most often. */
  sent: number;
  /** What the log says of it, in its order. */
  readonly story: string[];
}

export interface Books {
  readonly messages: ReadonlyMap<string, MessageAccount>;
  /** Events in the log, and distinct ones by their id. */
  readonly events: number;
  readonly distinctEvents: number;
  /** The id of the event at each place (`placeOf`) of the log. */
  readonly eventAt: ReadonlyMap<number, string>;
  /** Receipts in the log, by provider. */
  readonly receipts: ReadonlyMap<string, number>;
  /** When the first receipt of an end stood in the log, epoch ms, by `receiptKey`. */
  readonly receiptedAt: ReadonlyMap<string, number>;
  /** Message ids in the order in which each provider first received them. */
  readonly arrivals: ReadonlyMap<string, readonly string[]>;
}

/** Reads the requests and events of all partitions, and the simulators' ledgers. */
export async function readBooks(installation: Installation): Promise<Books> {
  const { infra, codecs } = installation;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const tiers = RETRY_DELAYS.map(retryTopic);
  const topics = [...LANES.map(requestTopic), ...tiers, EVENTS_TOPIC, RECEIPTS_TOPIC, UNPLACED_RECEIPTS_TOPIC];
  const reader = new TopicReader({ connection: { brokers: infra.brokers, clientId: "books", log }, topics });
  await reader.start();
  const messages = new Map<string, MessageAccount>();
  const eventAt = new Map<number, string>();
  const receipts = new Map<string, number>();
  const receiptedAt = new Map<string, number>();
  try {
    for (const lane of LANES) {
      await readAll(reader, requestTopic(lane), (record) => {
        const decoded = record.value === null ? undefined : codecs.request.decode(record.value);
        if (!decoded?.ok) throw new Error(`${record.topic}/${record.partition}/${record.offset} cannot be read`);
        const { messageId, accountId, to } = decoded.value;
        const place = `${record.topic}/${record.partition}/${record.offset}`;
        const id = messageIdOfRequest({ accountId, messageId, destination: to.replace(/\D/g, ""), place });
        if (!messages.has(id)) messages.set(id, emptyAccount(id, to, lane, record.offset));
      });
    }
    for (const tier of tiers)
      await readAll(reader, tier, (record) => {
        const message = messages.get(headerText(record, "id")?.split("/")[0] ?? "");
        if (message !== undefined) message.delayed = true;
      });
    await readAll(reader, EVENTS_TOPIC, (record) => {
      eventAt.set(
        placeOf(record.partition, record.offset),
        headerText(record, "id") ?? `${record.partition}/${record.offset}`,
      );
      const decoded = record.value === null ? undefined : codecs.event.decode(record.value);
      if (!decoded?.ok) throw new Error(`event ${record.partition}/${record.offset} cannot be read`);
      note(messages, decoded.value, record.timestamp);
    });
    // Those that do not say which message or number they are of: kept, and counted as the others.
    await readAll(reader, UNPLACED_RECEIPTS_TOPIC, (record) => {
      const decoded = record.value === null ? undefined : codecs.receipt.decode(record.value);
      if (!decoded?.ok) throw new Error(`receipt ${record.partition}/${record.offset} cannot be read`);
      const { provider } = decoded.value;
      receipts.set(provider, (receipts.get(provider) ?? 0) + 1);
    });
    await readAll(reader, RECEIPTS_TOPIC, (record) => {
      const decoded = record.value === null ? undefined : codecs.receipt.decode(record.value);
      if (!decoded?.ok) throw new Error(`receipt ${record.partition}/${record.offset} cannot be read`);
      const { provider, to, providerMessageId, state } = decoded.value;
      receipts.set(provider, (receipts.get(provider) ?? 0) + 1);
      if (!isFinal(state)) return;
      for (const form of idForms(canonicalId(providerMessageId))) {
        const key = receiptKey(provider, to, form);
        receiptedAt.set(key, Math.min(receiptedAt.get(key) ?? record.timestamp, record.timestamp));
      }
    });
  } finally {
    await reader.stop();
  }
  const arrivals = await countSent(installation, messages);
  const distinctEvents = new Set(eventAt.values()).size;
  return { messages, events: eventAt.size, distinctEvents, eventAt, receipts, receiptedAt, arrivals };
}

function receiptKey(provider: string, to: string, id: string): string {
  return `${provider}/${to}/${id}`;
}

/** Whether the log held a receipt for each part of one of its submissions, for a while, when it ended as one that nothing is known of. */
export function endedUnheard(
  { submissions, unknownAt }: MessageAccount,
  { receiptedAt }: Pick<Books, "receiptedAt">,
): boolean {
  if (unknownAt === undefined) return false;
  const known = (key: string) => (receiptedAt.get(key) ?? Number.POSITIVE_INFINITY) < unknownAt - UNHEARD_MS;
  return submissions.some((parts) => parts.every(known));
}

/** A place in a topic as one number; of one partition's places the lower one is the earlier. */
export function placeOf(partition: number, offset: number): number {
  return offset * PARTITIONS + partition;
}

/** What `placeOf` was made of. */
export function atPlace(place: number): { partition: number; offset: number } {
  return { partition: place % PARTITIONS, offset: Math.floor(place / PARTITIONS) };
}

async function readAll(reader: TopicReader, topic: string, take: (record: InRecord) => void): Promise<void> {
  const marks = await reader.watermarks(topic);
  await Promise.all(
    Array.from({ length: PARTITIONS }, (_, p) => reader.readRange(topic, p, 0, marks[p]?.high ?? 0, take)),
  );
}

function emptyAccount(id: string, to: string, lane: Lane, offset: number): MessageAccount {
  const [finals, reasons, providers] = [new Set<string>(), new Set<string>(), new Set<string>()];
  return {
    id,
    to,
    lane,
    offset,
    finals,
    reasons,
    doubted: new Map(),
    providers,
    submissions: [],
    unknownAt: undefined,
    routed: new Map(),
    returns: new Set(),
    attempts: 0,
    segments: 0,
    whole: false,
    overflowed: false,
    delayed: false,
    sent: 0,
    story: [],
  };
}

function note(messages: ReadonlyMap<string, MessageAccount>, event: Event, appendedAt: number): void {
  const message = messages.get(event.facts.messageId);
  if (message === undefined) return;
  message.attempts = Math.max(message.attempts, event.attempt);
  message.segments = event.facts.segments;
  message.story.push(
    `${new Date(appendedAt).toISOString().slice(14, 23)} ${event.type}${event.attempt} ${event.provider ?? ""} ${event.state ?? event.errorCode ?? ""} ${event.providerMessageIds}`,
  );
  if (event.type === "routed") {
    const chosen = message.routed.get(event.attempt) ?? new Set();
    message.routed.set(event.attempt, chosen.add(event.provider ?? "none"));
    message.overflowed ||= event.errorCode === ACCOUNT_BUSY;
  }
  if (event.type === "returned") message.returns.add(`${event.attempt}/${event.errorCode}`);
  if (event.type === "final") message.finals.add(event.state ?? "none");
  if (event.type === "final" && event.state === "unknown") message.unknownAt ??= appendedAt;
  if (event.type === "in_doubt") message.doubted.set(event.attempt, event.errorCode ?? "none");
  if (event.type === "submitted") {
    const provider = event.provider ?? "none";
    message.providers.add(provider);
    const ids = event.providerMessageIds.map((id) => receiptKey(provider, event.facts.to, canonicalId(id)));
    // One that only receipts have shown may have been taken in part.
    const parts = provider.startsWith("http") ? 1 : event.facts.segments;
    if (ids.length >= parts) message.submissions.push(ids);
    if (event.resubmitted !== null) message.reasons.add(`${event.attempt}/${event.resubmitted}`);
  }
}

/** How many attempts of a message were said to be in doubt because an earlier owner may have submitted them. */
export function takenOver({ doubted }: Pick<MessageAccount, "doubted">): number {
  let count = 0;
  for (const why of doubted.values()) if (why === TAKEOVER) count++;
  return count;
}

/** The same of all messages. */
export function takeovers({ messages }: Books): number {
  let count = 0;
  for (const message of messages.values()) count += takenOver(message);
  return count;
}

interface LedgerLine {
  readonly reference: string;
  readonly parts: readonly { readonly accepted: number; readonly received: number }[];
}

async function countSent(
  installation: Installation,
  messages: ReadonlyMap<string, MessageAccount>,
): Promise<Map<string, string[]>> {
  const arrivals = new Map<string, string[]>();
  for (const [provider, url] of Object.entries(installation.simulators)) {
    const order: string[] = [];
    for (const { reference, parts } of await readLedger(url)) {
      order.push(reference);
      const message = messages.get(reference);
      if (message === undefined) continue;
      message.sent += Math.max(...parts.map(({ accepted }) => accepted));
      const taken = parts.filter(({ accepted }) => accepted > 0).length;
      message.whole ||= taken >= (provider.startsWith("http") ? 1 : Math.max(1, message.segments));
    }
    arrivals.set(provider, order);
  }
  return arrivals;
}

/** Submissions (parts) that all providers have received, accepted or not. */
export async function submissionsReceived({ simulators }: Installation): Promise<number> {
  const counts = await Promise.all(
    Object.values(simulators).map(async (url) => {
      const response = await fetch(`${url}/stats`);
      return ((await response.json()) as { submits: { received: number } }).submits.received;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function readLedger(url: string): Promise<LedgerLine[]> {
  const response = await fetch(`${url}/ledger`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LedgerLine).filter(({ reference }) => reference !== undefined);
}
