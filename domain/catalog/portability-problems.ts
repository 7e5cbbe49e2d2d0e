import { partitionShare } from "../portability/lookup-budget.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { formatMoney } from "./money.ts";

/** Whatever of the look-ups cannot be carried out. */
export function portabilityProblems(
  { portability }: Pick<Catalog, "portability">,
  partitions: number,
): CatalogProblem[] {
  const lookups = portability?.lookups ?? [];
  return lookups.flatMap(({ id, price, budget }, index) => {
    const at = ["portability", "lookups", index];
    const first = lookups.findIndex((other) => other.id === id);
    const repeated = first === index ? [] : [problemAt([...at, "id"], `"${id}" is also portability.lookups[${first}]`)];
    const short = (["daily", "monthly"] as const).flatMap((field) => {
      const limit = budget[field];
      // Each partition has an even share: where that is not the price of one question, nobody is ever asked.
      if (limit === undefined || partitionShare(limit, partitions) >= price) return [];
      const least = formatMoney(price * partitions);
      const message = `${formatMoney(limit)} is less than one question for each of ${partitions} partitions, which share it: ${least} at the least`;
      return [problemAt([...at, "budget", field], message)];
    });
    return [...repeated, ...short];
  });
}
