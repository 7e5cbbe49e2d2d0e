import type { MessagingService } from "../../../../domain/catalog/messaging-service.ts";
import { DEFAULT_LANE, type Lane } from "../../../../domain/message/lane.ts";
import type { Account } from "../../access/api-keys.ts";
import { flagOf, type Parameters } from "./parameters.ts";
import { CODES, type TwilioCode, TwilioFault } from "./twilio-fault.ts";

/** A request for a message, as the acceptor takes it. */
export interface CreateRequest {
  /** The fields of a message; the acceptor judges them. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly lane: Lane;
  readonly service: MessagingService | undefined;
  readonly body: string;
}

/** Seconds that a message is valid for when nothing else is said: as at Twilio. */
const TWILIO_VALIDITY_S = 36_000;
const E164 = /^\+[1-9]\d{4,14}$/;

/** What a message would be with these and is not here: said, and not passed over. `no`: a value by which they ask for nothing. */
const REFUSED: Readonly<Record<string, { readonly code: TwilioCode; readonly why: string; readonly no?: "false" }>> = {
  MediaUrl: { code: CODES.mediaInvalid, why: "this account sends short messages only, without media" },
  ContentSid: { code: CODES.contentSidInvalid, why: "there are no content templates here: send the text in Body" },
  ContentVariables: {
    code: CODES.contentVariablesInvalid,
    why: "there are no content templates here: send the text in Body",
  },
  SendAsMms: { code: CODES.mediaInvalid, why: "this account sends short messages only", no: "false" },
  ShortenUrls: { code: CODES.invalidParameter, why: "links are not shortened here", no: "false" },
  ApplicationSid: {
    code: CODES.invalidParameter,
    why: "there are no applications here: name the address in StatusCallback",
  },
  PersistentAction: { code: CODES.invalidParameter, why: "this account sends short messages only" },
};

/** Parameters that change nothing here: docs/from-twilio.md says of each what holds in its place. */
const IGNORED = [
  "MaxPrice",
  "ProvideFeedback",
  "Attempt",
  "ForceDelivery",
  "ContentRetention",
  "AddressRetention",
  "TrafficType",
  "RiskCheck",
];
const READ = [
  "To",
  "From",
  "MessagingServiceSid",
  "Body",
  "StatusCallback",
  "ValidityPeriod",
  "SmartEncoded",
  "ScheduleType",
  "SendAt",
];
/** What POST Messages.json takes. */
export const CREATE_PARAMETERS: ReadonlySet<string> = new Set([...READ, ...IGNORED, ...Object.keys(REFUSED)]);

/** @throws TwilioFault for what Twilio's form alone can have wrong */
export function readCreate(parameters: Parameters, account: Account): CreateRequest {
  for (const [name, { code, why, no }] of Object.entries(REFUSED)) {
    const value = parameters.get(name);
    if (value !== undefined && value !== "" && value.toLowerCase() !== no)
      throw new TwilioFault(400, code, `${name}: ${why}`);
  }
  const to = parameters.get("To") ?? "";
  if (to === "") throw new TwilioFault(400, CODES.toMissing, "To: the number that the message goes to is required");
  if (!E164.test(to))
    throw new TwilioFault(
      400,
      CODES.toInvalid,
      "To: a phone number in E.164, with a plus and the country code; other channels are not served",
    );
  const body = parameters.get("Body") ?? "";
  if (body === "") throw new TwilioFault(400, CODES.bodyMissing, "Body: the text of the message is required");
  const service = serviceOf(parameters.get("MessagingServiceSid") ?? "", account);
  const from = parameters.get("From") || service?.from;
  if (from === undefined && service === undefined && account.from === undefined)
    throw new TwilioFault(400, CODES.fromMissing, "From: a sender or a MessagingServiceSid is required");
  const lane = service?.lane ?? usualLane(account);
  const callbackUrl = parameters.get("StatusCallback") || undefined;
  return {
    lane,
    service,
    body,
    message: {
      ...{ to, text: body, from, lane, callbackUrl, metadata: service?.labels },
      transliterate: flagOf(parameters, "SmartEncoded"),
      validity: validityOf(parameters.get("ValidityPeriod") ?? ""),
      sendAt: sendAtOf(parameters),
    },
  };
}

/** Twilio's form does not say a lane: the usual one, or the first that the account has. */
function usualLane({ lanes }: Account): Lane {
  return lanes === undefined || lanes.includes(DEFAULT_LANE) ? DEFAULT_LANE : (lanes[0] as Lane);
}

function serviceOf(sid: string, { messagingServices = [] }: Account): MessagingService | undefined {
  if (sid === "") return undefined;
  const wanted = sid.slice(0, 2) + sid.slice(2).toLowerCase();
  const service = messagingServices.find((one) => one.sid === wanted);
  if (service !== undefined) return service;
  const message = "MessagingServiceSid: the catalog's account has no such entry under messagingServices";
  throw new TwilioFault(404, CODES.serviceUnknown, message);
}

function validityOf(text: string): number {
  if (text === "") return TWILIO_VALIDITY_S;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TwilioFault(400, CODES.invalidParameter, "ValidityPeriod: whole seconds");
}

/** Twilio drops the one without the other where it has no messaging service; here the two go together, as its documentation says. */
function sendAtOf(parameters: Parameters): string | undefined {
  const type = parameters.get("ScheduleType") ?? "";
  const sendAt = parameters.get("SendAt") ?? "";
  if (type === "" && sendAt === "") return undefined;
  if (type !== "fixed")
    throw new TwilioFault(
      400,
      CODES.invalidParameter,
      "ScheduleType: `fixed` goes with SendAt; there is no other type",
    );
  if (sendAt === "") throw new TwilioFault(400, CODES.sendAtMissing, "SendAt: the time is required with ScheduleType");
  return sendAt;
}
