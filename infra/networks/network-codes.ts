import { getCountryCallingCode, isSupportedCountry } from "libphonenumber-js/max";

/** One network of network-codes.txt in one country. */
export interface CodedNetwork {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly callingCode: string;
  readonly mccMnc: string;
  readonly name: string;
  /** Names of the carrier data. */
  readonly carriers: readonly string[];
  /** Ranges that the carrier data lacks, with the country code. */
  readonly prefixes: readonly string[];
}

/** Reads network-codes.txt; throws on a line that is not of its form, and on a carrier that stands for two networks. */
export function parseNetworkCodes(text: string): CodedNetwork[] {
  const networks: CodedNetwork[] = [];
  const seen = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [countries = "", mccMnc = "", name = "", carriers = "", prefixes = ""] = line.split("|");
    const where = `network-codes.txt:${index + 1}`;
    if (!/^\d{5,6}$/.test(mccMnc) || name === "")
      throw new Error(`${where}: no code of five or six digits, or no name`);
    for (const country of countries.split(",")) {
      if (!isSupportedCountry(country)) throw new Error(`${where}: "${country}" is not a country of libphonenumber`);
      const network = {
        country,
        callingCode: getCountryCallingCode(country),
        mccMnc,
        name,
        carriers: carriers.split(";").filter((carrier) => carrier !== ""),
        prefixes: prefixes.split(" ").filter((prefix) => prefix !== ""),
      };
      for (const carrier of network.carriers) {
        if (seen.has(`${country}|${carrier}`)) throw new Error(`${where}: ${carrier} stands twice in ${country}`);
        seen.add(`${country}|${carrier}`);
      }
      networks.push(network);
    }
  }
  return networks;
}
