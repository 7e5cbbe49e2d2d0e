import { lanes } from "../../../../domain/message/lane.ts";
import { requestLimits } from "../../../../domain/message/validation.ts";
import { EVENT_STATES, EVENT_TYPES, MESSAGE_STATUSES } from "../../../../pipeline/read-model/message-status.ts";
import { MAX_BATCH_MESSAGES } from "./batch-route.ts";
import { budgetSchemas } from "./openapi-budget.ts";
import { explainSchemas, ucs2Cause } from "./openapi-explain.ts";
import { inboundSchemas } from "./openapi-inbound.ts";
import { listSchemas } from "./openapi-list.ts";
import { problemCodes } from "./openapi-problems.ts";
import { suppressionSchemas } from "./openapi-suppressions.ts";
import { uploadSchemas } from "./openapi-upload.ts";
import { usageSchemas } from "./openapi-usage.ts";

/** The data types of the HTTP interface (OpenAPI 3.1: JSON Schema 2020-12), with the limits that the code enforces. */

const text = (description: string, more: object = {}) => ({ type: "string", description, ...more });
const count = (description: string) => ({ type: "integer", minimum: 0, description });
const moment = (description: string) => text(description, { format: "date-time" });
const id = text("UUID of the message", { format: "uuid" });
const to = text("Destination, E.164 with a plus", { examples: ["+491713920012"] });
const lane = { enum: lanes, description: "The class of service: urgent lanes are served first" };
const encoding = { enum: ["gsm7", "ucs2"], description: "What the text is sent in" };
const segments = { type: "integer", minimum: 1, description: "Short messages it takes: what providers charge for" };
const reference = text("Your own reference");

const message = {
  type: "object",
  additionalProperties: false,
  required: ["to", "text"],
  properties: {
    to: text("Destination: E.164 with a plus, or its digits alone; digits with separators need the plus or 00", {
      examples: ["+491713920012"],
    }),
    from: text(
      "Sender: a short code of up to 8 digits, a full number with its country code (a plus or 00 before it, or neither), or a name of up to 11 ASCII characters of the GSM alphabet without a blank at either end; default: the provider's",
    ),
    text: text("The text; split into segments if need be", { minLength: 1, maxLength: requestLimits.textLength }),
    transliterate: {
      type: "boolean",
      default: false,
      description:
        "Plain characters may stand in for what the GSM alphabet lacks, where that changes no meaning and saves a segment: quotes, dashes, dots, blanks, ligatures, what has no width. No letter loses its accent",
    },
    lane: { ...lane, default: "transactional" },
    validity: {
      type: "integer",
      description: "Seconds after which it is not submitted any more",
      minimum: requestLimits.minValiditySeconds,
      maximum: requestLimits.maxValiditySeconds,
      default: requestLimits.defaultValiditySeconds,
    },
    reference: text("Your own reference, kept with the message", {
      minLength: 1,
      maxLength: requestLimits.referenceLength,
    }),
    callbackUrl: text("Where status callbacks of the message go, in place of the account's (http or https)", {
      format: "uri",
      maxLength: requestLimits.callbackUrlLength,
    }),
    metadata: {
      type: "object",
      description: "Your own labels, for analytics",
      maxProperties: requestLimits.metadataEntries,
      propertyNames: { pattern: "^[A-Za-z][A-Za-z0-9_.-]*$", maxLength: requestLimits.metadataKeyLength },
      additionalProperties: { type: "string", maxLength: requestLimits.metadataValueLength },
    },
    sendAt: moment(
      "Not before this moment, with its zone: at most 35 days ahead; one that has passed by no more than ten minutes is now. The validity counts from it",
    ),
    id: text("UUIDv7 in lower case: the id of an earlier answer that left open whether it was accepted", {
      format: "uuid",
    }),
    idempotencyKey: text("Repeats with the same key are one message; not together with id", {
      minLength: 1,
      maxLength: 255,
      pattern: "^[ -~]+$",
    }),
  },
};

const acceptedMessage = {
  type: "object",
  required: ["id", "status", "to", "lane", "encoding", "segments"],
  properties: {
    id,
    status: { const: "accepted" },
    to,
    lane,
    encoding,
    segments,
    segmentsSaved: {
      type: "integer",
      minimum: 1,
      description: "Segments that the text as given would have taken beyond these; absent: it is sent as it was given",
    },
    ucs2: ucs2Cause,
    reference,
    sendAt: moment("When it is to be sent; absent: at once"),
    acceptedAt: moment("When it was accepted; in the answer to a single message"),
  },
};

/** Codes of what can be wrong with a field. */
const fieldCodes = [
  ...["callback-url-invalid", "column-unknown", "csv-invalid", "cursor-invalid", "destination-country-unknown"],
  "destination-empty",
  ...[
    "destination-invalid",
    "destination-malformed",
    "destination-not-international",
    "destination-type-unsupported",
    "field-missing",
    "field-unknown",
    "id-and-key",
  ],
  ...["json-invalid", "line-changed", "line-too-long"],
  ...[
    "id-invalid",
    "idempotency-conflict",
    "idempotency-key-invalid",
    "label-invalid",
    "lane-not-allowed",
    "rejected-before",
  ],
  ...["lane-unknown", "status-unknown"],
  ...["length-out-of-range", "metadata-key-invalid", "metadata-too-many", "number-out-of-range"],
  ...["request-not-an-object", "send-at-invalid", "send-at-past", "send-at-too-far", "sender-invalid"],
  ...["sender-not-allowed", "suppressions-count"],
  ...["text-empty", "text-malformed", "text-too-long", "text-too-many-parts", "time-invalid", "type-wrong"],
  "validity-out-of-range",
];

const fieldProblem = {
  type: "object",
  required: ["field", "code", "message"],
  properties: {
    field: text("The field, such as to or metadata.campaign"),
    code: text("Stable word for programs; more may come", { examples: fieldCodes }),
    message: text("For people; never repeats a value"),
  },
};

const rejectedMessage = {
  type: "object",
  required: ["status", "index", "errors"],
  properties: {
    status: { const: "rejected" },
    index: count("Its place in the request, from 0"),
    errors: { type: "array", items: { $ref: "#/components/schemas/FieldProblem" } },
  },
};

const unknownMessage = {
  type: "object",
  required: ["index", "status", "id"],
  properties: {
    index: count("Its place in the request, from 0"),
    status: { const: "unknown", description: "It may or may not have been accepted" },
    id: { ...id, description: "The id under which it can be repeated" },
  },
};

const batch = {
  type: "object",
  additionalProperties: false,
  required: ["messages"],
  properties: {
    messages: {
      type: "array",
      minItems: 1,
      maxItems: MAX_BATCH_MESSAGES,
      items: { $ref: "#/components/schemas/Message" },
    },
  },
};

const batchAnswer = {
  type: "object",
  required: ["accepted", "rejected", "messages"],
  properties: {
    accepted: count("Messages accepted"),
    rejected: count("Messages rejected"),
    messages: {
      type: "array",
      description: "One for each message of the request, in its order",
      items: {
        oneOf: [{ $ref: "#/components/schemas/AcceptedMessage" }, { $ref: "#/components/schemas/RejectedMessage" }],
      },
    },
  },
};

const historyEntry = {
  type: "object",
  required: ["type", "at", "attempt"],
  properties: {
    type: { enum: EVENT_TYPES },
    at: moment("When it happened"),
    attempt: count("Routing decision it belongs to, from 1"),
    provider: text("Provider of the attempt"),
    route: text("Route that chose it"),
    reason: text("Why this provider, or why it ended so"),
    state: { enum: EVENT_STATES, description: "State reported; enroute is never final" },
    part: count("Number of the part, from 1"),
    errorClass: text("What kind of failure"),
    errorCode: text("The provider's or Sluice's code"),
    cost: text(
      "Cost of the submission, decimal; charged on delivery 0, and on receipt and final what its receipts have made it owe",
    ),
    currency: text("ISO 4217"),
    due: moment(
      "postponed: when it is looked at again; without an errorClass its time, by the rule that errorCode names",
    ),
    resubmitted: text("The stated reason of a repeated submission"),
    sentAs: text("routed: the sender that goes out in place of the message's own, by the catalog's sender rules"),
    rules: text("routed: what price caps, sender rules and caps had to do with the choice"),
    verdicts: text("routed: why the route's other candidates were not taken, such as b: dearer, c: circuit-open"),
    providerMessageIds: {
      type: "array",
      description: "The provider's id of each part, as it wrote them",
      items: { type: "string" },
    },
  },
};

const messageStatus = {
  type: "object",
  required: [
    ...["id", "status", "final", "to", "lane", "encoding", "segments", "acceptedAt", "updatedAt"],
    ...["attempts", "history"],
  ],
  properties: {
    id,
    status: {
      enum: MESSAGE_STATUSES,
      description:
        "accepted, then what happened last; scheduled while it waits for its time; from the moment at which final is true, how it ended",
    },
    final: { type: "boolean", description: "Whether the status is terminal: it will not change any more" },
    to,
    lane,
    encoding,
    segments,
    reference,
    acceptedAt: moment("When it was accepted"),
    sendAt: moment("When its time comes; only while it is scheduled"),
    updatedAt: moment("When the last thing happened to it"),
    attempts: count("Routing decisions so far"),
    provider: text("Provider of the latest attempt"),
    submittedAt: moment("When a provider accepted it"),
    finishedAt: moment("When its terminal state was known"),
    costs: {
      type: "object",
      description:
        "Of everything submitted for it, and delivered where a provider charges so: decimal amounts by currency (ISO 4217), which are never added up",
      propertyNames: { pattern: "^[A-Z]{3}$" },
      additionalProperties: { type: "string" },
    },
    cost: text("The amount of costs, where it is one"),
    currency: text("The currency of cost, ISO 4217"),
    errorClass: text("What kind of failure"),
    errorCode: text("The provider's or Sluice's code"),
    reason: text("Why it is in this state"),
    conversion: {
      type: "object",
      description: "What you have told of its conversion",
      required: ["converted", "toldAt"],
      properties: {
        converted: { type: "boolean" },
        at: moment("When it converted, as you told it first"),
        toldAt: moment("When you told of it first"),
      },
    },
    history: {
      type: "array",
      description: "What happened, oldest first",
      items: { $ref: "#/components/schemas/HistoryEntry" },
    },
  },
};

const messageStatuses = {
  type: "object",
  required: ["id", "destinations"],
  properties: {
    id,
    destinations: {
      type: "array",
      description: "One for each destination, by the time of acceptance",
      minItems: 2,
      items: { $ref: "#/components/schemas/MessageStatus" },
    },
  },
};

const cancelled = {
  type: "object",
  required: ["id", "status"],
  properties: {
    id,
    status: { enum: ["cancelled", "cancelling"], description: "cancelling: no router has answered yet" },
    destinations: { type: "array", description: "Who will not get it", items: to },
    tooLate: { type: "array", description: "Of an id that went to several: for these it was too late", items: to },
  },
};

const conversion = {
  type: "object",
  additionalProperties: false,
  required: ["converted"],
  properties: {
    converted: {
      type: "boolean",
      description: "Whether the recipient did what the message was for; false: not within the time that you give",
    },
    at: moment("When it was done, or given up: of the last seven days, with its zone; default: now"),
  },
};

const toldConversion = {
  type: "object",
  required: ["id", "converted", "at"],
  properties: { id, converted: { type: "boolean" }, at: moment("When it was done, or given up") },
};

const problem = {
  type: "object",
  description: "Problem details (RFC 9457)",
  required: ["type", "title", "status", "code"],
  properties: {
    type: text("URI of the kind of problem"),
    title: text("The kind of problem in words"),
    status: { type: "integer" },
    code: { enum: Object.values(problemCodes).flat(), description: "Stable word for programs" },
    detail: text("What happened this time, and what to do"),
    requestId: text("As in X-Request-Id: what to name when you ask about it"),
    errors: { type: "array", items: { $ref: "#/components/schemas/FieldProblem" } },
    id: text("ACCEPTANCE_UNKNOWN: the id under which the message can be repeated"),
    messages: {
      type: "array",
      description: "ACCEPTANCE_UNKNOWN of a batch: one for each message of the request, in its order",
      items: {
        oneOf: [{ $ref: "#/components/schemas/UnknownMessage" }, { $ref: "#/components/schemas/RejectedMessage" }],
      },
    },
    messageStatus: text("TOO_LATE: the message's status"),
    maxPerSecond: count("TOO_MANY_MESSAGES: messages a second that the account may hand in"),
    retryAfterSeconds: count("TOO_MANY_MESSAGES: as in Retry-After"),
    position: count("INVALID_JSON: characters before the place that is not JSON"),
    line: count("INVALID_JSON: line of that place, from 1"),
    column: count("INVALID_JSON: column of that place, from 1"),
  },
};

export const schemas = {
  Message: message,
  AcceptedMessage: acceptedMessage,
  RejectedMessage: rejectedMessage,
  UnknownMessage: unknownMessage,
  Batch: batch,
  BatchAnswer: batchAnswer,
  MessageStatus: messageStatus,
  MessageStatuses: messageStatuses,
  HistoryEntry: historyEntry,
  Cancelled: cancelled,
  Conversion: conversion,
  ToldConversion: toldConversion,
  FieldProblem: fieldProblem,
  Problem: problem,
  ...listSchemas,
  ...inboundSchemas,
  ...uploadSchemas,
  ...usageSchemas,
  ...budgetSchemas,
  ...explainSchemas,
  ...suppressionSchemas,
};
