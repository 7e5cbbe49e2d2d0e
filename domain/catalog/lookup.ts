import { z } from "zod";
import { type Lane, lanes } from "../message/lane.ts";
import { isZone } from "../prices/zone.ts";
import { country, currency, distinct, kebabId, lane, price, saying } from "./fields.ts";

/** Where the number stands in an address or a body: E.164 digits without a plus. */
export const NUMBER = "{number}";

/** A token of HTTP (RFC 9110, 5.6.2). */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, "the name of an HTTP header");
/** Headers and parameters whose values nobody else must see. */
export const SECRET_NAME = /auth|key|token|secret|cookie|password/i;
/** Headers that the connection sets itself. */
const OWN = /^(host|content-length|connection|transfer-encoding|expect|upgrade|keep-alive|te|trailer)$/i;
const HEADER_VALUE = /^[\t\u0020-\u007e]{1,4096}$/;

const headers = z
  .record(headerName, z.string().regex(HEADER_VALUE, "1 to 4096 characters of ASCII, without line breaks"))
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      if (SECRET_NAME.test(name))
        context.addIssue({ code: "custom", path: [name], message: "looks like a secret: put it into secretHeaders" });
    }
  });

const secretHeaders = z.record(
  headerName,
  z.string().regex(HEADER_VALUE, "a secret header has 1 to 4096 characters of ASCII, without line breaks"),
);

/** Where a value stands in the JSON answer: names and places in lists, joined by points. */
const answerPath = z
  .string()
  .max(200)
  .regex(/^[^.\s]+(\.[^.\s]+)*$/, 'names joined by points, such as "data.network.mcc" or "results.0.mccMnc"');

const answer = z.union(
  [z.strictObject({ mccMnc: answerPath }), z.strictObject({ mcc: answerPath, mnc: answerPath })],
  "mccMnc: where both codes stand in one; or mcc and mnc: where each stands",
);

const budget = z
  .strictObject({
    zone: z
      .string()
      .refine(isZone, { error: "a time zone of the IANA database by name, such as Europe/Berlin or UTC" })
      .default("UTC"),
    daily: price.optional(),
    monthly: price.optional(),
  })
  .refine(({ daily = 0, monthly = Number.POSITIVE_INFINITY }) => daily <= monthly, {
    path: ["daily"],
    error: "more than monthly: it is never reached",
  });

/** A service that is asked over HTTP which network a number is of now. */
export const lookupSchema = z
  .strictObject({
    id: kebabId,
    kind: z.literal("http"),
    method: z.enum(["GET", "POST"]).default("GET"),
    /** With `{number}` in its path or query, or without where the body has it. */
    url: z.string().max(2_000).superRefine(saying(urlProblem)),
    /** Of a POST, with `{number}`. */
    body: z.string().max(10_000).optional(),
    headers: headers.default({}),
    secretHeaders: secretHeaders.default({}),
    answer,
    /** How an answer looks that says that the network is not known. */
    unknown: z
      .strictObject({
        statuses: z.array(z.int().min(400).max(499)).max(20).default([]),
        path: answerPath.optional(),
        values: z.array(z.string().max(200)).min(1).max(50).optional(),
      })
      .refine(({ path, values }) => (path === undefined) === (values === undefined), "path and values: both or none")
      .prefault({}),
    /** How long a message waits for the answer, and the request for its own. */
    timeoutMs: z.int().min(10).max(5_000).default(500),
    /** Requests of one router at one time. */
    maxInFlight: z.int().min(1).max(1_000).default(50),
    /** Of one question. */
    price: price.prefault("0"),
    currency: currency.optional(),
    budget: budget.prefault({}),
    /** Numbers of these countries alone. Default: of all where something depends on the network. */
    countries: distinct(country).optional(),
    /** Messages of these lanes alone ask, and wait. */
    lanes: distinct(lane).default([...lanes]),
    /** How long an answer counts. */
    keepSeconds: z.int().min(1).max(31_536_000).default(604_800),
    /** The same of an answer that the network is not known. */
    keepUnknownSeconds: z.int().min(1).max(31_536_000).default(86_400),
    /** After so many failures in a row nobody is asked for so long. */
    circuit: z
      .strictObject({
        failures: z.int().min(1).max(10_000).default(5),
        openMs: z.int().min(100).max(3_600_000).default(10_000),
      })
      .prefault({}),
  })
  .superRefine(
    (
      { method, url, body, headers: plain, secretHeaders: secret, price: each, currency: unit, budget: most },
      context,
    ) => {
      const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
      if (method === "GET" && body !== undefined) issue(["body"], "means nothing with method: GET");
      if (!url.includes(NUMBER) && !(body ?? "").includes(NUMBER))
        issue(
          ["url"],
          `says nowhere what is asked for: ${NUMBER} stands for the number, here or in the body of a POST`,
        );
      if (each > 0 && unit === undefined) issue(["currency"], "is missing: of price and budget");
      const limited = most.daily !== undefined || most.monthly !== undefined;
      if (limited && each === 0) issue(["budget"], "means nothing without a price of a question");
      for (const [group, names] of Object.entries({ headers: Object.keys(plain), secretHeaders: Object.keys(secret) }))
        for (const name of names) if (OWN.test(name)) issue([group, name], "is set by the connection itself");
      const all = [...Object.keys(plain), ...Object.keys(secret)].map((name) => name.toLowerCase());
      const twice = all.find((name, place) => all.indexOf(name) !== place);
      if (twice !== undefined) issue(["headers"], `${twice}: given twice`);
    },
  );

export type Lookup = z.output<typeof lookupSchema>;

/** Whether a look-up is for messages of a country and lane. */
export function isAskedFor({ countries, lanes: own }: Lookup, place: string, messageLane: Lane): boolean {
  return own.includes(messageLane) && (countries?.includes(place) ?? true);
}

/** The address of a question. `number`: E.164 digits. */
export function lookupUrl({ url }: Pick<Lookup, "url">, number: string): URL {
  return new URL(url.replaceAll(NUMBER, number));
}

function urlProblem(text: string): string | undefined {
  const [one, other] = ["10", "20"].map((number) => URL.parse(text.replaceAll(NUMBER, number)));
  const url = one ?? null;
  if (url === null || !/^https?:$/.test(url.protocol)) return "an address that begins with https:// or http://";
  if (url.username !== "" || url.password !== "") return "without a user name and password: they go into secretHeaders";
  if (url.hash !== "") return "without a fragment, which would not be sent";
  if (url.host !== other?.host) return `${NUMBER} stands in the path or the query, not in the host`;
  return undefined;
}
