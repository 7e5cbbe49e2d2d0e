import type { IncomingMessage } from "node:http";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { extractTrace } from "../../../../platform/telemetry/trace-context.ts";
import type { AcceptOutcome } from "../../acceptance/accept-outcome.ts";
import { readIdempotencyKey } from "../../acceptance/idempotency/message-identity.ts";
import type { RejectedMessage } from "../../acceptance/intake.ts";
import type { Account } from "../../access/api-keys.ts";
import { inProgress, requireAdmitted, unavailable } from "./admission.ts";
import { created, type MessageResource, rfc2822 } from "./message-resource.ts";
import { withForm } from "./parameters.ts";
import { CREATE_PARAMETERS, type CreateRequest, readCreate } from "./read-create.ts";
import type { TwilioContext } from "./twilio-context.ts";
import { CODES, type TwilioCode, TwilioFault } from "./twilio-fault.ts";

/**
 * `POST Messages.json`: one message, answered when all in-sync replicas have it.
 * @throws TwilioFault
 */
export async function createMessage(
  context: TwilioContext,
  account: Account,
  request: IncomingMessage,
): Promise<MessageResource> {
  requireAdmitted(context.acceptor.admit(account, 1));
  const key = idempotencyKeyOf(request);
  return await withForm(request, context.bodies, CREATE_PARAMETERS, async (parameters) => {
    const wanted = readCreate(parameters, account);
    requireConsent(context, account, wanted);
    const trace = extractTrace(request.headers);
    return answerOf(account, wanted, await context.acceptor.accept(account, [{ message: wanted.message, key, trace }]));
  });
}

/** What is known here of the recipient's stop; the router has the last word, and ends such a message with the same code. */
function requireConsent({ suppressions }: TwilioContext, account: Account, { message, lane }: CreateRequest): void {
  const { lanes } = account.optOut ?? {};
  if (lanes !== undefined && !lanes.includes(lane)) return;
  const to = parseDestination(String(message.to));
  if (!to.ok || suppressions.knownOptOut(account, to.e164) === undefined) return;
  throw new TwilioFault(400, CODES.optedOut, "To: the recipient has opted out of this account's messages");
}

function answerOf(
  account: Account,
  { body, service, message }: CreateRequest,
  accepted: AcceptOutcome,
): MessageResource {
  if (accepted.outcome === "refused") throw unavailable("Messages cannot be accepted at the moment: nothing was done");
  if (accepted.outcome === "in-progress") throw inProgress(accepted.waitSeconds);
  if (accepted.outcome === "conflict") throw conflict();
  const result = accepted.results[0]!;
  if (result.status === "rejected") throw rejected(result);
  if (accepted.outcome === "unknown")
    throw unavailable(
      "It is not known whether the message was accepted: repeat the request with the same I-Twilio-Idempotency-Token, if it had one, and it is not sent twice",
    );
  const now = rfc2822(accepted.acceptedAt);
  return {
    ...created(account.id, result.id),
    body,
    date_created: now,
    date_sent: null,
    date_updated: now,
    error_code: null,
    error_message: null,
    from: String(message.from ?? account.from ?? "") || null,
    messaging_service_sid: service?.sid ?? null,
    num_segments: String(result.segments),
    status: result.sendAt !== undefined ? "scheduled" : service === undefined ? "queued" : "accepted",
    to: result.to,
  };
}

/** Both headers stand for the request as a whole. @throws TwilioFault 20422 */
function idempotencyKeyOf({ headers }: IncomingMessage): string | undefined {
  for (const name of ["i-twilio-idempotency-token", "idempotency-key"]) {
    const given = headers[name];
    if (given === undefined) continue;
    const key = readIdempotencyKey(Array.isArray(given) ? given.join() : given, name);
    if (typeof key === "string") return key;
    throw new TwilioFault(400, CODES.invalidParameter, `${name}: ${key.message}`);
  }
  return undefined;
}

function rejected({ kind, problems }: RejectedMessage): TwilioFault {
  const [problem] = problems;
  if (kind !== "invalid" || problem === undefined) return conflict();
  return new TwilioFault(400, codeOf(problem), `${nameOf(problem.field)}: ${problem.message}`);
}

function conflict(): TwilioFault {
  const message = "The idempotency token stands for another message of the last 24 hours: nothing was done";
  return new TwilioFault(409, CODES.conflict, message);
}

/** Our fields by Twilio's names. */
const NAMES: Readonly<Record<string, string>> = {
  to: "To",
  from: "From",
  text: "Body",
  callbackUrl: "StatusCallback",
  validity: "ValidityPeriod",
  sendAt: "SendAt",
  lane: "MessagingServiceSid",
};

function nameOf(field: string): string {
  return NAMES[field] ?? field;
}

function codeOf({ field, code }: FieldProblem): TwilioCode {
  switch (field) {
    case "to":
      return code === "destination-type-unsupported" ? CODES.toNotMobile : CODES.toInvalid;
    case "from":
      return code === "sender-not-allowed" ? CODES.fromNotAllowed : CODES.fromInvalid;
    case "text":
      return code === "text-too-long" || code === "text-too-many-parts" ? CODES.bodyTooLong : CODES.invalidParameter;
    case "callbackUrl":
      return CODES.callbackInvalid;
    case "sendAt":
      return CODES.sendAtInvalid;
    default:
      return CODES.invalidParameter;
  }
}
