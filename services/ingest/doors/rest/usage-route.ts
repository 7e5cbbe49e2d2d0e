import type { FieldProblem } from "../../../../domain/message/validation.ts";
import type { UsageOfDay } from "../../../../pipeline/read-model/account-usage.ts";
import type { Account } from "../../access/api-keys.ts";
import { answeredByAnalytics } from "./analytics-problems.ts";
import { invalidQuery } from "./query-parameters.ts";
import type { RestContext } from "./rest-context.ts";

/** Days of one question. */
export const USAGE_DAYS = { usual: 30, most: 366 } as const;
const DAY_MS = 86_400_000;

export interface UsageAnswer {
  /** The first day, and the day behind the last one, YYYY-MM-DD, UTC. */
  readonly from: string;
  readonly until: string;
  readonly usage: readonly UsageOfDay[];
}

/**
 * `GET /v1/usage`: what the account has used, by day and lane.
 * @throws ProblemError 400 naming each parameter that is wrong; 429, 503.
 */
export async function getUsage(
  context: RestContext,
  account: Account,
  query: { readonly from?: unknown; readonly until?: unknown },
): Promise<UsageAnswer> {
  const problems: FieldProblem[] = [];
  const until = readDay(query.until, "until", problems) ?? dayAt(Date.now() + DAY_MS);
  const from = readDay(query.from, "from", problems) ?? dayAt(Date.parse(until) - USAGE_DAYS.usual * DAY_MS);
  const days = (Date.parse(until) - Date.parse(from)) / DAY_MS;
  if (problems.length === 0 && !(days >= 1 && days <= USAGE_DAYS.most)) {
    const message = `later than from, by ${USAGE_DAYS.most} days at the most`;
    problems.push({ field: "until", code: "time-invalid", message });
  }
  if (problems.length > 0) throw invalidQuery(...problems);
  const usage = await context
    .usage(account.id, from, until)
    .catch(answeredByAnalytics("The usage cannot be read at the moment"));
  return { from, until, usage };
}

function dayAt(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function readDay(value: unknown, field: string, problems: FieldProblem[]): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "string" && /^(?:19[7-9]\d|20\d\d)-\d\d-\d\d$/.test(value) ? value : "";
  const at = Date.parse(`${text}T00:00:00Z`);
  if (!Number.isNaN(at) && dayAt(at) === text) return text;
  problems.push({ field, code: "time-invalid", message: "a day such as 2026-01-31, which counts in UTC" });
  return undefined;
}
