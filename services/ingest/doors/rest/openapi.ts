import { MAX_DESTINATIONS } from "../../../../pipeline/read-model/clickhouse-status.ts";
import { budgetOperation } from "./openapi-budget.ts";
import { bodyOf, EXAMPLE_ID } from "./openapi-examples.ts";
import { inboundOperation } from "./openapi-inbound.ts";
import { listOperation } from "./openapi-list.ts";
import { problems } from "./openapi-problems.ts";
import { schemas } from "./openapi-schemas.ts";
import { suppressionPaths } from "./openapi-suppressions.ts";
import { uploadOperation } from "./openapi-upload.ts";
import { usageOperation } from "./openapi-usage.ts";

/** The OpenAPI 3.1 description of the HTTP interface, served at `/openapi.json`. */

const json = (name: keyof typeof schemas) => ({
  "application/json": { schema: { $ref: `#/components/schemas/${name}` } },
});
const answer = (description: string, name: keyof typeof schemas, headers: object = {}) => ({
  description,
  headers,
  content: json(name),
});
const UNAUTHORIZED = "UNAUTHORIZED: no valid API key";
const UNREADABLE = "BAD_REQUEST, BODY_INCOMPLETE, INVALID_HEADER, INVALID_JSON: the request cannot be read";
const UNAVAILABLE =
  "UNAVAILABLE, BUSY: nothing was accepted. ACCEPTANCE_UNKNOWN: it may or may not have been accepted; the detail says how to " +
  "repeat the request without sending anything twice.";

const IN_PROGRESS =
  "REQUEST_IN_PROGRESS: the first request with this key or id may still be under way, and nothing was accepted now; after Retry-After it has an answer";

const ID = {
  ...{ name: "id", in: "path", required: true, description: "Id of the message", example: EXAMPLE_ID },
  schema: { type: "string" },
};
const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Makes repeats safe: within 24 hours the same key with the same request is answered as the first one was, and carried out once, on whatever instance. " +
    "In a batch it stands for the batch as a whole, but for messages that have a key of their own. Not together with an id.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
  example: "order-7",
};

const postMessage = {
  operationId: "sendMessage",
  summary: "Send one message",
  description: "Answered once every in-sync replica of the log has the message.",
  parameters: [idempotencyKey],
  requestBody: bodyOf("Message"),
  responses: {
    202: answer("Accepted", "AcceptedMessage", {
      Location: { description: "Where its status can be had", schema: { type: "string" } },
    }),
    ...problems({
      400: `INVALID_MESSAGE: errors names each field and what it allows. ${UNREADABLE}`,
      401: UNAUTHORIZED,
      413: "BODY_TOO_LARGE: the body is larger than 1 MiB",
      415: "UNSUPPORTED_MEDIA_TYPE: the body is not JSON in UTF-8. UNSUPPORTED_ENCODING: it is not plain, gzip, deflate or br",
      409: IN_PROGRESS,
      422: "IDEMPOTENCY_CONFLICT: the key or id stands for another message of the last 24 hours",
      429: "TOO_MANY_MESSAGES: the account's message rate is used up",
      503: UNAVAILABLE,
    }),
  },
};

const postBatch = {
  operationId: "sendBatch",
  summary: "Send up to 10,000 messages",
  description: "Each message is judged on its own: the valid ones are accepted, the others answered with their errors.",
  parameters: [idempotencyKey],
  requestBody: bodyOf("Batch"),
  responses: {
    202: answer("Every message was accepted", "BatchAnswer"),
    207: answer("Some messages were rejected, perhaps all: look at each", "BatchAnswer"),
    ...problems({
      400: `INVALID_BATCH: the body is not a batch. ${UNREADABLE}`,
      401: UNAUTHORIZED,
      413: "BODY_TOO_LARGE: the body is larger than 16 MiB, or has more than 500,000 values",
      415: "UNSUPPORTED_MEDIA_TYPE: the body is not JSON in UTF-8. UNSUPPORTED_ENCODING: it is not plain, gzip, deflate or br",
      409: IN_PROGRESS,
      422: "IDEMPOTENCY_CONFLICT: the key stands for another request of the last 24 hours. A message's own key that stands for another message is an error of that message",
      429: "TOO_MANY_MESSAGES: the account's message rate is used up; a batch counts with all its messages",
      503: UNAVAILABLE,
    }),
  },
};

const getMessage = {
  operationId: "getMessage",
  summary: "Status and history of a message",
  description:
    "Runs some seconds behind; a message that was just accepted is answered as accepted. Messages that were produced to " +
    `Kafka under one id, to several destinations, are answered together, ${MAX_DESTINATIONS} of them at most: to picks one.`,
  parameters: [
    ID,
    {
      name: "to",
      in: "query",
      description:
        "Its destination in international form, for an id that went to several (the plus is %2B in an address)",
      schema: { type: "string" },
    },
  ],
  responses: {
    200: {
      description: "The message; where it went to several destinations, one status for each",
      headers: {},
      content: {
        "application/json": {
          schema: {
            oneOf: [{ $ref: "#/components/schemas/MessageStatus" }, { $ref: "#/components/schemas/MessageStatuses" }],
          },
        },
      },
    },
    ...problems({
      400: "INVALID_QUERY: to is no number, or there is another parameter. BAD_REQUEST: the path cannot be read",
      401: UNAUTHORIZED,
      404: "MESSAGE_NOT_FOUND: this account has no such message",
      429: "TOO_MANY_REQUESTS: too many look-ups at once",
      503: "UNAVAILABLE: the history cannot be read at the moment",
    }),
  },
};

const deleteMessage = {
  operationId: "cancelMessage",
  summary: "Cancel a message that waits for its time",
  description:
    "One that was handed in with sendAt, or waits for the end of its recipient's quiet hours. The router that would release it decides: after 200 it " +
    "is not sent, and ends as rejected with the code cancelled. Under an id that went to several destinations all that wait are cancelled.",
  parameters: [ID],
  responses: {
    200: answer("It will not be sent to these destinations", "Cancelled"),
    202: answer(
      "No router has answered within 5 s; the wish is kept, and its status tells what becomes of it",
      "Cancelled",
      {
        Location: { description: "Where its status can be had", schema: { type: "string" } },
      },
    ),
    ...problems({
      400: "BAD_REQUEST: the path cannot be read. INVALID_QUERY, BODY_NOT_EXPECTED: there is a query parameter, or a body other than {} or null: it takes none",
      401: UNAUTHORIZED,
      404:
        "MESSAGE_NOT_FOUND: neither routers nor analytics know of such a message of this account; nothing was cancelled. One that was accepted within the last seconds may " +
        "be known a moment later",
      409:
        "TOO_LATE: it does not wait for its time (any more); messageStatus is what is known of it. NOT_WAITING_YET: it has been accepted, and no router has come to it: nothing was " +
        "cancelled; ask again",
      429: "TOO_MANY_REQUESTS: an account may cancel as many messages a second as it may send, and too many look-ups at once",
      503: "UNAVAILABLE: the wish was not written down, or it is not known whether it was; ask again. BUSY: too many bodies at once",
    }),
  },
};

const postConversion = {
  operationId: "tellConversion",
  summary: "Tell whether the recipient did what a message was for",
  description:
    "Such as typing a code in. Tell both, as they become known: true, and false when it was not done in the time that you give. Telling " +
    "it again changes nothing; true after false counts, false after true does not. Answered once every in-sync replica of the " +
    "log has it. Whether the id is that of a message of yours is looked up afterwards: what is told of others' messages, and " +
    "of ids without a message, counts for nothing. What is told within 15 minutes of the message counts for the way that it took.",
  parameters: [ID],
  requestBody: bodyOf("Conversion"),
  responses: {
    202: answer("It was taken down", "ToldConversion"),
    ...problems({
      400: `INVALID_CONVERSION: errors names each field and what it allows. ${UNREADABLE}`,
      401: UNAUTHORIZED,
      404: "MESSAGE_NOT_FOUND: it can be no message of this account",
      413: "BODY_TOO_LARGE: the body is larger than 4 KiB",
      415: "UNSUPPORTED_MEDIA_TYPE: the body is not JSON in UTF-8. UNSUPPORTED_ENCODING: it is not plain, gzip, deflate or br",
      422: "CONVERSION_TOO_LATE: the id says that the message is older than seven days",
      429: "TOO_MANY_REQUESTS: an account may tell as many conversions a second as it may send messages",
      503: "UNAVAILABLE, BUSY: it was not taken down, or it is not known whether it was; tell it again",
    }),
  },
};

const postExplain = {
  operationId: "explainRoute",
  summary: "Which provider a message would have, and why",
  description:
    "Decides as the router would at this moment for a message of the account that asks, and says why each provider of the route " +
    "is taken or not. Nothing is sent. Where chance decides, the middle of the draw is shown.",
  requestBody: bodyOf("ExplainQuestion"),
  responses: {
    200: answer("What would become of the message; provider is null where none would take it", "Explanation"),
    ...problems({
      400: `INVALID_MESSAGE: errors names each field and what it allows. ${UNREADABLE}`,
      401: UNAUTHORIZED,
      413: "BODY_TOO_LARGE: the body is larger than 64 KiB",
      415: "UNSUPPORTED_MEDIA_TYPE: the body is not JSON in UTF-8. UNSUPPORTED_ENCODING: it is not plain, gzip, deflate or br",
      503: "ROUTES_UNKNOWN: this instance knows the accounts only. BUSY: too many bodies at once",
    }),
  },
};

export const openapi = {
  openapi: "3.1.0",
  info: {
    title: "Sluice",
    version: "1",
    description:
      "Hand in messages and follow them. Errors are problem details (RFC 9457) with a stable code. Each answer names its request in X-Request-Id: as you did there, in up to " +
      "128 letters, digits and signs of _.:@/+=-, else by a UUID. An account with a rate is told of it: RateLimit-Policy has the messages of a window in seconds (q, w), RateLimit " +
      "what is left of them (r), and after how many seconds there is more (t).",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/" }],
  security: [{ bearer: [] }, { apiKey: [] }],
  paths: {
    "/v1/messages": { get: listOperation, post: postMessage },
    "/v1/messages/batch": { post: postBatch },
    "/v1/messages/upload": { post: uploadOperation },
    "/v1/messages/{id}": { get: getMessage, delete: deleteMessage },
    "/v1/messages/{id}/conversion": { post: postConversion },
    ...suppressionPaths,
    "/v1/budget": { get: budgetOperation },
    "/v1/inbound": { get: inboundOperation },
    "/v1/usage": { get: usageOperation },
    "/v1/routes/explain": { post: postExplain },
  },
  components: {
    securitySchemes: {
      bearer: { type: "http", scheme: "bearer", description: "Authorization: Bearer <API key>" },
      apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
    },
    schemas,
  },
};
