import type { PeriodUse } from "../../../../domain/budget/budget-use.ts";
import type { Account } from "../../access/api-keys.ts";
import type { RestContext } from "./rest-context.ts";

/** `GET /v1/budget`. An account without a budget has no periods. */
export function getBudget(context: Pick<RestContext, "budget">, account: Account): object {
  const budget = context.budget(account.id);
  if (budget === undefined) return { periods: [] };
  return { ...budget, periods: budget.periods.map(shown) };
}

/** What is not known yet is left out. */
function shown({ period, most, spent, left, state, ends }: PeriodUse): object {
  const known = spent === null || left === null ? {} : { spent, left };
  return { period, limit: most, ...known, state, endsAt: new Date(ends).toISOString() };
}
