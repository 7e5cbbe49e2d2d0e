import type { Lane } from "../../../domain/message/lane.ts";
import { messageIdFromKey } from "../../../domain/message/message-id.ts";
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
import type { Account } from "../access/api-keys.ts";
import { fingerprintOf, ofAccount } from "./idempotency/fingerprint.ts";
import type { Key } from "./idempotency/key-name.ts";
import { keyOf, readIdentity } from "./idempotency/message-identity.ts";
import type { Known, RequestKeys } from "./idempotency/request-keys.ts";
import type { Moment } from "./moment.ts";

/** The fields of a message as a door hands it over; `to` and `text` are required. */
export const MESSAGE_FIELDS = [...REQUEST_FIELDS, "id", "idempotencyKey"] as const;

/** Most problems reported for one message: a client's mistake must not make the answer larger than the request. */
export const MAX_PROBLEMS = 20;

/** What is valid now, and was not when its batch came first. */
const REJECTED_BEFORE: FieldProblem = {
  field: "idempotencyKey",
  code: "rejected-before",
  message: "it was rejected when the batch came first with this key; send it under another one",
};

/** What a door knows of a message that no client can say. */
export interface DoorFacts {
  /** The message's id, new, and told to nobody but the client; undefined: as without a door. */
  readonly id: string | undefined;
  /** Where its receipts go, beside the callbacks; null: nowhere. */
  readonly receiptTo: ReceiptTo | null;
  /** What its record carries beside what every one does. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message as it came in at a door. */
export interface Offer {
  /** What was given as its fields; whatever that is, it is judged. */
  readonly message: unknown;
  /** The key that the request as a whole gave this message; the message's own wins. */
  readonly key?: string | undefined;
  /** Whether the request's key stands for more than this message: then the message's id is made of it, and it is looked up by whoever has the request as a whole. */
  readonly part?: boolean | undefined;
  /** The trace that its request was sent in, where that is sampled. */
  readonly trace?: TraceContext | undefined;
  /** What its door itself knows of it. */
  readonly door?: DoorFacts | undefined;
  /** How its time was given, where that counts from now: each repeat comes to another `sendAt`, and is the same message all the same. */
  readonly timeGiven?: string | undefined;
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
  /** The key, or id, that it came under; undefined: none, or its batch's. */
  readonly keyed: Keyed | undefined;
  /** Whether its batch's key stands for it. */
  readonly isPart: boolean;
  /** The trace that it is in; undefined: none. */
  readonly trace: AcceptedTrace | undefined;
}

export interface Keyed {
  readonly key: Key;
  readonly fingerprint: string;
  /** Undefined: the key is new. Else it stands for this very message. */
  readonly known: Known | undefined;
}

/** What a message of a batch came to when the batch came first. */
export interface Earlier {
  /** Epoch ms. */
  readonly at: number;
  readonly rejected: boolean;
}

/** Whether the message is a repeat cannot be told at the moment. */
export interface UnknowableMessage {
  readonly status: "unknowable";
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
  readonly keys: Pick<RequestKeys, "find">;
  /** The routes as they are now, to refuse a sender that none of their providers carries; without them that is found out later. */
  readonly routes?: () => RouteTable | undefined;
  readonly traces?: Pick<MessageTraces, "accepts"> | undefined;
}

/** Turns a message as a door hands it over into the record of its lane's topic, or into what is wrong with it. No I/O. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A repeat is judged as of the moment at which its message was accepted, so that it comes to the same. */
  prepare(
    offer: Offer,
    account: Account,
    now: Moment,
    earlier?: Earlier,
  ): PreparedMessage | RejectedMessage | UnknowableMessage {
    const identity = readIdentity(offer.message, offer.key);
    const { problems } = identity;
    const isPart = offer.part === true && !identity.ownKey;
    const name = problems.length > 0 || isPart ? undefined : keyOf(identity, account.id);
    const known = name === undefined ? undefined : this.#options.keys.find(name, now);
    if (known === "unknowable") return { status: known };
    const before = isPart ? earlier : known && { at: known.at, rejected: false };
    const acceptedAt = before?.at ?? now.wall;
    // A time that counts from each request is judged by that request.
    const judgedAt = offer.timeGiven === undefined ? acceptedAt : now.wall;
    const validation = validateSendRequest(identity.request, { acceptedAt: judgedAt });
    if (!validation.ok) problems.push(...validation.problems.map(namingOurFields));
    else if (before?.rejected !== false) {
      checkLane(validation.request.lane, account, problems);
      this.#checkSender(validation.request, account, now.wall, problems);
      if (before !== undefined && problems.length === 0) problems.push(REJECTED_BEFORE);
    }
    if (!validation.ok || problems.length > 0) return invalid(problems);

    const { request } = validation;
    const fingerprint = name === undefined ? "" : this.#fingerprint(name, request, account, offer);
    if (known !== undefined && known.fingerprint !== fingerprint)
      return conflict(identity.id === undefined ? "idempotencyKey" : "id");
    const { door, trace: client } = offer;
    const id = door?.id ?? identity.id ?? this.#messageId(account.id, identity.key, request.destination, acceptedAt);
    const own = this.#options.traces?.accepts(id, client);
    return {
      status: "prepared",
      record: this.#record(id, request, account.id, acceptedAt, own, door),
      answer: accepted(id, request),
      from: request.from,
      keyed: name === undefined ? undefined : { key: name, fingerprint, known },
      isPart,
      trace: own === undefined ? undefined : { own, client },
    };
  }

  /** An id is nobody's own: it stands for one account's message. */
  #fingerprint({ owner }: Key, request: ValidRequest, account: Account, { timeGiven }: Offer): string {
    const fingerprint = fingerprintOf(request, timeGiven);
    return owner === "" ? ofAccount(account.id, fingerprint) : fingerprint;
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

function invalid(problems: readonly FieldProblem[]): RejectedMessage {
  return { status: "rejected", kind: "invalid", problems: problems.slice(0, MAX_PROBLEMS) };
}

function conflict(field: "id" | "idempotencyKey"): RejectedMessage {
  const message = "it was used for another message before; use a new one for a new message";
  return { status: "rejected", kind: "conflict", problems: [{ field, code: "idempotency-conflict", message }] };
}
