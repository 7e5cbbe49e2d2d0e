import { z } from "zod";
import { country, distinct, kebabId } from "./fields.ts";

/** A group of countries under one name, for the conditions of routes. */
export const regionSchema = z.strictObject({ id: kebabId, countries: distinct(country) });

export type Region = z.output<typeof regionSchema>;

/** Countries that one message names. */
const NAMED = 6;

/** Countries for a message to people, which is not to list a whole continent. */
export function some(countries: readonly string[]): string {
  const more = countries.length - NAMED;
  return `${countries.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** What conditions say of countries. */
interface Where {
  readonly countries?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
}

/**
 * The countries that conditions leave: those that are named, those of the regions, and where both are given those that are in
 * both. Undefined where they say nothing of countries. A region that does not exist has none.
 */
export function countriesOf({ countries, regions: named }: Where, regions: readonly Region[]): string[] | undefined {
  if (named === undefined) return countries && [...countries];
  const within = new Set(named.flatMap((id) => regions.find((region) => region.id === id)?.countries ?? []));
  return countries === undefined ? [...within] : countries.filter((code) => within.has(code));
}
