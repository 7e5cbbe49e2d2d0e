import { lanes } from "../message/lane.ts";
import { networkCountries } from "../portability/network-dependence.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";
import { listenedTo } from "./listened-to.ts";
import { type Lookup, SECRET_NAME } from "./lookup.ts";

/** What is doubtful about look-ups. */
export function portabilityWarnings(catalog: Catalog): CatalogProblem[] {
  const lookups = catalog.portability?.lookups ?? [];
  if (lookups.length === 0) return [];
  const countries = networkCountries(catalog);
  return lookups.flatMap((lookup, index) => {
    const at = ["portability", "lookups", index];
    return [
      ...ofEncryption(lookup, [...at, "url"]),
      ...ofQuery(lookup, [...at, "url"]),
      ...ofCountries(lookup, countries, at),
      ...ofEarlier(lookup, lookups.slice(0, index), at),
    ];
  });
}

type Keys = readonly (string | number)[];

function ofEncryption({ url }: Lookup, at: Keys): CatalogProblem[] {
  // The placeholder is in no host.
  const hostname = listenedTo(url);
  if (hostname === undefined) return [];
  return [problemAt(at, `http: sends numbers and secretHeaders to ${hostname} unencrypted: write https:`)];
}

/** An address is stored with the catalog, and shown. */
function ofQuery({ url }: Lookup, at: Keys): CatalogProblem[] {
  const names = [...new URL(url).searchParams.keys()].filter((name) => SECRET_NAME.test(name));
  const message = (name: string) =>
    `"${name}" looks like a secret, and addresses are stored with the catalog: use secretHeaders where the service takes it there`;
  return names.map((name) => problemAt(at, message(name)));
}

function ofCountries({ countries }: Lookup, depending: ReadonlySet<string>, at: Keys): CatalogProblem[] {
  if (depending.size === 0)
    return [problemAt(at, "no route, price or rate of a provider names a network: it is never asked")];
  return (countries ?? []).flatMap((country, index) =>
    depending.has(country)
      ? []
      : [
          problemAt(
            [...at, "countries", index],
            `no route, price or rate of a provider names a network of ${country}: it is never asked there`,
          ),
        ],
  );
}

/** The first look-up for a country and lane is the one that is asked. */
function ofEarlier({ countries, lanes: own }: Lookup, earlier: readonly Lookup[], at: Keys): CatalogProblem[] {
  const covered = lanes
    .filter((lane) => own.includes(lane))
    .every((lane) => {
      const before = earlier.filter((one) => one.lanes.includes(lane));
      if (before.some((one) => one.countries === undefined)) return true;
      return countries?.every((country) => before.some((one) => one.countries?.includes(country))) ?? false;
    });
  return covered ? [problemAt(at, "look-ups before it are asked in all its countries and lanes: it never is")] : [];
}
