import { lanes } from "../../../../domain/message/lane.ts";
import { type FieldProblem, METADATA_KEY, requestLimits } from "../../../../domain/message/validation.ts";
import { readWrittenTime } from "../../../../domain/message/written-time.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { readCursor, writeCursor } from "../../../../pipeline/read-model/list-cursor.ts";
import {
  LAST_MOMENT,
  LIST_PAGE,
  LISTED_STATUSES,
  type ListedMessage,
  type ListFilter,
  type ListPlace,
} from "../../../../pipeline/read-model/list-messages.ts";
import type { Account } from "../../access/api-keys.ts";
import { answeredByAnalytics } from "./analytics-problems.ts";
import { invalidQuery } from "./query-parameters.ts";
import type { RestContext } from "./rest-context.ts";

/** Labels that one question may name. */
const MOST_LABELS = 10;

/** A page of an account's messages. */
export interface MessageListAnswer {
  readonly messages: readonly object[];
  /** `after` of the next page; not there on the last one. */
  readonly next?: string;
}

interface Question {
  readonly filter: ListFilter;
  readonly limit: number;
  readonly after: ListPlace | undefined;
}

/**
 * `GET /v1/messages`: the account's own messages, the newest first, as analytics has them.
 * @throws ProblemError 400 naming each parameter that is wrong; 429, 503.
 */
export async function listOwnMessages(
  context: RestContext,
  account: Account,
  query: Readonly<Record<string, unknown>>,
): Promise<MessageListAnswer> {
  const { filter, limit, after } = readQuestion(account.id, query);
  const page = await context
    .list(filter, limit, after)
    .catch(answeredByAnalytics("Messages cannot be listed at the moment"));
  const messages = page.messages.map(shown);
  return page.next === undefined ? { messages } : { messages, next: writeCursor(page.next) };
}

/** What has no value is left out. */
function shown(message: ListedMessage): object {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== "" && value !== null));
}

function readQuestion(account: string, query: Readonly<Record<string, unknown>>): Question {
  const problems: FieldProblem[] = [];
  const one = (name: string) => readOne(query[name], name, problems);
  const filter = {
    account,
    to: readNumber(one("to"), problems),
    reference: readReference(one("reference"), problems),
    labels: readLabels(query.label, problems),
    lane: readWord(one("lane"), { field: "lane", code: "lane-unknown", known: lanes }, problems),
    status: readWord(one("status"), { field: "status", code: "status-unknown", known: LISTED_STATUSES }, problems),
    from: readTime(one("from"), "from", problems),
    until: readTime(one("until"), "until", problems),
  };
  const { limit, after } = readPage(one, problems);
  if (problems.length > 0) throw invalidQuery(...problems);
  return { filter, limit, after };
}

/** How many there are to be of a list, and from where on. `one`: reads a parameter. */
export function readPage(
  one: (name: string) => string | undefined,
  problems: FieldProblem[],
): { readonly limit: number; readonly after: ReturnType<typeof readCursor> } {
  const limit = readLimit(one("limit"), problems);
  const cursor = one("after");
  const after = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && after === undefined)
    problems.push({ field: "after", code: "cursor-invalid", message: "next of a page, as it was given" });
  return { limit, after };
}

/** A parameter that is there twice would be heeded once. */
export function readOne(value: unknown, field: string, problems: FieldProblem[]): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  problems.push({ field, code: "type-wrong", message: "it is there several times; give it once" });
  return undefined;
}

function readNumber(text: string | undefined, problems: FieldProblem[]): string | undefined {
  if (text === undefined) return undefined;
  const parsed = parseDestination(text.trim());
  if (parsed.ok) return parsed.e164;
  problems.push({ field: "to", code: parsed.code, message: parsed.reason });
  return undefined;
}

function readReference(text: string | undefined, problems: FieldProblem[]): string | undefined {
  if (text === undefined || (text.length >= 1 && text.length <= requestLimits.referenceLength)) return text;
  const message = `1 to ${requestLimits.referenceLength} characters`;
  problems.push({ field: "reference", code: "length-out-of-range", message });
  return undefined;
}

function readLabels(value: unknown, problems: FieldProblem[]): Record<string, string> {
  const given = value === undefined ? [] : [value].flat();
  const labels: Record<string, string> = {};
  for (const text of given.slice(0, MOST_LABELS)) {
    const [, name = "", wanted = ""] = /^([^:]+):(.*)$/s.exec(String(text)) ?? [];
    if (METADATA_KEY.test(name) && wanted.length <= requestLimits.metadataValueLength && !Object.hasOwn(labels, name))
      labels[name] = wanted;
    else {
      const message = "a label's name, a colon and its value, such as campaign:spring; each name once";
      problems.push({ field: "label", code: "label-invalid", message });
    }
  }
  if (given.length > MOST_LABELS)
    problems.push({ field: "label", code: "metadata-too-many", message: `at most ${MOST_LABELS} labels` });
  return labels;
}

function readWord(
  text: string | undefined,
  { field, code, known }: { readonly field: string; readonly code: string; readonly known: readonly string[] },
  problems: FieldProblem[],
): string | undefined {
  if (text === undefined || known.includes(text)) return text;
  problems.push({ field, code, message: `one of ${known.join(", ")}` });
  return undefined;
}

/** RFC 3339; epoch ms. */
export function readTime(text: string | undefined, field: string, problems: FieldProblem[]): number | undefined {
  if (text === undefined) return undefined;
  // A plus that was not escaped has become a blank on its way.
  const written = readWrittenTime(text.replace(/ (?=\d\d:?\d\d$)/, "+"));
  if (written.ok && written.at >= 0 && written.at <= LAST_MOMENT) return written.at;
  const message = written.ok ? "a time from 1970 on" : written.reason;
  problems.push({ field, code: "time-invalid", message });
  return undefined;
}

/** Entries of a page. */
function readLimit(text: string | undefined, problems: FieldProblem[]): number {
  if (text === undefined) return LIST_PAGE.usual;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIST_PAGE.most) return limit;
  const message = `a whole number from 1 to ${LIST_PAGE.most}`;
  problems.push({ field: "limit", code: "number-out-of-range", message });
  return LIST_PAGE.usual;
}
