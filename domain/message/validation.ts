import { parseDestination } from "../numbers/destination.ts";
import { type Network, networkOf } from "../numbers/network.ts";
import type { Encoding } from "../text/encoding.ts";
import { inFewerSegments } from "../text/fewer-segments.ts";
import { countSegments, DEFAULT_MAX_PARTS } from "../text/segments.ts";
import { DEFAULT_LANE, isLane, type Lane, lanes } from "./lane.ts";
import { CLOCKS_DIFFER_MS, readSendAt } from "./send-at.ts";
import { readSender } from "./sender-id.ts";

/** One thing wrong with a request. `code` is stable; `message` is for people and never repeats a value, but names a key of metadata. */
export interface FieldProblem {
  field: string;
  code: string;
  message: string;
}

/** A request that can be sent: checked, normalised, with what the checks found out on the way. */
export interface ValidRequest {
  /** E.164 digits without a plus. */
  destination: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  network: Network | undefined;
  /** The sender id; a full number without a 00 before it. */
  from: string | undefined;
  /** What is sent. */
  text: string;
  /** The text as it was given, and whether plain characters may stand in for what the GSM alphabet lacks. */
  given: { readonly text: string; readonly transliterate: boolean };
  encoding: Encoding;
  segments: number;
  /** Segments that the text as given would take beyond these; 0: it is sent as it was given. */
  segmentsSaved: number;
  lane: Lane;
  validitySeconds: number;
  /** When it is to be sent, epoch ms; it may have passed a moment ago. */
  sendAt: number | undefined;
  /** The client's own reference. */
  reference: string | undefined;
  callbackUrl: string | undefined;
  metadata: Readonly<Record<string, string>> | undefined;
}

export type Validation = { ok: true; request: ValidRequest } | { ok: false; problems: FieldProblem[] };

export interface ValidationOptions {
  /** ISO 3166-1 alpha-2: reads destinations as dialled there. Without it they are international. */
  defaultCountry?: string;
  /** Most parts of one message. Default 10. */
  maxParts?: number;
  /** When it is accepted, epoch ms: how far ahead `sendAt` lies is measured by it. Without it that is not checked. */
  acceptedAt?: number;
  /** Somebody has accepted it before, by another clock: `sendAt` may lie beyond its bounds by what clocks differ. */
  acceptedBefore?: boolean;
}

export const requestLimits = {
  /** UTF-16 code units. */
  textLength: 1600,
  defaultValiditySeconds: 86_400,
  minValiditySeconds: 30,
  maxValiditySeconds: 604_800,
  referenceLength: 64,
  callbackUrlLength: 512,
  metadataEntries: 10,
  metadataKeyLength: 40,
  metadataValueLength: 256,
} as const;

/** The fields of a send request. */
export const REQUEST_FIELDS = [
  "to",
  "from",
  "text",
  "transliterate",
  "lane",
  "validity",
  "sendAt",
  "reference",
  "callbackUrl",
  "metadata",
] as const;
const FIELDS: ReadonlySet<string> = new Set(REQUEST_FIELDS);
/** Fields that are not known and are named; a body has room for a million of them. */
const MOST_UNKNOWN = 20;
export const METADATA_KEY = new RegExp(`^[A-Za-z][A-Za-z0-9_.-]{0,${requestLimits.metadataKeyLength - 1}}$`);

/**
 * Checks a send request from any source (HTTP, an upstream system's record) and names every problem at once, of unknown fields the first twenty. Absent,
 * null and undefined mean the same for optional fields; fields that are not known are a problem, as a typing error in an
 * optional field would otherwise go unnoticed.
 */
export function validateSendRequest(input: unknown, options: ValidationOptions = {}): Validation {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return { ok: false, problems: [{ field: "", code: "request-not-an-object", message: "a request is an object" }] };
  }
  const fields = input as Record<string, unknown>;
  const problems: FieldProblem[] = [];
  for (const field in fields) {
    if (FIELDS.has(field)) continue;
    if (problems.length === MOST_UNKNOWN) break;
    problems.push(problem(field, "field-unknown", `known fields: ${REQUEST_FIELDS.join(", ")}`));
  }
  const destination = readDestination(fields.to, options.defaultCountry, problems);
  const plain = readFlag(fields.transliterate, "transliterate", problems);
  const text = readText(fields.text, plain, options.maxParts ?? DEFAULT_MAX_PARTS, problems);
  const request = {
    from: readFrom(fields.from, problems),
    lane: readLane(fields.lane, problems),
    validitySeconds: readValidity(fields.validity, problems),
    sendAt: readTime(fields.sendAt, options, problems),
    reference: readShortText(fields.reference, "reference", [1, requestLimits.referenceLength], problems),
    callbackUrl: readCallbackUrl(fields.callbackUrl, problems),
    metadata: readMetadata(fields.metadata, problems),
  };
  if (problems.length > 0 || destination === undefined || text === undefined) return { ok: false, problems };
  return {
    ok: true,
    request: {
      destination: destination.e164,
      country: destination.country,
      network: networkOf(destination.e164),
      from: request.from,
      text: text.text,
      given: { text: text.given, transliterate: plain },
      encoding: text.encoding,
      segments: text.segments,
      segmentsSaved: text.segmentsSaved,
      lane: request.lane,
      validitySeconds: request.validitySeconds,
      sendAt: request.sendAt,
      reference: request.reference,
      callbackUrl: request.callbackUrl,
      metadata: request.metadata,
    },
  };
}

function readDestination(value: unknown, defaultCountry: string | undefined, problems: FieldProblem[]) {
  const to = readString(value, "to", true, problems);
  if (to === undefined) return undefined;
  const parsed = parseDestination(to, defaultCountry);
  if (parsed.ok) return parsed;
  problems.push(problem("to", parsed.code, parsed.reason));
  return undefined;
}

function readText(value: unknown, plain: boolean, maxParts: number, problems: FieldProblem[]) {
  const text = readString(value, "text", true, problems);
  if (text === undefined) return undefined;
  if (text === "") problems.push(problem("text", "text-empty", "a text has at least one character"));
  if (text.length > requestLimits.textLength) {
    const message = `${text.length} characters (UTF-16), ${requestLimits.textLength} at most`;
    problems.push(problem("text", "text-too-long", message));
    return undefined;
  }
  if (!text.isWellFormed()) problems.push(problem("text", "text-malformed", "half of a surrogate pair is missing"));
  const sent = plain ? inFewerSegments(text) : { text, ...countSegments(text), segmentsSaved: 0 };
  if (sent.segments > maxParts) {
    const message = `${sent.segments} parts in ${sent.encoding}, ${maxParts} at most`;
    problems.push(problem("text", "text-too-many-parts", message));
  }
  return { ...sent, given: text };
}

function readFlag(value: unknown, field: string, problems: FieldProblem[]): boolean {
  if (value === undefined || value === null || typeof value === "boolean") return value === true;
  problems.push(problem(field, "type-wrong", "true or false"));
  return false;
}

function readFrom(value: unknown, problems: FieldProblem[]): string | undefined {
  const from = readString(value, "from", false, problems);
  if (from === undefined) return undefined;
  const read = readSender(from);
  if (read.ok) return read.sender;
  problems.push(problem("from", "sender-invalid", read.reason));
  return undefined;
}

function readLane(value: unknown, problems: FieldProblem[]): Lane {
  if (value === undefined || value === null) return DEFAULT_LANE;
  if (isLane(value)) return value;
  problems.push(problem("lane", "lane-unknown", `one of ${lanes.join(", ")}`));
  return DEFAULT_LANE;
}

function readValidity(value: unknown, problems: FieldProblem[]): number {
  const { defaultValiditySeconds, minValiditySeconds: min, maxValiditySeconds: max } = requestLimits;
  if (value === undefined || value === null) return defaultValiditySeconds;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  problems.push(problem("validity", "validity-out-of-range", `whole seconds from ${min} to ${max}`));
  return defaultValiditySeconds;
}

function readTime(
  value: unknown,
  { acceptedAt, acceptedBefore }: ValidationOptions,
  problems: FieldProblem[],
): number | undefined {
  if (value === undefined || value === null) return undefined;
  const time = readSendAt(typeof value === "string" ? value : "", acceptedAt, acceptedBefore ? CLOCKS_DIFFER_MS : 0);
  if (typeof time === "number") return time;
  problems.push(problem("sendAt", time.code, time.message));
  return undefined;
}

function readCallbackUrl(value: unknown, problems: FieldProblem[]): string | undefined {
  const callbackUrl = readShortText(value, "callbackUrl", [1, requestLimits.callbackUrlLength], problems);
  if (!callbackUrl || callbackUrl.length > requestLimits.callbackUrlLength) return undefined;
  const message = callbackUrlProblem(callbackUrl);
  if (message === undefined) return callbackUrl;
  problems.push(problem("callbackUrl", "callback-url-invalid", message));
  return undefined;
}

/** What keeps a text from being the address of status callbacks; undefined when it can be one. */
export function callbackUrlProblem(text: string, most: number = requestLimits.callbackUrlLength): string | undefined {
  if (text.length > most) return `at most ${most} characters`;
  const url = URL.parse(text);
  const usable =
    (url?.protocol === "http:" || url?.protocol === "https:") && url.username === "" && url.password === "";
  return usable ? undefined : "an absolute http or https address without a user name or password";
}

function readMetadata(value: unknown, problems: FieldProblem[]): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) {
    problems.push(problem("metadata", "type-wrong", "an object of strings"));
    return undefined;
  }
  const entries = Object.entries(value);
  const { metadataEntries, metadataKeyLength, metadataValueLength } = requestLimits;
  if (entries.length > metadataEntries) {
    problems.push(problem("metadata", "metadata-too-many", `${metadataEntries} entries at most`));
    return undefined;
  }
  for (const [key, entry] of entries) {
    if (!METADATA_KEY.test(key)) {
      const rule = `a key is a letter, then letters, digits, "_", "." or "-", ${metadataKeyLength} in all at most`;
      problems.push(problem("metadata", "metadata-key-invalid", `${shownKey(key)}: ${rule}`));
    } else {
      readShortText(entry ?? 0, `metadata.${key}`, [0, metadataValueLength], problems);
    }
  }
  return value as Record<string, string>;
}

/** A key as far as one may go, so that it can be told from the others; keys are names, and no values. */
function shownKey(key: string): string {
  const { metadataKeyLength: length } = requestLimits;
  // So many code units have more characters than are shown, and nobody's megabyte is taken apart.
  const characters = [...key.slice(0, 2 * (length + 1))];
  return JSON.stringify(characters.length > length ? `${characters.slice(0, length).join("")}…` : key);
}

type LengthRange = readonly [min: number, max: number];

/** A string whose UTF-16 length is within the range, or absent. */
function readShortText(value: unknown, field: string, [min, max]: LengthRange, problems: FieldProblem[]) {
  const text = readString(value, field, false, problems);
  if (text !== undefined && (text.length < min || text.length > max)) {
    problems.push(problem(field, "length-out-of-range", `${min} to ${max} characters`));
  }
  return text;
}

function readString(value: unknown, field: string, required: boolean, problems: FieldProblem[]): string | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) {
    if (required) problems.push(problem(field, "field-missing", "this field is required"));
  } else {
    problems.push(problem(field, "type-wrong", "a string"));
  }
  return undefined;
}

function problem(field: string, code: string, message: string): FieldProblem {
  return { field, code, message };
}
