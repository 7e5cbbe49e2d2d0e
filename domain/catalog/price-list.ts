import { z } from "zod";
import { country, mccMnc, price } from "./fields.ts";
import type { Micros } from "./money.ts";

/** What a provider takes for a segment, by how exactly the destination is known. */
export interface PriceList {
  byNetwork: ReadonlyMap<string, Micros>;
  byCountry: ReadonlyMap<string, Micros>;
  /** For everywhere else; without it the provider serves only what the list names. */
  elsewhere: Micros | undefined;
}

const priceEntry = z
  .strictObject({ country: country.optional(), mccMnc: mccMnc.optional(), price })
  .refine((entry) => entry.country === undefined || entry.mccMnc === undefined, "country or mccMnc, not both");

/** Reads `[{country | mccMnc | neither, price}]` into a list to look prices up in. */
export const priceListSchema = z.array(priceEntry).transform((entries, context): PriceList => {
  const byNetwork = new Map<string, Micros>();
  const byCountry = new Map<string, Micros>();
  let elsewhere: Micros | undefined;
  for (const [index, entry] of entries.entries()) {
    const key = entry.mccMnc ?? entry.country;
    const map = entry.mccMnc === undefined ? byCountry : byNetwork;
    const repeated = key === undefined ? elsewhere !== undefined : map.has(key);
    if (repeated) {
      const message = `a second price for ${key ?? "everywhere else"}`;
      context.addIssue({ code: "custom", path: [index], message });
    }
    if (key === undefined) elsewhere = entry.price;
    else map.set(key, entry.price);
  }
  return { byNetwork, byCountry, elsewhere };
});

/**
 * Price of a segment in micro-units of the provider's currency: the network's, else the country's, else the general one.
 * Undefined means that the provider does not serve the destination.
 */
export function priceOf(
  provider: { prices: PriceList },
  countryCode: string,
  networkCode: string | undefined,
): Micros | undefined {
  const { byNetwork, byCountry, elsewhere } = provider.prices;
  const ofNetwork = networkCode === undefined ? undefined : byNetwork.get(networkCode);
  return ofNetwork ?? byCountry.get(countryCode) ?? elsewhere;
}
