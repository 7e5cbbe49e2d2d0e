import type { Lane } from "../../../domain/message/lane.ts";
import { isMessageId, messageIdFromKey, messageIdTime } from "../../../domain/message/message-id.ts";
import {
  type FieldProblem,
  REQUEST_FIELDS,
  type ValidRequest,
  validateSendRequest,
} from "../../../domain/message/validation.ts";
import { factsOf } from "../../../domain/routing/message-facts.ts";
import type { RouteTable } from "../../../domain/routing/route-table.ts";
import { senderFault } from "../../../domain/routing/sender-fault.ts";
import type { Encoding } from "../../../domain/text/encoding.ts";
import { type Ucs2Cause, ucs2Cause } from "../../../domain/text/fewer-segments.ts";
import { traceHeaders } from "../../../pipeline/traces/message-trace.ts";
import type { MessageTraces } from "../../../pipeline/traces/message-traces.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { TraceContext } from "../../../platform/telemetry/trace-context.ts";
import type { ReceiptTo, SendRequest } from "../../../schemas/generated/types.ts";
import { requestTopic } from "../../../schemas/topics.ts";
import type { Account } from "./api-keys.ts";
import { type Claimed, fingerprintOf, type IdempotencyMemory } from "./idempotency-memory.ts";

/** The fields of a message as a door hands it over; `to` and `text` are required. */
export const MESSAGE_FIELDS = [...REQUEST_FIELDS, "id", "idempotencyKey"] as const;

/** Most problems reported for one message: a client's mistake must not make the answer larger than the request. */
export const MAX_PROBLEMS = 20;

const IDEMPOTENCY_KEY = /^[ -~]{1,255}$/;

/** What a door knows of a message that no client can say. */
export interface DoorFacts {
  /** The message's id, new, and told to nobody but the client; undefined: as without a door. */
  readonly id: string | undefined;
  /** Where its receipts go, beside the callbacks; null: nowhere. */
  readonly receiptTo: ReceiptTo | null;
  /** What its record carries beside what every one does. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the client is told about an accepted message. */
export interface AcceptedMessage {
  readonly id: string;
  readonly status: "accepted";
  /** E.164 with the plus. */
  readonly to: string;
  readonly lane: Lane;
  readonly encoding: Encoding;
  readonly segments: number;
  /** What its text in the GSM alphabet saved; absent: it is sent as it was given. */
  readonly segmentsSaved?: number;
  /** Why it is sent in UCS-2; absent in the GSM alphabet. */
  readonly ucs2?: Ucs2Cause;
  readonly reference?: string;
  /** When it is to be sent, RFC 3339; absent: at once. */
  readonly sendAt?: string;
}

/** A message that can be written to Kafka. */
export interface PreparedMessage {
  readonly status: "prepared";
  readonly record: OutRecord;
  readonly answer: AcceptedMessage;
  /** The sender that it names. */
  readonly from: string | undefined;
  /** The key that this message was the first to claim. */
  readonly claimed: Claimed | undefined;
  /** The trace that it is in; undefined: none. */
  readonly trace: AcceptedTrace | undefined;
}

/** `client`: the trace that its request was sent in. */
export interface AcceptedTrace {
  readonly own: TraceContext;
  readonly client: TraceContext | undefined;
}

/** A message that will not be written, whatever Kafka does. */
export interface RejectedMessage {
  readonly status: "rejected";
  /** `conflict`: valid in itself, but its key or id stands for another message. */
  readonly kind: "invalid" | "conflict";
  readonly problems: readonly FieldProblem[];
}

export interface IntakeOptions {
  /** The installation's partition count: the record's partition follows from its destination. */
  readonly partitions: number;
  readonly encode: (request: SendRequest) => Buffer;
  readonly newMessageId: (nowMs: number) => string;
  readonly memory: IdempotencyMemory;
  /** The routes as they are now, to refuse a sender that none of their providers carries; without them that is found out later. */
  readonly routes?: () => RouteTable | undefined;
  readonly traces?: Pick<MessageTraces, "accepts"> | undefined;
}

/** The moment of a request, in the two clocks. */
export interface Moment {
  /** Epoch ms: what is written into records. */
  readonly wall: number;
  /** Monotonic ms: what durations are measured by. */
  readonly monotonic: number;
}

/** Turns a message as a door hands it over into the record of its lane's topic, or into what is wrong with it. No I/O. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /**
   * @param requestKey the key that the request as a whole gave this message; the message's own wins.
   * @param client the trace that the request was sent in, where that is sampled.
   * @param door what the door itself gives it; its id is in place of one that is given or made.
   * @param timeGiven as in `Offer`.
   */
  prepare(
    item: unknown,
    account: Account,
    now: Moment,
    requestKey?: string,
    client?: TraceContext,
    door?: DoorFacts,
    timeGiven?: string,
  ): PreparedMessage | RejectedMessage {
    const identity = readIdentity(item, requestKey);
    const problems = identity.problems;
    const validation = validateSendRequest(identity.request, { acceptedAt: now.wall });
    if (!validation.ok) problems.push(...validation.problems.map(namingOurFields));
    else {
      checkLane(validation.request.lane, account, problems);
      this.#checkSender(validation.request, account, now.wall, problems);
    }
    if (!validation.ok || problems.length > 0) return invalid(problems);

    const { request } = validation;
    const { key } = identity;
    let claimed: Claimed | undefined;
    if (key !== undefined || identity.id !== undefined) {
      const name = key === undefined ? { owner: "", key: identity.id! } : { owner: account.id, key };
      const claim = this.#options.memory.claim(name, fingerprintOf(request, timeGiven), now.monotonic);
      if (claim === "different") return conflict(key === undefined ? "id" : "idempotencyKey");
      if (claim === "new") claimed = name;
    }
    const id = door?.id ?? identity.id ?? this.#messageId(account.id, key, request.destination, now.wall);
    const own = this.#options.traces?.accepts(id, client);
    return {
      status: "prepared",
      record: this.#record(id, request, account.id, now.wall, own, door),
      answer: accepted(id, request),
      from: request.from,
      claimed,
      trace: own === undefined ? undefined : { own, client },
    };
  }

  /**
   * The destination is part of what a derived id stands for: a repeat is recognised in the destination's partition, so
   * one key used for two destinations must not give two messages one id.
   */
  #messageId(accountId: string, key: string | undefined, destination: string, nowMs: number): string {
    return key === undefined
      ? this.#options.newMessageId(nowMs)
      : messageIdFromKey(accountId, `${key}\n${destination}`);
  }

  #checkSender(request: ValidRequest, account: Account, at: number, problems: FieldProblem[]): void {
    const routes = this.#options.routes?.();
    const from = request.from ?? account.from;
    if (routes === undefined || from === undefined) return;
    const fault = senderFault(routes, factsOf({ ...request, from }, account.id, at));
    if (fault === undefined) return;
    const whose = request.from === undefined ? `; it is the account's own, ${from}` : "";
    problems.push({ field: "from", code: fault.code, message: `${fault.reason}${whose}` });
  }

  #record(
    id: string,
    request: ValidRequest,
    accountId: string,
    nowMs: number,
    trace: TraceContext | undefined,
    door: DoorFacts | undefined,
  ): OutRecord {
    const value = this.#options.encode({
      messageId: id,
      accountId,
      to: request.destination,
      from: request.from ?? null,
      text: request.given.text,
      transliterate: request.given.transliterate,
      validitySeconds: request.validitySeconds,
      reference: request.reference ?? null,
      callbackUrl: request.callbackUrl ?? null,
      metadata: request.metadata ?? {},
      acceptedAt: nowMs,
      sendAt: request.sendAt ?? null,
      receiptTo: door?.receiptTo ?? null,
    });
    return {
      topic: requestTopic(request.lane),
      partition: partitionFor(request.destination, this.#options.partitions),
      key: request.destination,
      value,
      headers: { id, ...door?.headers, ...traceHeaders(trace) },
    };
  }
}

/** Reads a key that came beside the message, in the `field` of the request that a problem is to name. */
export function readIdempotencyKey(given: string, field: string): string | FieldProblem {
  return IDEMPOTENCY_KEY.test(given) ? given : keyProblem(field);
}

interface Identity {
  /** The item without what is only ours: what the domain validates. */
  readonly request: unknown;
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly problems: FieldProblem[];
}

function readIdentity(item: unknown, requestKey: string | undefined): Identity {
  const problems: FieldProblem[] = [];
  if (typeof item !== "object" || item === null || !("id" in item || "idempotencyKey" in item)) {
    return { request: item, id: undefined, key: requestKey, problems };
  }
  const { id, idempotencyKey, ...request } = item as Record<string, unknown>;
  if (id !== undefined && id !== null && !isFreshMessageId(id)) {
    const message = "a UUIDv7 in lower case, such as the id of an earlier answer; for other keys use Idempotency-Key";
    problems.push({ field: "id", code: "id-invalid", message });
  }
  if (idempotencyKey !== undefined && idempotencyKey !== null) {
    if (typeof idempotencyKey !== "string" || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      problems.push(keyProblem("idempotencyKey"));
    }
  }
  const key = typeof idempotencyKey === "string" ? idempotencyKey : requestKey;
  // One of them decides which message a repeat is: with both, the same key would be two messages under two ids.
  if (typeof id === "string" && key !== undefined)
    problems.push({ field: "id", code: "id-and-key", message: "give either an id or an idempotency key, not both" });
  return { request, id: typeof id === "string" ? id : undefined, key, problems };
}

/** Ids derived from keys (UUIDv8) are not for clients to choose: they could be computed for another account's keys. */
function isFreshMessageId(id: unknown): boolean {
  return typeof id === "string" && isMessageId(id) && messageIdTime(id) !== undefined;
}

function checkLane(lane: Lane, account: Account, problems: FieldProblem[]): void {
  if (account.lanes === undefined || account.lanes.includes(lane)) return;
  problems.push({ field: "lane", code: "lane-not-allowed", message: `this account has ${account.lanes.join(", ")}` });
}

function accepted(id: string, request: ValidRequest): AcceptedMessage {
  const { destination, lane, encoding, segments, segmentsSaved, reference, sendAt } = request;
  const answer = { id, status: "accepted", to: `+${destination}`, lane, encoding, segments } as const;
  const ucs2 = encoding === "ucs2" ? ucs2Cause(request.text) : undefined;
  return {
    ...answer,
    ...(segmentsSaved > 0 && { segmentsSaved }),
    ...(ucs2 !== undefined && { ucs2 }),
    ...(reference !== undefined && { reference }),
    ...(sendAt !== undefined && { sendAt: new Date(sendAt).toISOString() }),
  };
}

function namingOurFields(problem: FieldProblem): FieldProblem {
  if (problem.code !== "field-unknown") return problem;
  return { ...problem, field: problem.field.slice(0, 64), message: `known fields: ${MESSAGE_FIELDS.join(", ")}` };
}

function keyProblem(field: string): FieldProblem {
  return { field, code: "idempotency-key-invalid", message: "1 to 255 printable ASCII characters" };
}

function invalid(problems: readonly FieldProblem[]): RejectedMessage {
  return { status: "rejected", kind: "invalid", problems: problems.slice(0, MAX_PROBLEMS) };
}

function conflict(field: "id" | "idempotencyKey"): RejectedMessage {
  const message = "it was used for another message before; use a new one for a new message";
  return { status: "rejected", kind: "conflict", problems: [{ field, code: "idempotency-conflict", message }] };
}
