import { MOST_SUPPRESSIONS } from "../../consent/read-suppressions.ts";
import { bodyOf, exampleBodies } from "./openapi-examples.ts";
import { problems } from "./openapi-problems.ts";
import { PAGE } from "./suppression-routes.ts";

/** The part of the OpenAPI description that is about suppressions. */

const AT = "RFC 3339, UTC";
const UNAUTHORIZED = "UNAUTHORIZED: no valid API key";
const NOT_TAKEN = "UNAVAILABLE: it was not taken down, or it is not known whether it was; say it again";
const NOT_READ = "UNAVAILABLE: what recipients have said is not at hand yet in this instance";
const INVALID = "INVALID_SUPPRESSION: errors names each field and what it allows.";
const NUMBER = {
  name: "number",
  in: "path",
  required: true,
  description: "The recipient in international form (the plus is %2B in an address, or left out)",
  schema: { type: "string" },
  example: "491713920012",
};
const json = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
const answer = (description: string, name: string) => ({ description, headers: {}, content: json(name) });

export const suppressionSchemas = {
  Suppression: {
    type: "object",
    required: ["number", "suppressed"],
    properties: {
      number: { type: "string", description: "E.164 with its plus" },
      suppressed: { type: "boolean", description: "Whether nothing goes to them" },
      scope: {
        enum: ["account", "all"],
        description: "Whether for this account, or for all accounts of the installation",
      },
      source: { type: "string", description: "Who said it last: keyword (the recipient), api, webhook, import" },
      at: { type: "string", format: "date-time", description: `When it was said, ${AT}` },
    },
  },
  SuppressionList: {
    type: "object",
    required: ["suppressions"],
    properties: {
      suppressions: { type: "array", items: { $ref: "#/components/schemas/Suppression" } },
      next: { type: "string", description: "after of the next page; not there on the last one" },
    },
  },
  SuppressionBatch: {
    type: "object",
    additionalProperties: false,
    required: ["suppressions"],
    properties: {
      suppressions: {
        type: "array",
        minItems: 1,
        maxItems: MOST_SUPPRESSIONS,
        items: {
          oneOf: [
            { type: "string", description: "A number: it is suppressed from now on" },
            {
              type: "object",
              additionalProperties: false,
              required: ["number"],
              properties: {
                number: { type: "string", description: "In international form" },
                suppressed: { type: "boolean", default: true, description: "false: they want messages again" },
                at: {
                  type: "string",
                  format: "date-time",
                  description: "When they said so, with its zone; default: now. The latest word holds",
                },
              },
            },
          ],
        },
      },
    },
  },
  StoredSuppressions: {
    type: "object",
    required: ["stored"],
    properties: {
      stored: { type: "integer", description: "How many hold now as they were given" },
      kept: {
        type: "array",
        description: "Recipients who were to be written to again and stay suppressed: they have said stop themselves",
        items: { $ref: "#/components/schemas/Suppression" },
      },
    },
  },
};

const operation = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description,
});
const badBody = {
  413: "BODY_TOO_LARGE: the body is larger than 2 MiB",
  415: "UNSUPPORTED_MEDIA_TYPE: the body is not JSON in UTF-8. UNSUPPORTED_ENCODING: it is not plain, gzip, deflate or br",
};
const RATE = "TOO_MANY_MESSAGES: the account's message rate is used up; a hundred suppressions count as one message";
const UNREADABLE = "BAD_REQUEST, BODY_INCOMPLETE, INVALID_JSON: the request cannot be read";

const ofOne = {
  400: `${INVALID} INVALID_QUERY, BODY_NOT_EXPECTED: there is a query parameter, or a body other than {} or null: it takes none. BAD_REQUEST: the path cannot be read`,
  401: UNAUTHORIZED,
  429: RATE,
  503: `${NOT_TAKEN}. BUSY: too many bodies at once`,
};
const SAID_STOP =
  "RECIPIENT_SAID_STOP: by a message; the recipient alone lifts it, by START, unless the catalog lets the account (optOut.liftedByAccount)";
const ofBatch = {
  400: `${INVALID} ${UNREADABLE}`,
  ...badBody,
  429: RATE,
  503: `${NOT_TAKEN}. BUSY: too many bodies at once`,
};
/** Of a request signed by the Standard Webhooks specification. */
const signature = (name: string, description: string, example: string) => ({
  name,
  in: "header",
  required: true,
  description,
  schema: { type: "string" },
  example,
});

export const suppressionPaths = {
  "/v1/suppressions": {
    get: {
      ...operation(
        "listSuppressions",
        "Who is suppressed for this account",
        "A page of them, in no order that means anything. Who is suppressed for all accounts is not among them.",
      ),
      parameters: [
        {
          name: "limit",
          in: "query",
          description: "How many at most",
          schema: { type: "integer", minimum: 1, maximum: PAGE.most, default: PAGE.usual },
        },
        { name: "after", in: "query", description: "next of the page before", schema: { type: "string" } },
      ],
      responses: {
        200: answer("A page", "SuppressionList"),
        ...problems({
          400: "INVALID_QUERY: limit or after, or there is another parameter. BAD_REQUEST: the address cannot be read",
          401: UNAUTHORIZED,
          503: NOT_READ,
        }),
      },
    },
    post: {
      ...operation(
        "addSuppressions",
        "Suppress up to 10,000 recipients at once, or lift it",
        "All of them or, where one is not valid, none; kept names those that stay suppressed. Answered once every in-sync replica of the log has them; to say it again changes nothing.",
      ),
      requestBody: bodyOf("SuppressionBatch"),
      responses: {
        200: answer("They were taken down", "StoredSuppressions"),
        ...problems({ ...ofBatch, 401: UNAUTHORIZED }),
      },
    },
  },
  "/v1/suppressions/{number}": {
    get: {
      ...operation(
        "getSuppression",
        "Whether anything may go to a recipient",
        "What stood in the log when it was asked.",
      ),
      parameters: [NUMBER],
      responses: {
        200: answer("How they stand", "Suppression"),
        ...problems({
          400: `${INVALID} INVALID_QUERY: there is a query parameter. BAD_REQUEST: the path cannot be read`,
          401: UNAUTHORIZED,
          503: NOT_READ,
        }),
      },
    },
    put: {
      ...operation(
        "suppress",
        "Nothing goes to a recipient any more",
        "Answered once every in-sync replica of the log has it. What waits for them ends as rejected, with the code opted-out.",
      ),
      parameters: [NUMBER],
      responses: { 200: answer("It was taken down, or the recipient had said so", "Suppression"), ...problems(ofOne) },
    },
    delete: {
      ...operation(
        "liftSuppression",
        "A recipient wants messages again",
        "Lifts what was said for this account. What holds for all accounts, and what the recipient has said, the recipient lifts by a message to this one.",
      ),
      parameters: [NUMBER],
      responses: { 200: answer("It was taken down", "Suppression"), ...problems({ ...ofOne, 409: SAID_STOP }) },
    },
  },
  "/v1/webhooks/{account}/suppressions": {
    post: {
      ...operation(
        "takeWebhook",
        "What a CRM's webhook says of its contacts",
        "As POST /v1/suppressions, signed by the secret of the account's consentWebhook (Standard Webhooks) in place of an API key. Taken as well: a list, or one " +
          "contact alone; true and false as text; at in milliseconds since 1970. Without at a word is of webhook-timestamp. Sent again it changes nothing.",
      ),
      security: [],
      parameters: [
        {
          name: "account",
          in: "path",
          required: true,
          description: "Its id",
          schema: { type: "string" },
          example: "acme",
        },
        signature("webhook-id", "Of this request; part of what is signed", "msg-1"),
        signature("webhook-timestamp", "When it was sent, seconds since 1970; five minutes off at most", "1767323045"),
        signature(
          "webhook-signature",
          "v1, and the HMAC-SHA256 of id.timestamp.body in Base64; several with a blank between",
          "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        ),
      ],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            example: exampleBodies.SuppressionBatch,
            schema: {
              oneOf: [
                { $ref: "#/components/schemas/SuppressionBatch" },
                { type: "array", description: "Contacts, as in suppressions" },
                { type: "object", description: "One contact: number, suppressed, at", required: ["number"] },
              ],
            },
          },
        },
      },
      responses: {
        200: answer("They were taken down", "StoredSuppressions"),
        ...problems({ ...ofBatch, 401: "UNAUTHORIZED: detail says what is wrong with the signature" }),
      },
    },
  },
};
