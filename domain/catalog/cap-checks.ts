import { readSender } from "../message/sender-id.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { countriesOf } from "./region.ts";
import { noNumbers, unknownNetworks } from "./unmatched-codes.ts";

/** What caps name and there is not, and what no message can have. */
export function checkCaps({ caps = [], accounts, regions }: Catalog): CatalogProblem[] {
  const known = { account: new Set(accounts.map(({ id }) => id)), region: new Set(regions.map(({ id }) => id)) };
  return caps.flatMap((cap, index) => {
    const at = ["caps", index];
    const exist = (noun: keyof typeof known, list: "accounts" | "regions") =>
      (cap[list] ?? []).flatMap((id, i) =>
        known[noun].has(id) ? [] : [problemAt([...at, list, i], `no ${noun} "${id}"`)],
      );
    const nowhere = exist("region", "regions");
    return [
      ...exist("account", "accounts"),
      ...nowhere,
      ...(nowhere.length === 0 && countriesOf(cap, regions)?.length === 0
        ? [problemAt([...at, "countries"], `none of them is in ${cap.regions?.join(", ")}: it counts nothing`)]
        : []),
      ...(cap.of === "sender" ? (cap.only ?? []) : []).flatMap((sender, i) => {
        const read = readSender(sender);
        return read.ok ? [] : [problemAt([...at, "only", i], read.reason)];
      }),
    ];
  });
}

/** Caps that can be kept and count nothing. */
export function capWarnings({ caps = [] }: Catalog): CatalogProblem[] {
  return caps.flatMap(({ mccMncs = [], countries = [] }, index) => [
    ...unknownNetworks(mccMncs, ["caps", index, "mccMncs"], "the cap counts no message there"),
    ...countries.flatMap((country, i) => noNumbers(country, ["caps", index, "countries", i])),
  ]);
}
