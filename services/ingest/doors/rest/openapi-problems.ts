/**
 * The problems that the HTTP interface answers, by status: openapi.test.ts holds this list against the code. Clients
 * should take a code that they do not know for its status; more may come.
 */
export const problemCodes = {
  400: [
    ...(["BAD_REQUEST", "BODY_INCOMPLETE", "BODY_NOT_EXPECTED", "INVALID_BATCH", "INVALID_CONVERSION"] as const),
    ...(["INVALID_HEADER", "INVALID_JSON", "INVALID_MESSAGE", "INVALID_QUERY", "INVALID_SUPPRESSION"] as const),
    "INVALID_UPLOAD",
  ],
  401: ["UNAUTHORIZED"],
  403: ["FORBIDDEN"],
  404: ["MESSAGE_NOT_FOUND", "NOT_FOUND"],
  405: ["METHOD_NOT_ALLOWED"],
  409: ["NOT_WAITING_YET", "RECIPIENT_SAID_STOP", "REQUEST_IN_PROGRESS", "TOO_LATE", "UPLOAD_RUNNING"],
  413: ["BODY_TOO_LARGE"],
  415: ["UNSUPPORTED_ENCODING", "UNSUPPORTED_MEDIA_TYPE"],
  422: ["CONVERSION_TOO_LATE", "IDEMPOTENCY_CONFLICT"],
  429: ["TOO_MANY_FAILURES", "TOO_MANY_MESSAGES", "TOO_MANY_REQUESTS"],
  500: ["INTERNAL"],
  503: ["ACCEPTANCE_UNKNOWN", "BUSY", "ROUTES_UNKNOWN", "UNAVAILABLE", "UPLOAD_STOPPED"],
} as const;

export type ProblemStatus = keyof typeof problemCodes;

const retryAfter = { description: "Seconds after which to try again", schema: { type: "integer" } };
const challenge = { description: "How to say who you are", schema: { type: "string" } };

const headersOf = (status: number) => {
  // Of 409 it is on REQUEST_IN_PROGRESS.
  if (status === 409 || status === 429 || status === 503) return { headers: { "Retry-After": retryAfter } };
  return status === 401 ? { headers: { "WWW-Authenticate": challenge } } : {};
};

const FAILURES = "TOO_MANY_FAILURES: too many wrong keys have come from this address";

/** The responses of an operation that are problems; every operation may fail within, too, and what needs a key may be refused for it. */
export function problems(descriptions: Partial<Record<ProblemStatus, string>>) {
  const needsKey = descriptions[401]?.includes("API key") === true;
  const of = (status: 403 | 429, said: string) =>
    [descriptions[status], said].filter((one) => one !== undefined).join(". ");
  const ofKey = needsKey
    ? { 403: of(403, "FORBIDDEN: the key has not the scope that this needs"), 429: of(429, FAILURES) }
    : {};
  const all = { ...descriptions, ...ofKey, 500: "INTERNAL: the service failed; its log has the cause" };
  return Object.fromEntries(
    Object.entries(all).map(([status, description]) => [
      status,
      {
        description,
        ...headersOf(Number(status)),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}
