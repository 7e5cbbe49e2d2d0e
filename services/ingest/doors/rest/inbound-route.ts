import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { writeCursor } from "../../../../pipeline/read-model/list-cursor.ts";
import type { InboundFilter } from "../../../../pipeline/read-model/list-inbound.ts";
import { type InboundData, storedNumber } from "../../../../pipeline/records/inbound-data.ts";
import type { Account } from "../../access/api-keys.ts";
import { answeredByAnalytics } from "./analytics-problems.ts";
import { readOne, readPage, readTime } from "./list-route.ts";
import { invalidQuery } from "./query-parameters.ts";
import type { RestContext } from "./rest-context.ts";

const MAX_NUMBER = 64;

/** A page of what handsets have sent to an account. */
export interface InboundListAnswer {
  readonly messages: readonly InboundData[];
  /** `after` of the next page; not there on the last one. */
  readonly next?: string;
}

/**
 * `GET /v1/inbound`: what handsets have sent to the account's numbers, the newest first, as analytics has it.
 * @throws ProblemError 400 naming each parameter that is wrong; 429, 503.
 */
export async function listOwnInbound(
  context: Pick<RestContext, "inbound">,
  account: Account,
  query: Readonly<Record<string, unknown>>,
): Promise<InboundListAnswer> {
  const problems: FieldProblem[] = [];
  const one = (name: string) => readOne(query[name], name, problems);
  const filter: InboundFilter = {
    account: account.id,
    number: readNumber(one("number"), "number", problems),
    to: readNumber(one("to"), "to", problems),
    from: readTime(one("from"), "from", problems),
    until: readTime(one("until"), "until", problems),
  };
  const { limit, after } = readPage(one, problems);
  if (problems.length > 0) throw invalidQuery(...problems);
  const page = await context
    .inbound(filter, limit, after)
    .catch(answeredByAnalytics("Messages from handsets cannot be listed at the moment"));
  const { messages, next } = page;
  return next === undefined ? { messages } : { messages, next: writeCursor(next) };
}

/** A number in any spelling, a short code or a name; a plus that was not escaped has become a blank on its way. */
function readNumber(text: string | undefined, field: string, problems: FieldProblem[]): string | undefined {
  if (text === undefined) return undefined;
  const parsed = parseDestination(text.trim());
  const number = parsed.ok ? parsed.e164 : storedNumber(text);
  if (number !== "" && number.length <= MAX_NUMBER) return number;
  const message = `1 to ${MAX_NUMBER} characters: a number in international form, a short code or a name`;
  problems.push({ field, code: "length-out-of-range", message });
  return undefined;
}
