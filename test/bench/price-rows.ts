import { networkTable } from "../../domain/numbers/network-table.ts";

const NETWORKS = [...new Map(networkTable.map((row) => [row.mccMnc, row])).values()].filter(
  ({ mccMnc }) => mccMnc !== "",
);

/**
 * A price list of so many lines, as a provider sends it: the networks that numbers tell of, then prefixes, a tenth of them from another day
 * on. `seed`: other prices for the same. With dates it needs a zone.
 */
export function priceRows(count: number, seed: number): string {
  const rows = Array.from({ length: count }, (_, n) => {
    const price = `0,0${1_000 + ((n * 37 + seed) % 9_000)};${n % 10 === 0 ? "2027-02-01" : ""}`;
    const network = NETWORKS[n];
    if (network === undefined) return `;;;49${100_000 + n};;${price}`;
    const { mccMnc, name } = network;
    return `;${mccMnc.slice(0, 3)};${mccMnc.slice(3)};;"${name.replaceAll('"', "")}";${price}`;
  });
  return ["Country;MCC;MNC;Prefix;Network;Price EUR;Valid from", ...rows].join("\n");
}
