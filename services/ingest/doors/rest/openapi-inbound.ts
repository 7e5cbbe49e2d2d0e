import { pageParameters, parameter } from "./openapi-list.ts";
import { problems } from "./openapi-problems.ts";

/** The part of the OpenAPI description that is about messages from handsets. */

const text = (description: string, more: object = {}) => ({ type: "string", description, ...more });
const orNull = (schema: object) => ({ oneOf: [schema, { const: null }] });

const receivedMessage = {
  type: "object",
  required: [
    ...["id", "account", "from", "to", "text", "binary", "receivedAt", "segments", "missing", "media"],
    "optOut",
  ],
  properties: {
    id: text("UUID of the message; the same as in callbacks", { format: "uuid" }),
    account: text("Your account"),
    from: text("Who sent it: E.164 with a plus, or what the provider gave", { examples: ["+491713920012"] }),
    to: text("Your number, with a plus, or your short code"),
    text: text("What it says; empty for a binary message"),
    binary: orNull(text("Content of a binary message, hexadecimal; null: it is a text")),
    receivedAt: text("When the first part of it came", { format: "date-time" }),
    segments: { type: "integer", minimum: 1, description: "Parts that it was sent in" },
    missing: { type: "integer", minimum: 0, description: "Parts that had not come in time; the text lacks theirs" },
    media: { type: "array", description: "Addresses of what was attached", items: { type: "string" } },
    optOut: orNull(text("What it says of consent: STOP or START; another word is the provider's, such as HELP")),
  },
};

export const inboundSchemas = {
  ReceivedMessage: receivedMessage,
  ReceivedMessageList: {
    type: "object",
    required: ["messages"],
    properties: {
      messages: {
        type: "array",
        description: "The newest first",
        items: { $ref: "#/components/schemas/ReceivedMessage" },
      },
      next: text("after of the next page; not there on the last one"),
    },
  },
};

export const inboundOperation = {
  operationId: "listInbound",
  summary: "What handsets have sent to your numbers, the newest first",
  description:
    "Messages to the account's inboundNumbers, or to its sender where that is a number of no other account. Some seconds behind, and kept for a week. To be told " +
    "of each as it comes, have it posted to your inboundUrl, or bind over SMPP.",
  parameters: [
    parameter("number", "Who sent it, in international form (the plus is %2B in an address), or as it was given", {
      type: "string",
    }),
    parameter("to", "Your number or short code", { type: "string" }),
    parameter(
      "from",
      "Received at this time or later",
      { type: "string", format: "date-time" },
      { example: "2026-01-31T12:00:00Z" },
    ),
    parameter("until", "Received before this time", { type: "string", format: "date-time" }),
    ...pageParameters,
  ],
  responses: {
    200: {
      description: "A page of them, perhaps empty",
      headers: {},
      content: { "application/json": { schema: { $ref: "#/components/schemas/ReceivedMessageList" } } },
    },
    ...problems({
      400: "INVALID_QUERY: errors names each parameter and what it allows",
      401: "UNAUTHORIZED: no valid API key",
      429: "TOO_MANY_REQUESTS: too many look-ups at once",
      503: "UNAVAILABLE: analytics does not answer",
    }),
  },
};
