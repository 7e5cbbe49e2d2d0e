import file from "./networks.json" with { type: "json" };

/** One network of one country and the number prefixes allocated to it. */
export interface NetworkRow {
  /** ISO 3166-1 alpha-2; empty where there is no network. */
  country: string;
  /** ITU-T E.212 country and network code in one word, five or six digits; empty: these prefixes have no network. */
  mccMnc: string;
  name: string;
  /** E.164 country calling code; empty: the prefixes begin with it. */
  callingCode: string;
  /** Prefixes after the calling code, separated by single spaces; `150-153` is 150, 151, 152 and 153. */
  prefixes: string;
}

/**
 * Mobile number ranges by network, from networks.json: the ranges that national administrations gave to operators, by the
 * carrier data of libphonenumber, and the operators' network codes. The file names its sources; infra/networks makes it.
 *
 * What it is not: it knows nothing of number portability (a ported number still shows its first network); it leaves out
 * operators without a network code of their own; and it has no row where the number does not tell the network (the United
 * States and Canada, Mexico, India). A number without a network is priced and routed by its country.
 *
 * To replace it, give rows of the same shape (from a numbering-plan subscription, or a portability extract with whole
 * numbers as prefixes) to `compileNetworks` in network.ts.
 */
export const networkTable: readonly NetworkRow[] = (file.networks as string[][]).map(
  ([country = "", mccMnc = "", name = "", callingCode = "", prefixes = ""]) => ({
    country,
    mccMnc,
    name,
    callingCode,
    prefixes,
  }),
);
