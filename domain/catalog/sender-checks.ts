import { type CatalogProblem, formatPath, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { catalogKindOf, type SenderPlace, senderKey } from "./sender-place.ts";
import { noNumbers, unknownNetworks } from "./unmatched-codes.ts";

type Keys = readonly (string | number)[];

/** What does not hold of the sender rules among each other, and of what they name. */
export function checkSenders(catalog: Catalog): CatalogProblem[] {
  const { senders = [], accounts, providers, regions } = catalog;
  const ids = {
    account: new Set(accounts.map(({ id }) => id)),
    provider: new Set(providers.map(({ id }) => id)),
    region: new Set(regions.map(({ id }) => id)),
  };
  const exists = (noun: keyof typeof ids, id: string, at: Keys): CatalogProblem[] =>
    ids[noun].has(id) ? [] : [problemAt(at, `no ${noun} "${id}"`)];
  const taken = new Map<string, Keys>();
  return senders.flatMap((place, index) => {
    const at = ["senders", index];
    return [
      ...(place.regions ?? []).flatMap((id, i) => exists("region", id, [...at, "regions", i])),
      ...(place.registered ?? []).flatMap(({ providers: named = [] }, i) =>
        named.flatMap((id, p) => exists("provider", id, [...at, "registered", i, "providers", p])),
      ),
      ...Object.keys(place.replaceByAccount).flatMap((id) => exists("account", id, [...at, "replaceByAccount", id])),
      ...placesOf(place, catalog).flatMap(([what, entry]) => takes(taken, what, [...at, ...entry])),
      ...checkRegistered(place, at),
      ...checkReplacements(place, at),
    ];
  });
}

/** Rules that can be carried out and hold for nobody. */
export function senderWarnings({ senders = [] }: Catalog): CatalogProblem[] {
  return senders.flatMap(({ mccMncs = [], countries = [] }, index) => [
    ...unknownNetworks(mccMncs, ["senders", index, "mccMncs"], "the rule holds for no message there"),
    ...countries.flatMap((country, i) => noNumbers(country, ["senders", index, "countries", i])),
  ]);
}

/** The places of a rule, each with the entry that names it. Of one level no two rules may have the same. */
function placesOf(place: SenderPlace, { regions }: Catalog): (readonly [what: string, entry: Keys])[] {
  const { countries, mccMncs, regions: named } = place;
  if (countries !== undefined) return countries.map((code, i) => [code, ["countries", i]]);
  if (mccMncs !== undefined) return mccMncs.map((code, i) => [code, ["mccMncs", i]]);
  if (named === undefined) return [["everywhere else", []]];
  // A country that several regions of the rule have is one.
  const found = new Map<string, Keys>();
  for (const [i, id] of named.entries())
    for (const code of regions.find((region) => region.id === id)?.countries ?? [])
      if (!found.has(code)) found.set(code, ["regions", i]);
  return [...found].map(([code, entry]) => [`${code} by its region`, entry]);
}

function takes(taken: Map<string, Keys>, what: string, at: Keys): CatalogProblem[] {
  const first = taken.get(what);
  if (first === undefined) taken.set(what, at);
  return first === undefined ? [] : [problemAt(at, `a second rule for ${what}: ${formatPath(first)} has it, too`)];
}

function checkRegistered(place: SenderPlace, at: Keys): CatalogProblem[] {
  const seen = new Set<string>();
  return (place.registered ?? []).flatMap(({ sender }, i) => {
    const key = senderKey(sender, place.ignoreCase);
    const twice = seen.has(key);
    seen.add(key);
    return [
      ...(twice ? [problemAt([...at, "registered", i], `"${sender}" stands in the list twice`)] : []),
      ...checkKind(place, sender, [...at, "registered", i]),
    ];
  });
}

/** Who takes another one's place must be carried there. */
function checkReplacements(place: SenderPlace, at: Keys): CatalogProblem[] {
  const lists: [Keys, readonly string[]][] = [
    [["replaceBy"], place.replaceBy ?? []],
    ...Object.entries(place.replaceByAccount).map(([id, list]): [Keys, readonly string[]] => [
      ["replaceByAccount", id],
      list,
    ]),
  ];
  const known = place.registered && new Set(place.registered.map(({ sender }) => senderKey(sender, place.ignoreCase)));
  return lists.flatMap(([field, list]) =>
    list.flatMap((sender, i) => [
      ...checkKind(place, sender, [...at, ...field, i]),
      ...(known === undefined || known.has(senderKey(sender, place.ignoreCase))
        ? []
        : [problemAt([...at, ...field, i], `"${sender}" is not registered here: it could take nobody's place`)]),
    ]),
  );
}

function checkKind({ allowed }: SenderPlace, sender: string, at: Keys): CatalogProblem[] {
  const kind = catalogKindOf(sender);
  if (allowed === undefined || (kind !== undefined && allowed.includes(kind))) return [];
  return [problemAt(at, `"${sender}" is ${kind}, and allowed has only ${allowed.join(", ")}`)];
}
