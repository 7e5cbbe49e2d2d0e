import type { IncomingMessage } from "node:http";
import { type ConsentWord, isRecipientsStart, isRecipientsStop } from "../../../../domain/consent/consent-word.ts";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";
import { checkWebhook } from "../../../../platform/http/signed-webhook.ts";
import type { Account } from "../../access/api-keys.ts";
import { readContactChanges } from "../../consent/read-contact-changes.ts";
import { type ReadSuppressions, readSuppressions, type SuppressionWord } from "../../consent/read-suppressions.ts";
import { requireAdmitted, unavailable } from "./acceptance-problems.ts";
import { readJsonBody } from "./json-body.ts";
import { invalidQuery } from "./query-parameters.ts";
import type { RestContext } from "./rest-context.ts";

/** Bytes of a batch's body. */
const BODY_LIMIT = 2 * 1024 * 1024;
/** Of a batch so many count as one message against the account's rate: they are cheaper, and a list is long. */
const WORDS_A_MESSAGE = 100;
/** Suppressions of one page. */
export const PAGE = { usual: 100, most: 1_000 } as const;

/** How a recipient stands. */
export interface SuppressionAnswer {
  readonly number: string;
  readonly suppressed: boolean;
  /** Whether the word that holds is for this account or for all of them. */
  readonly scope?: "account" | "all";
  readonly source?: string;
  /** RFC 3339, UTC. */
  readonly at?: string;
}

/** `GET /v1/suppressions/{number}`. @throws ProblemError 400, 503 */
export async function getSuppression(
  context: RestContext,
  account: Account,
  number: string,
): Promise<SuppressionAnswer> {
  const found = await context.suppressions.find(account, numberOf(number));
  if (found === undefined) throw notRead();
  const { destination, optOut, own } = found;
  const scope = optOut === undefined ? undefined : own?.state === "opted_out" ? "account" : "all";
  return {
    number: `+${destination}`,
    suppressed: optOut !== undefined,
    ...(scope === undefined ? {} : { scope }),
    ...told(optOut ?? own),
  };
}

/** `PUT` and `DELETE /v1/suppressions/{number}`: answered when Kafka has it. @throws ProblemError 400, 409, 429, 503 */
export async function putSuppression(
  context: RestContext,
  account: Account,
  number: string,
  suppressed: boolean,
): Promise<SuppressionAnswer> {
  const destination = numberOf(number);
  requireAdmitted(context.acceptor.charge(account, 1));
  const found = await context.suppressions.find(account, destination);
  if (account.optOut?.liftedByAccount !== true) {
    if (found === undefined && !suppressed) throw notRead();
    if (isRecipientsStop(found?.own)) {
      if (!suppressed) throw recipientSaidStop();
      // Not the account's word in its place, which the account could lift.
      return { number: `+${destination}`, suppressed, scope: "account", ...told(found?.own) };
    }
  }
  const closed = found?.own?.state === "opted_out" ? undefined : found?.optOut;
  const stays = !suppressed && isRecipientsStart(found?.own);
  // Behind what stands there, also where that says a time a little ahead.
  const at = Math.max(context.suppressions.now(), (found?.own?.at ?? 0) + 1);
  const word: SuppressionWord = { destination, state: suppressed ? "opted_out" : "opted_in", at };
  if (!stays) await store(context, account, [word], "api");
  // What is closed for all accounts stays closed: an account cannot lift it.
  if (!suppressed && closed !== undefined)
    return { number: `+${destination}`, suppressed: true, scope: "all", ...told(closed) };
  return { number: `+${destination}`, suppressed, ...told(stays ? found?.own : { source: "api", at }) };
}

/** What became of a batch. */
export interface StoredSuppressions {
  readonly stored: number;
  /** Recipients who should be written to again, and have said stop themselves. */
  readonly kept?: readonly SuppressionAnswer[];
}

/** `POST /v1/suppressions`: all of them or, where one is wrong, none. @throws ProblemError 400, 413, 415, 429, 503 */
export async function postSuppressions(
  context: RestContext,
  account: Account,
  request: IncomingMessage,
): Promise<StoredSuppressions> {
  if (!context.suppressions.open()) throw unavailable();
  const body = await readJsonBody(request, BODY_LIMIT, context.bodies);
  try {
    return await storeAll(context, account, readSuppressions(body.value, context.suppressions.now()), "api");
  } finally {
    body.done();
  }
}

/** `POST /v1/webhooks/{account}/suppressions`: what a CRM says, signed. @throws ProblemError 400, 401, 413, 415, 429, 503 */
export async function postWebhook(
  context: RestContext,
  accountId: string,
  request: IncomingMessage,
): Promise<StoredSuppressions> {
  const { suppressions, webhooks, bodies } = context;
  if (!suppressions.open()) throw unavailable();
  const sender = webhooks.of(accountId);
  let at = 0;
  const body = await readJsonBody(request, BODY_LIMIT, bodies, (octets) => {
    const checked = checkWebhook(sender?.secret, request.headers, octets, suppressions.now());
    if (!checked.ok) throw notSigned(checked.reason);
    at = checked.at;
  });
  try {
    const now = suppressions.now();
    const read = readSuppressions(readContactChanges(body.value), now, Math.min(at, now));
    return await storeAll(context, sender!.account, read, "webhook");
  } finally {
    body.done();
  }
}

async function storeAll(
  context: RestContext,
  account: Account,
  read: ReadSuppressions,
  source: "api" | "webhook",
): Promise<StoredSuppressions> {
  if (!read.ok) throw invalid(read.problems);
  const { words } = read;
  requireAdmitted(context.acceptor.charge(account, Math.ceil(words.length / WORDS_A_MESSAGE)));
  const { said, isKnown } = await context.suppressions.saidByRecipients(account, words);
  const outs = new Set(words.flatMap(({ destination, state }) => (state === "opted_out" ? [destination] : [])));
  // To stop, nothing need be known.
  if (words.some((word) => word.state === "opted_in" && !isKnown(word))) throw notRead();
  const others = words.filter(({ destination }) => {
    const last = said.get(destination);
    return !(isRecipientsStop(last) || (isRecipientsStart(last) && !outs.has(destination)));
  });
  if (others.length > 0) await store(context, account, others, source);
  const wanted = new Set(words.flatMap(({ destination, state }) => (state === "opted_in" ? [destination] : [])));
  const kept = [...said].flatMap(([destination, word]): SuppressionAnswer[] =>
    isRecipientsStop(word) && wanted.has(destination)
      ? [{ number: `+${destination}`, suppressed: true, scope: "account", ...told(word) }]
      : [],
  );
  const stored = words.length - kept.length;
  return kept.length === 0 ? { stored } : { stored, kept };
}

/** `GET /v1/suppressions`: who is suppressed for the account alone, a page of it. @throws ProblemError 400, 503 */
export async function listSuppressions(
  context: RestContext,
  account: Account,
  query: { readonly after?: unknown; readonly limit?: unknown },
): Promise<{ suppressions: SuppressionAnswer[]; next?: string }> {
  const limit = query.limit === undefined ? PAGE.usual : Number(query.limit);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= PAGE.most))
    throw invalidQuery({
      ...{ field: "limit", code: "number-out-of-range" },
      message: `a whole number from 1 to ${PAGE.most}`,
    });
  const after = typeof query.after === "string" ? query.after : undefined;
  if (query.after !== undefined && after === undefined) throw notAfter("next of a page");
  const page = await context.suppressions.list(account, after, limit);
  if (page === "invalid") throw notAfter("next of a page, as it was given");
  if (page === undefined) throw notRead();
  const suppressions = page.entries.map(({ destination, word }) => ({
    number: `+${destination}`,
    suppressed: true,
    scope: "account" as const,
    ...told(word),
  }));
  return page.next === undefined ? { suppressions } : { suppressions, next: page.next };
}

async function store(
  context: RestContext,
  account: Account,
  words: readonly SuppressionWord[],
  source: "api" | "webhook",
): Promise<void> {
  // Whether Kafka has it or not: to say it again does no harm.
  if ((await context.suppressions.say(account, words, source)) !== "stored") throw unavailable();
}

function told(word: Pick<ConsentWord, "source" | "at"> | undefined): { source?: string; at?: string } {
  return word === undefined ? {} : { source: word.source, at: new Date(word.at).toISOString() };
}

/** @throws ProblemError 400 */
function numberOf(text: string): string {
  const parsed = parseDestination(text.trim());
  if (parsed.ok) return parsed.e164;
  throw invalid([{ field: "number", code: parsed.code, message: parsed.reason }]);
}

function invalid(errors: readonly FieldProblem[]): ProblemError {
  return new ProblemError({ status: 400, code: "INVALID_SUPPRESSION", title: "The suppression is not valid", errors });
}

function notAfter(message: string): ProblemError {
  return invalidQuery({ field: "after", code: "cursor-invalid", message });
}

function notRead(): ProblemError {
  return new ProblemError(
    {
      status: 503,
      code: "UNAVAILABLE",
      title: "What recipients have said cannot be looked up at the moment",
      detail: "this instance's copy of it is not complete yet; repeat the request after the time in Retry-After",
    },
    { headers: { "retry-after": "1" } },
  );
}

function recipientSaidStop(): ProblemError {
  return new ProblemError({
    status: 409,
    code: "RECIPIENT_SAID_STOP",
    title: "The recipient has said stop",
    detail:
      "by a message; the recipient alone lifts it, by START to the same number. An account that has its recipients' consent in another way may lift it with optOut.liftedByAccount in the catalog",
  });
}

function notSigned(detail: string): ProblemError {
  return new ProblemError({ status: 401, code: "UNAUTHORIZED", title: "The signature is not valid", detail });
}
