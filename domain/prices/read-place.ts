import { isCallingCode } from "../numbers/country-code.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import { countryOf } from "./country-names.ts";
import type { Field } from "./header-words.ts";
import { isWhole, readMcc, readMccMncs, readMncs, readPrefixes } from "./network-cells.ts";
import type { PriceEntry } from "./price-entry.ts";
import { plainWords } from "./words.ts";

/** What a row's price is of. */
export type Place = Pick<PriceEntry, "country" | "network" | "prefix">;

export type ReadPlace =
  | {
      readonly ok: true;
      readonly places: readonly Place[];
      /** A name of a country that could not be read and was not needed. */
      readonly strange?: string;
      /** A country code alone that several countries share; the first is taken. */
      readonly mccAlone?: string;
      /** A network without its code. */
      readonly codeless?: string;
    }
  | { readonly ok: false; readonly field: Field | undefined; readonly message: string };

type Cells = (field: Field) => string;

/** Everywhere else, whichever column it stands in. */
const WORLD =
  /^(?:elsewhere|everywhere|everywhere else|rest of (?:the )?world|rest of world|row|restliche welt|(?:all )?other countries|(?:all )?other destinations|all destinations|all countries|worldwide|world|global|international)$/;
/** The same beside no country; beside a network they may as well be the rest of the country that stands some lines above. */
const OTHERS = /^(?:all others?|others?|default|\*)$/;
const saysWorld = (text: string): boolean => WORLD.test(plainWords(text));
const saysElsewhere = (text: string): boolean => saysWorld(text) || OTHERS.test(plainWords(text));

const wrong = (field: Field | undefined, message: string): ReadPlace => ({ ok: false, field, message });
const NOWHERE: Place = { country: undefined, network: undefined, prefix: undefined };

/** What the price of a row is of, by the most exact thing that it says. */
export function readPlace(cell: Cells): ReadPlace {
  const countryText = cell("country");
  const named = countryText === "" ? undefined : countryOf(countryText);
  const iso = cell("iso") === "" ? undefined : countryOf(cell("iso"));
  if (cell("iso") !== "" && iso === undefined) return wrong("iso", isoMessage(cell("iso")));
  if (named !== undefined && iso !== undefined && named !== iso)
    return wrong("country", `"${countryText}" is ${named}, and the row's code is ${iso}`);
  const country = iso ?? named;
  const place = placeOf(cell, country);
  if (!place.ok || countryText === "" || named !== undefined || saysElsewhere(countryText)) return place;
  // A name that is not needed may be anything, such as "Germany Mobile"; where it decides, it must be read.
  const needed = country === undefined && place.places.some(isVague);
  return needed
    ? wrong("country", `"${countryText}" is no country that is known: write its name in English, or its ISO code`)
    : { ...place, strange: countryText };
}

/** Whether the country's name would decide something: whose network it is, or which country is meant. */
function isVague({ network, prefix }: Place): boolean {
  if (network === undefined) return prefix === undefined;
  return (countriesOfMobileCode(network.slice(0, 3))?.length ?? 0) > 1;
}

function isoMessage(text: string): string {
  return /^\+?\d+$/.test(text)
    ? `"${text}" is a number: state whether the column is a calling code (prefix) or a mobile country code (mcc), "columns"`
    : `"${text}" is no ISO 3166-1 code of a country`;
}

function placeOf(cell: Cells, country: string | undefined): ReadPlace {
  if (!isWhole(cell("mccMnc"))) return networksOf(readMccMncs(cell("mccMnc")), "mccMnc", country);
  if (!isWhole(cell("mcc"))) return byMcc(cell, country);
  if (!isWhole(cell("mnc"))) return wrong("mnc", "a network code needs a mobile country code (mcc) beside it");
  if (!isWhole(cell("prefix"))) return byPrefix(cell("prefix"), country);
  if (country !== undefined) return { ok: true, places: [{ ...NOWHERE, country }], ...codelessOf(cell) };
  if (cell("country") !== "") return { ok: true, places: [NOWHERE] };
  const codes = (["mccMnc", "mcc", "prefix"] as const).map(cell);
  if (saysWorld(cell("network")) || codes.some(saysElsewhere)) return { ok: true, places: [NOWHERE] };
  const rest = `"${cell("network")}" may be the rest of a country or of the world: name the country in the row, or write "Rest of World"`;
  return saysElsewhere(cell("network"))
    ? wrong("network", rest)
    : wrong(undefined, "names no country, network or prefix");
}

/** The name of a network in a row that has no code for it. */
function codelessOf(cell: Cells): { readonly codeless?: string } {
  const name = cell("network");
  const whole = isWhole(name) || saysElsewhere(name) || WHOLE_COUNTRY.test(plainWords(name));
  return whole || countryOf(name) !== undefined ? {} : { codeless: name };
}

/** Names of a network that mean all of a country's. */
const WHOLE_COUNTRY =
  /\b(?:all|any|others?|rest|mobile|cellular|networks|operators|alle|andere|ubrige|sonstige|tous|autres|todos|otros|otras|tutti|altri|default|standard|national)\b/;

function byMcc(cell: Cells, country: string | undefined): ReadPlace {
  const mccs = cell("mcc")
    .split(/[,;/|]/)
    .map(readMcc);
  const bad = mccs.find((mcc) => !mcc.ok);
  if (bad !== undefined && !bad.ok) return wrong("mcc", bad.message);
  const codes = mccs.flatMap((mcc) => (mcc.ok ? [mcc.value] : []));
  if (isWhole(cell("mnc"))) return wholeCountry(codes, country, cell);
  if (codes.length > 1) return wrong("mcc", "a network code belongs to one mobile country code: give each its row");
  const mncs = readMncs(cell("mnc"));
  const networks = mncs.ok ? { ok: true as const, value: mncs.value.map((mnc) => codes[0] + mnc) } : mncs;
  return networksOf(networks, "mnc", country);
}

function wholeCountry(mccs: readonly string[], country: string | undefined, cell: Cells): ReadPlace {
  const meant = new Set<string>();
  for (const mcc of mccs) {
    const clash = clashOf(mcc, country);
    if (clash !== undefined) return wrong("mcc", clash);
    const first = country ?? countriesOfMobileCode(mcc)?.[0];
    if (first === undefined) return wrong("mcc", `${mcc} is of no country: a network code (mnc) is needed`);
    meant.add(first);
  }
  const alone = country === undefined ? mccs.find((mcc) => (countriesOfMobileCode(mcc)?.length ?? 0) > 1) : undefined;
  const places = [...meant].map((one) => ({ ...NOWHERE, country: one }));
  return { ok: true, places, ...codelessOf(cell), ...(alone === undefined ? {} : { mccAlone: alone }) };
}

function networksOf(codes: ReturnType<typeof readMncs>, field: Field, country: string | undefined): ReadPlace {
  if (!codes.ok) return wrong(field, codes.message);
  for (const network of codes.value) {
    const clash = clashOf(network.slice(0, 3), country);
    if (clash !== undefined) return wrong(field, clash);
  }
  return {
    ok: true,
    places: codes.value.map((network) => {
      const of = countriesOfMobileCode(network.slice(0, 3)) ?? [];
      // A code of one country tells it; one of none (901) has none, whatever the row writes.
      return { network, prefix: undefined, country: of.length > 1 ? country : of[0] };
    }),
  };
}

function clashOf(mcc: string, country: string | undefined): string | undefined {
  const of = countriesOfMobileCode(mcc) ?? [];
  if (country === undefined || of.length === 0 || of.includes(country)) return undefined;
  return `mobile country code ${mcc} is of ${of.join(", ")}, and the row names ${country}`;
}

function byPrefix(text: string, country: string | undefined): ReadPlace {
  const prefixes = readPrefixes(text);
  if (!prefixes.ok) return wrong("prefix", prefixes.message);
  const foreign = prefixes.value.find(
    (prefix) => country !== undefined && !countriesByCallingCode(prefix).includes(country),
  );
  if (foreign !== undefined) {
    const where = countriesByCallingCode(foreign).slice(0, 3).join(", ");
    return wrong("prefix", `${foreign} lies in ${where}, and the row names ${country}`);
  }
  // The calling code beside a country says nothing more: +1 is of 25 countries.
  const [only, ...others] = prefixes.value;
  if (others.length === 0 && country !== undefined && only !== undefined && isCallingCode(only, country))
    return { ok: true, places: [{ ...NOWHERE, country }] };
  return { ok: true, places: prefixes.value.map((prefix) => ({ network: undefined, prefix, country })) };
}
