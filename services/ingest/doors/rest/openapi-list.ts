import { lanes } from "../../../../domain/message/lane.ts";
import { requestLimits } from "../../../../domain/message/validation.ts";
import { LIST_PAGE, LISTED_STATUSES, MOST_LOOKED_AT } from "../../../../pipeline/read-model/list-messages.ts";
import { problems } from "./openapi-problems.ts";

/** The part of the OpenAPI description that is about lists of messages. */

const text = (description: string, more: object = {}) => ({ type: "string", description, ...more });
const moment = (description: string) => text(description, { format: "date-time" });
/** A parameter of the query. */
export const parameter = (name: string, description: string, schema: object, more: object = {}) => ({
  ...{ name, in: "query", description, schema },
  ...more,
});
const to = text("Destination, E.164 with a plus", { examples: ["+491713920012"] });

const listedMessage = {
  type: "object",
  required: [
    ...["id", "status", "final", "to", "lane", "encoding", "segments", "metadata", "acceptedAt", "updatedAt"],
    ...["attempts", "costs"],
  ],
  properties: {
    id: text("UUID of the message", { format: "uuid" }),
    status: {
      enum: LISTED_STATUSES,
      description: "What happened last; scheduled while it waits for its time; once final is true, how it ended",
    },
    final: { type: "boolean", description: "Whether the status is terminal" },
    to,
    from: text("Sender that the message named; not there where it named none"),
    lane: { enum: lanes },
    country: text("Of the destination, ISO 3166-1 alpha-2"),
    encoding: { enum: ["gsm7", "ucs2"] },
    segments: { type: "integer", minimum: 1 },
    reference: text("Your own reference"),
    metadata: { type: "object", description: "Its labels", additionalProperties: { type: "string" } },
    acceptedAt: moment("When it was accepted"),
    sendAt: moment("When its time comes; only while it is scheduled"),
    updatedAt: moment("When the last thing happened to it"),
    submittedAt: moment("When a provider accepted it"),
    finishedAt: moment("When its terminal state was known"),
    attempts: { type: "integer", minimum: 0, description: "Routing decisions so far" },
    provider: text("Provider of the latest attempt"),
    costs: {
      type: "object",
      description: "Decimal amounts by currency (ISO 4217), as in a status",
      propertyNames: { pattern: "^[A-Z]{3}$" },
      additionalProperties: { type: "string" },
    },
    errorClass: text("What kind of failure"),
    errorCode: text("The provider's or Sluice's code"),
    reason: text("Why it is in this state"),
  },
};

export const listSchemas = {
  ListedMessage: listedMessage,
  MessageList: {
    type: "object",
    required: ["messages"],
    properties: {
      messages: {
        type: "array",
        description: "The newest first, by the time of acceptance; one for each destination",
        items: { $ref: "#/components/schemas/ListedMessage" },
      },
      next: text("after of the next page; not there on the last one"),
    },
  },
};

/** Of each list that has pages. */
export const pageParameters = [
  parameter("limit", "Messages of a page", {
    ...{ type: "integer", minimum: 1, maximum: LIST_PAGE.most, default: LIST_PAGE.usual },
  }),
  parameter("after", "next of the page before, with the same other parameters", { type: "string" }),
];

export const listOperation = {
  operationId: "listMessages",
  summary: "Your messages, the newest first",
  description:
    "As analytics has them: a message is listed some seconds after it was accepted, and kept for 400 days. Until then its status answers for it. " +
    `For one page ${MOST_LOOKED_AT} messages are looked at: those of the reference, else of the number, else of the account. Where lane, status or labels leave few of them, a ` +
    "page may have fewer messages than asked for, or none, and still have next: go on until there is no next. Pages stay as they were while messages come in.",
  parameters: [
    parameter("to", "Destination in international form (the plus is %2B in an address)", { type: "string" }),
    parameter("reference", "Your own reference, letter for letter", {
      type: "string",
      minLength: 1,
      maxLength: requestLimits.referenceLength,
    }),
    parameter(
      "label",
      "A label (metadata) that it has: name, colon, value, such as campaign:spring. Given several times, it must have all of them, ten at most",
      { type: "array", items: { type: "string" }, maxItems: 10 },
      { style: "form", explode: true },
    ),
    parameter("lane", "Its lane", { enum: lanes }, { example: "otp" }),
    parameter(
      "status",
      "Its status. scheduled lists what waits for its time",
      { enum: LISTED_STATUSES },
      { example: "failed" },
    ),
    parameter(
      "from",
      "Accepted at this time or later",
      { type: "string", format: "date-time" },
      { example: "2026-01-31T12:00:00Z" },
    ),
    parameter("until", "Accepted before this time", { type: "string", format: "date-time" }),
    ...pageParameters,
  ],
  responses: {
    200: {
      description: "A page of them, perhaps empty",
      headers: {},
      content: { "application/json": { schema: { $ref: "#/components/schemas/MessageList" } } },
    },
    ...problems({
      400: "INVALID_QUERY: errors names each parameter and what it allows",
      401: "UNAUTHORIZED: no valid API key",
      429: "TOO_MANY_REQUESTS: too many look-ups at once",
      503: "UNAVAILABLE: analytics does not answer, or allows no list as long as this one: ask for a shorter time",
    }),
  },
};
