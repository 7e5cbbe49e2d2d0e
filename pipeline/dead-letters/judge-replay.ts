import { hash } from "node:crypto";
import { messageIdFromKey } from "../../domain/message/message-id.ts";
import { sendAtText } from "../../domain/message/send-at.ts";
import { validateSendRequest } from "../../domain/message/validation.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { extractTrace } from "../../platform/telemetry/trace-context.ts";
import type { Callback, Dispatch, Lane, Receipt, Retry, SendRequest } from "../../schemas/generated/types.ts";
import { providerOfTopic } from "../../schemas/groups.ts";
import { DOUBT_TOPIC, LANES, requestTopic } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { isCutLetter } from "../records/dead-letter.ts";
import { implausibleDispatch, implausibleReceipt, implausibleRetry } from "../records/plausible.ts";
import { traceHeaders, traceOfMessage } from "../traces/message-trace.ts";
import { ownerOf, type ReadContent } from "./letter-content.ts";
import type { KnownEvent, MessageKey } from "./message-history.ts";
import { type Claim, type Letter, placeText, REPLAY_OF, REPLAYED_SOURCE } from "./replay-mark.ts";

/** Why a letter is not replayed. */
export type RefusalCode =
  /** Nothing that acts on its records, or an event, which says what has happened. */
  | "not-replayable"
  /** Not all of the record was kept, or it is too large. */
  | "cut"
  | "too-large"
  /** It would be put aside again, for the same reason. */
  | "undecodable"
  | "invalid"
  | "replayed"
  | "replaying"
  /** The record, or an earlier replay of it, has not been dealt with yet. */
  | "waiting"
  /** The message has ended. */
  | "ended"
  | "expired"
  /** The message is being sent, or a provider has it. */
  | "under-way"
  /** The id stands for another text. */
  | "id-reused"
  /** Nothing is known of the message that it belongs to. */
  | "unknown-message";

export type Verdict =
  | { readonly ok: true; readonly record: OutRecord; readonly messageId: string | undefined; readonly note: string }
  | { readonly ok: false; readonly code: RefusalCode; readonly detail: string };

/** All that a verdict rests on. */
export interface Circumstances {
  readonly codecs: Pick<SluiceCodecs, "request" | "callback">;
  readonly content: ReadContent;
  readonly claim: Exclude<Claim, { readonly state: "interrupted" }>;
  /** Whether the reader of the record's topic has committed past it, and past an earlier replay. */
  readonly dealtWith: boolean;
  /** The same work is on its way: in the topic, or by another letter of it. */
  readonly onItsWay: boolean;
  /** Whether another letter's request goes out as this message. */
  readonly goesAlready: (key: MessageKey) => boolean;
  /** Partitions of the topic that it goes to; undefined where there is none. */
  readonly targetPartitions: number | undefined;
  /** Events of a message, in the log's order. */
  readonly eventsOf: (key: MessageKey) => readonly KnownEvent[];
  /** Submissions that a receipt may belong to. */
  readonly submissions: readonly KnownEvent[];
  /** Replays what has been replayed before. */
  readonly again: boolean;
  /** A request whose message has ended without a provider, or whose id stands for another text, goes out under a new id. */
  readonly asNew: boolean;
  readonly run: string;
  /** Epoch ms, by the brokers' clock. */
  readonly now: number;
}

/** Largest record that is written, octets: what the services' producers take. */
const MAX_RECORD_BYTES = 690_000;
const LANE_OF_TOPIC = new Map<string, Lane>(LANES.map((lane) => [requestTopic(lane), lane]));
/** After these the router has the message: a retry is what comes next. */
const GOES_BACK: ReadonlySet<string> = new Set(["returned", "postponed", "in_doubt", "rerouted"]);
/** With these a provider may have it. */
const AT_PROVIDER: ReadonlySet<string> = new Set(["submitted", "in_doubt", "receipt", "rerouted"]);

function refuse(code: RefusalCode, detail: string): Verdict {
  return { ok: false, code, detail };
}

/**
 * Whether the record of a letter may go back to its topic, and as what. It may when whoever put it aside would take it now, and
 * nothing else has happened to its message since: so nothing is sent twice.
 */
export function judgeReplay(letter: Letter, on: Circumstances): Verdict {
  const { content: of } = letter;
  const { claim, content } = on;
  if (claim.state === "replayed" && !on.again)
    return refuse("replayed", `replayed at ${timeText(claim.mark.storedAt)}`);
  if (claim.state === "taken") return refuse("replaying", `${claim.mark.run} is about to replay it`);
  if (!content.ok && content.code === "unknown-topic") return refuse("not-replayable", content.detail);
  if (content.ok && content.kind === "event")
    return refuse("not-replayable", "an event says what has happened, and no work; several services read it");
  if (isCutLetter(of)) return refuse("cut", "not all of the record was kept");
  if (on.targetPartitions === undefined || of.partition >= on.targetPartitions)
    return refuse("not-replayable", `there is no ${of.topic}/${of.partition} any more`);
  if (!content.ok) return refuse("undecodable", content.detail);
  // A callback waits in its topic by its key, and stands there once however often it is written.
  if (!on.dealtWith && content.kind !== "callback")
    return refuse("waiting", `what stands in ${of.topic}/${of.partition} has not been dealt with yet`);
  if (on.onItsWay) return refuse("waiting", "the same stands in its topic already, or goes there by another letter");
  const verdict = judgeContent(letter, content, on);
  if (verdict.ok && sizeOf(verdict.record) > MAX_RECORD_BYTES)
    return refuse("too-large", `more than ${MAX_RECORD_BYTES} octets`);
  return verdict;
}

function judgeContent(letter: Letter, content: Extract<ReadContent, { ok: true }>, on: Circumstances): Verdict {
  switch (content.kind) {
    case "request":
      return judgeRequest(letter, content.value, on);
    case "retry":
      return judgeRetry(letter, content.value, on);
    case "dispatch":
      return judgeDispatch(letter, content.value, on);
    case "receipt":
      return judgeReceipt(letter, content.value, on);
    case "callback":
      return judgeCallback(letter, content.value, on);
    default:
      // What an application tells is the same however often it is told.
      return back(letter, on, undefined, "told again");
  }
}

function judgeRequest(letter: Letter, request: SendRequest, on: Circumstances): Verdict {
  const { content: of } = letter;
  const { messageId, to } = ownerOf({ ok: true, kind: "request", value: request }, of) as MessageKey;
  const lane = LANE_OF_TOPIC.get(of.topic)!;
  const { from, reference, callbackUrl, validitySeconds: validity } = request;
  const optional = { from: from || null, reference: reference || null, callbackUrl: callbackUrl || null };
  const { text, transliterate, metadata } = request;
  const events = on.eventsOf({ messageId, to });
  const reused = of.reason === "id-reused";
  const asNew = on.asNew && (events.length > 0 || reused);
  // Its time runs from when it came in, as near as the letter tells; of a new message, from now.
  const acceptedAt = asNew ? on.now : (request.acceptedAt ?? of.at);
  const sendAt = asNew && isPast(request.sendAt, on.now) ? null : request.sendAt;
  const validation = validateSendRequest(
    {
      ...{ to: request.to, text, transliterate, lane, validity, metadata, ...optional },
      sendAt: sendAt === null ? null : sendAtText(sendAt),
    },
    { acceptedAt: Math.min(acceptedAt, on.now) },
  );
  if (!validation.ok)
    return refuse("invalid", validation.problems.map(({ field, code }) => `${field}: ${code}`).join("; "));
  if (asNew) return judgeAsNew(letter, { ...request, acceptedAt, sendAt }, { messageId, to }, events, reused, on);
  if (reused)
    return refuse("id-reused", `${messageId} stands for another text to this number (--as-new gives a new id)`);
  const known = whatBecame(events) ?? whatGoes({ messageId, to }, on);
  if (known !== undefined) return known;
  const end = Math.max(acceptedAt, sendAt ?? acceptedAt) + validation.request.validitySeconds * 1_000;
  if (end <= on.now) return refuse("expired", `its validity ended at ${timeText(end)}`);
  const asItIs = request.acceptedAt !== null && request.messageId === messageId;
  const value = asItIs ? of.value : on.codecs.request.encode({ ...request, messageId, acceptedAt });
  return back(letter, on, messageId, "sent as the message that it was", value);
}

/** What was handed in for a time that has passed goes out at once, as a new message. */
function isPast(sendAt: number | null, now: number): boolean {
  return sendAt !== null && sendAt <= now;
}

/** Under an id that follows from the request, so that it is one message however often it is replayed, and by however many letters of it. */
function judgeAsNew(
  letter: Letter,
  request: SendRequest,
  own: MessageKey,
  events: readonly KnownEvent[],
  reused: boolean,
  on: Circumstances,
): Verdict {
  if (!reused) {
    const last = events.at(-1)!;
    if (last.type !== "final") return refuse("under-way", `its last event is ${last.type}`);
    if (events.some(({ type }) => AT_PROVIDER.has(type)))
      return refuse("ended", `it ended as ${last.state}, and a provider may have had it`);
  }
  const { to } = own;
  const messageId = newIdOf(request, own);
  const known =
    whatBecame(on.eventsOf({ messageId, to })) ??
    whatBecame(on.eventsOf({ messageId: idOfPlace(letter, request), to })) ??
    whatGoes({ messageId, to }, on);
  if (known !== undefined) return known;
  const value = on.codecs.request.encode({ ...request, messageId });
  return back(letter, on, messageId, `sent as the new message ${messageId}`, value);
}

/**
 * The ids that `--as-new` may have sent a request under, to the same number; their events are to be known.
 * `own`: the message that it was.
 */
export function newIdsOf(letter: Letter, request: SendRequest, own: MessageKey): string[] {
  return [newIdOf(request, own), idOfPlace(letter, request)];
}

/**
 * The same for all letters of one request. Of what the router compares (account, sender, text) a few bits: they keep the texts of an id
 * that was used more than twice apart, and do not tell a code to whoever tries them all. Where they are the same for two texts, one is sent.
 */
function newIdOf({ accountId, from, text }: SendRequest, { messageId, to }: MessageKey): string {
  const said = hash("sha256", `${from ?? "\0"}\n${text}`, "hex").slice(0, 3);
  return messageIdFromKey(accountId, `replay\n${messageId}\n${to}\n${said}`);
}

/** What it was made of before, when two letters of one request had two ids. */
function idOfPlace(letter: Letter, { accountId }: SendRequest): string {
  return messageIdFromKey(accountId, `replay\n${placeText(letter)}`);
}

function whatGoes(key: MessageKey, on: Circumstances): Verdict | undefined {
  return on.goesAlready(key) ? refuse("waiting", "another letter of the same message goes back") : undefined;
}

/** Undefined for a message of which nothing is known. */
function whatBecame(events: readonly KnownEvent[]): Verdict | undefined {
  const last = events.at(-1);
  if (last === undefined) return undefined;
  const final = events.findLast(({ type }) => type === "final");
  if (final !== undefined) return refuse("ended", `the message ended as ${final.state}, and an id ends once`);
  return refuse("under-way", `the message is under way: its last event is ${last.type}`);
}

function judgeRetry(letter: Letter, retry: Retry, on: Circumstances): Verdict {
  const wrong = implausibleRetry(retry);
  if (wrong !== undefined) return refuse("invalid", wrong);
  const { messageId, to } = retry.facts;
  const doubt = letter.content.topic === DOUBT_TOPIC;
  const next = (last: KnownEvent) =>
    last.attempt === retry.attempt - 1 && (doubt ? last.type === "in_doubt" : GOES_BACK.has(last.type));
  return judgeNext(on.eventsOf({ messageId, to }), next) ?? back(letter, on, messageId, `attempt ${retry.attempt}`);
}

function judgeDispatch(letter: Letter, dispatch: Dispatch, on: Circumstances): Verdict {
  const { provider, attempt, facts } = dispatch;
  const wrong = implausibleDispatch(dispatch);
  if (wrong !== undefined) return refuse("invalid", wrong);
  if (provider !== providerOfTopic(letter.content.topic)) return refuse("invalid", "provider: another one's topic");
  const { messageId, to } = facts;
  const next = (last: KnownEvent) => last.type === "routed" && last.attempt === attempt && last.provider === provider;
  return judgeNext(on.eventsOf({ messageId, to }), next) ?? back(letter, on, messageId, `handed to ${provider} again`);
}

/** Undefined when the last that happened to the message is what the record follows from. */
function judgeNext(events: readonly KnownEvent[], follows: (last: KnownEvent) => boolean): Verdict | undefined {
  const last = events.at(-1);
  if (last === undefined) return refuse("unknown-message", "no event of its message is known");
  if (follows(last) && !events.some(({ type }) => type === "final")) return undefined;
  return whatBecame(events);
}

function judgeReceipt(letter: Letter, receipt: Receipt, on: Circumstances): Verdict {
  const wrong = implausibleReceipt(receipt);
  if (wrong !== undefined) return refuse("invalid", wrong);
  if (on.submissions.length === 0)
    return refuse("unknown-message", "no submission with the receipt's id (providerMessageId) is known");
  const open = on.submissions.find((submission) => !on.eventsOf(submission).some(({ type }) => type === "final"));
  if (open === undefined) return whatBecame(on.eventsOf(on.submissions[0]!))!;
  return back(letter, on, open.messageId, `the receipt of ${open.messageId}`);
}

/** It is told under the id that it had, as if it had just happened: what has been told of its message since is not taken back. */
function judgeCallback(letter: Letter, callback: Callback, on: Circumstances): Verdict {
  if (letter.content.headers.endpoint === undefined) return refuse("invalid", "endpoint: the header is missing");
  const value = on.codecs.callback.encode({ ...callback, since: on.now, attempts: 0, failure: null });
  const verdict = back(letter, on, callback.messageId, "told again", value);
  if (verdict.ok) Object.assign(verdict.record.headers!, { due: String(on.now), since: String(on.now) });
  return verdict;
}

/** The record as it goes back to where it was. */
function back(
  letter: Letter,
  on: Circumstances,
  messageId: string | undefined,
  note: string,
  value: Buffer | null = letter.content.value,
): Verdict {
  const { topic, partition, key, headers: kept } = letter.content;
  const headers = Object.create(null) as Record<string, string | Buffer>;
  const dispatched = providerOfTopic(topic) !== undefined;
  // A sender drops what is not above the highest source position that it has seen, and the sink of conversions a known id.
  const renamed = new Map(dispatched ? [["src", REPLAYED_SOURCE]] : []);
  for (const [name, bytes] of Object.entries(kept)) headers[renamed.get(name) ?? name] = bytes;
  // Whoever tries it again wants to see what becomes of it.
  if (messageId !== undefined && extractTrace(headers) === undefined)
    Object.assign(headers, traceHeaders(traceOfMessage(messageId)));
  headers[REPLAY_OF] = `${placeText(letter)}/${on.run}`;
  if (on.content.ok && on.content.kind === "conversion") headers.id = `replay/${placeText(letter)}/${on.run}`;
  return { ok: true, record: { topic, partition, key, value, headers }, messageId, note };
}

function sizeOf({ key, value, headers = {} }: OutRecord): number {
  const ofHeaders = Object.entries(headers).reduce((sum, [name, bytes]) => sum + name.length + bytes.length, 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders;
}

/** Anybody may write a time into a record, and not every number is one. */
function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString();
}
