import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import type { QuietHours } from "./quiet-hours.ts";
import { countriesOf, type Region } from "./region.ts";
import { noNumbers } from "./unmatched-codes.ts";

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

/** Rules that no message comes to, since the first that is a message's own holds for it, and countries of a rule of which that is so. */
export function quietHoursWarnings({ quietHours = [], regions }: Catalog): CatalogProblem[] {
  const rules = quietHours.map((rule) => conditionsOf(rule, regions));
  return quietHours.flatMap((rule, index) => {
    const at = ["quietHours", index];
    const ids = (places: ReadonlySet<number>) =>
      [...places]
        .sort((a, b) => a - b)
        .map((place) => `"${quietHours[place]!.id}"`)
        .join(" and ");
    const take = (places: ReadonlySet<number>) =>
      `${ids(places)} before it ${places.size === 1 ? "has" : "have"} all of it`;
    const unknown = (rule.countries ?? []).flatMap((country, i) => noNumbers(country, [...at, "countries", i]));
    const all = takenBy(rules, index, rules[index]!);
    if (all !== undefined) return [problemAt(at, `never reached: ${take(all)}`), ...unknown];
    const named = rule.countries ?? [];
    const entries = named.flatMap((country, i) => {
      const by = named.length < 2 ? undefined : takenBy(rules, index, { ...rules[index]!, countries: [country] });
      if (by === undefined) return [];
      return [problemAt([...at, "countries", i], `"${country}" matches nothing here: ${take(by)}`)];
    });
    return [...entries, ...unknown];
  });
}

interface Conditions {
  readonly lanes: readonly string[];
  /** Undefined: all that there are. */
  readonly countries: readonly string[] | undefined;
  readonly accounts: readonly string[] | undefined;
}

function conditionsOf(rule: QuietHours, regions: readonly Region[]): Conditions {
  return { lanes: rule.lanes, countries: countriesOf(rule, regions), accounts: rule.accounts };
}

/** Stands for all that no rule names. */
const OTHERS = "";

/** Places of the rules that have every message for which the conditions hold; undefined: some are left for the rule at `place`. */
function takenBy(rules: readonly Conditions[], place: number, { lanes, countries, accounts }: Conditions) {
  const before = rules.slice(0, place);
  const universe = (list: "countries" | "accounts") => [
    ...new Set([OTHERS, ...before.flatMap((one) => one[list] ?? [])]),
  ];
  const by = new Set<number>();
  for (const lane of lanes)
    for (const country of countries ?? universe("countries"))
      for (const account of accounts ?? universe("accounts")) {
        const first = before.findIndex(
          (one) =>
            one.lanes.includes(lane) &&
            (one.countries?.includes(country) ?? true) &&
            (one.accounts?.includes(account) ?? true),
        );
        if (first < 0) return undefined;
        by.add(first);
      }
  return by.size === 0 ? undefined : by;
}
