import { hasNumbers } from "../numbers/country-code.ts";
import { networkTable } from "../numbers/network-table.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";

/** Codes in a catalog that are right and that no number is known to have. */

type Keys = readonly (string | number)[];

/** Networks that one warning names. */
const NAMED = 8;
const networks: ReadonlySet<string> = new Set(networkTable.map(({ mccMnc }) => mccMnc));

/** One warning for all of them: a price list may name every network of the world. `then`: what follows from it. */
export function unknownNetworks(named: readonly string[], at: Keys, then: string): CatalogProblem[] {
  const unknown = named.filter((network) => !networks.has(network));
  if (unknown.length === 0) return [];
  const some = unknown.slice(0, NAMED).map((network) => `"${network}"`);
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : "";
  const message = `no number is known to be of these networks, so ${then}: ${some.join(", ")}${more} (domain/numbers/networks.json has those that are)`;
  return [problemAt(at, message)];
}

/** Territories without telephone numbers. */
export function noNumbers(country: string, at: Keys): CatalogProblem[] {
  return hasNumbers(country)
    ? []
    : [problemAt(at, `"${country}" has no telephone numbers of its own: it matches nothing`)];
}
