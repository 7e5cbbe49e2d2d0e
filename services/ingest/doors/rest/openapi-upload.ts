import { problems } from "./openapi-problems.ts";
import { MOST_LINES } from "./upload/upload-query.ts";

/** The part of the OpenAPI description that is about uploaded files. */

const count = (description: string) => ({ type: "integer", minimum: 0, description });
const text = (description: string) => ({ type: "string", description });
const line = { type: "integer", minimum: 1, description: "The line of the file on which it begins, the first being 1" };

export const uploadSchemas = {
  UploadBegin: {
    type: "object",
    description: "The first line of the answer",
    required: ["upload"],
    properties: {
      upload: {
        type: "object",
        required: ["id", "format"],
        properties: {
          id: text("The Idempotency-Key under which it can be taken up again; made here where none was given"),
          format: { enum: ["csv", "ndjson"], description: "What the file was read as" },
          delimiter: { enum: [",", ";", "\t"], description: "Of CSV: what was found between cells" },
          columns: {
            type: "object",
            description: "Of CSV: the column that each field is read from",
            additionalProperties: { type: "string" },
          },
          unread: {
            type: "array",
            description: "Of CSV: columns that nothing is read from",
            items: { type: "string" },
          },
        },
      },
    },
  },
  UploadedMessage: {
    type: "object",
    description: "A line that was accepted: as the answer to a single message, with its line",
    required: ["line", "id", "status", "to"],
    properties: {
      line,
      id: { type: "string", format: "uuid", description: "UUID of the message" },
      status: { const: "accepted" },
      to: text("Destination, E.164 with a plus"),
      lane: text("Its lane"),
      encoding: text("What the text is sent in"),
      segments: { type: "integer", minimum: 1, description: "Short messages it takes" },
      repeated: { const: true, description: "It was accepted before, and was not written again" },
    },
  },
  RefusedLine: {
    type: "object",
    description: "A line that was not accepted",
    required: ["line", "status", "errors"],
    properties: {
      line,
      status: { const: "rejected" },
      errors: { type: "array", items: { $ref: "#/components/schemas/FieldProblem" } },
    },
  },
  UploadEnd: {
    type: "object",
    description: "The last line of the answer; an answer without it was cut off",
    required: ["summary"],
    properties: {
      problem: { $ref: "#/components/schemas/Problem" },
      summary: {
        type: "object",
        required: ["lines", "accepted", "repeated", "rejected", "complete"],
        properties: {
          lines: count("Lines with something on them that were answered, the header not among them"),
          accepted: count("Those that were accepted now"),
          repeated: count("Those that were accepted before"),
          rejected: count("Those that were not accepted"),
          complete: { type: "boolean", description: "Whether the file was read to its end" },
          resumeFrom: { ...line, description: "Where the file can be taken up again" },
        },
      },
    },
  },
  UploadLine: {
    oneOf: ["UploadBegin", "UploadedMessage", "RefusedLine", "UploadEnd"].map((name) => ({
      $ref: `#/components/schemas/${name}`,
    })),
  },
};

/** A file as a body. */
export const exampleFiles = {
  csv: "Mobile Phone Number,First Name\n+491713920012,Ann\n",
  ndjson: '{"to":"+491713920012","text":"Your parcel is here"}\n',
} as const;

const query = (name: string, description: string, schema: object, example?: string) => ({
  ...{ name, in: "query", description, schema },
  ...(example === undefined ? {} : { example }),
});

export const uploadOperation = {
  operationId: "uploadMessages",
  summary: "Send a file of messages, of any length",
  description:
    "CSV with a header, or JSON of one message a line. The file is read no faster than the log takes it, and its lines are judged one by one as single messages are: a bad one " +
    "holds up nothing. The answer streams while the file comes, in the order of its lines; read it while you send. Whatever goes wrong, the same file under the same " +
    "Idempotency-Key can be sent again, whole or from a line, within a week: no line that was accepted is sent twice.",
  parameters: [
    {
      name: "Idempotency-Key",
      in: "header",
      description: "Names the upload. A new file needs a new one. Default: one is made, and answered in Upload-Id",
      schema: { type: "string", minLength: 1, maxLength: 255 },
      example: "customers-of-march",
    },
    query(
      "map.to",
      "Of CSV: the column that has the destination. So for each field of a message: map.text, map.reference, map.metadata.campaign …; a column that is named as a field needs none, and an empty name takes it away",
      { type: "string" },
      "Mobile Phone Number",
    ),
    query(
      "set.text",
      "Of CSV: what the text is in each line, with {{column}} in it, or {{column|for an empty cell}}. So for each field: set.lane, set.from …",
      { type: "string" },
      "Hi {{First Name|there}}",
    ),
    query("country", "Two letters (ISO 3166-1): numbers without a plus are read as dialled there", { type: "string" }),
    query("delimiter", "Of CSV; default: the one that gives the header the most columns", {
      enum: ["comma", "semicolon", "tab"],
    }),
    query(
      "from",
      "The line of the file that the body begins with, behind the header of CSV: to take an upload up again",
      {
        type: "integer",
        minimum: 1,
        maximum: MOST_LINES,
      },
    ),
    query(
      "answers",
      "Which lines are answered, beside the first and the last: rejected for clients that read the answer when they have sent everything",
      {
        enum: ["all", "rejected"],
        default: "all",
      },
    ),
  ],
  requestBody: {
    required: true,
    content: {
      "text/csv": { schema: { type: "string" }, example: exampleFiles.csv },
      "application/x-ndjson": { schema: { type: "string" }, example: exampleFiles.ndjson },
    },
  },
  responses: {
    200: {
      description: "One line of JSON after the other; the last one says whether the file was read to its end",
      headers: { "Upload-Id": { description: "The upload's Idempotency-Key", schema: { type: "string" } } },
      content: { "application/x-ndjson": { schema: { $ref: "#/components/schemas/UploadLine" } } },
    },
    ...problems({
      400: "INVALID_UPLOAD: errors says what of the file or its columns is wrong. INVALID_QUERY, INVALID_HEADER, BAD_REQUEST: the request cannot be read. BODY_INCOMPLETE: the body broke off, or no line came for too long",
      401: "UNAUTHORIZED: no valid API key",
      409: "UPLOAD_RUNNING: another request is at work on this upload, or has died at it within the last half minute",
      413: `BODY_TOO_LARGE: the file has more than ${MOST_LINES} lines`,
      415: "UNSUPPORTED_MEDIA_TYPE: the body is neither text/csv nor application/x-ndjson, in UTF-8. UNSUPPORTED_ENCODING: it is not plain, gzip, deflate or br",
      429: "TOO_MANY_MESSAGES: the account's message rate is used up. TOO_MANY_REQUESTS: the account has eight uploads under way",
      503: "UNAVAILABLE, BUSY: nothing was accepted. ACCEPTANCE_UNKNOWN and UPLOAD_STOPPED, as the problem of the last line: take the upload up again",
    }),
  },
};
