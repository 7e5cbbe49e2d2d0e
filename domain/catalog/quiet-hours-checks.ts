import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { countriesOf } from "./region.ts";

/** What quiet hours name and there is not: a rule that holds for nobody would let people be woken. */
export function checkQuietHours({ quietHours = [], accounts, regions }: Catalog): CatalogProblem[] {
  const known = { account: new Set(accounts.map(({ id }) => id)), region: new Set(regions.map(({ id }) => id)) };
  return quietHours.flatMap((rule, index) => {
    const at = ["quietHours", index];
    const exist = (noun: keyof typeof known, list: "accounts" | "regions") =>
      (rule[list] ?? []).flatMap((id, i) =>
        known[noun].has(id) ? [] : [problemAt([...at, list, i], `no ${noun} "${id}"`)],
      );
    const missing = [...exist("account", "accounts"), ...exist("region", "regions")];
    if (missing.length > 0 || countriesOf(rule, regions)?.length !== 0) return missing;
    return [problemAt([...at, "countries"], `none of them is in ${rule.regions?.join(", ")}: it holds for nobody`)];
  });
}
