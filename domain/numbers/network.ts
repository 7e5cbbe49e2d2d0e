import { type NetworkRow, networkTable } from "./network-table.ts";

/** A mobile network by its ITU-T E.212 code. */
export interface Network {
  /** Mobile country code, three digits. */
  mcc: string;
  /** Mobile network code, two or three digits. */
  mnc: string;
  /** Both in one word, the form used in routes and prices. */
  mccMnc: string;
  name: string;
}

/** Gives the network a number's prefix was allocated to, or undefined where the table has no row for it. */
export type NetworkLookup = (e164: string) => Network | undefined;

const DIGIT_ZERO = 0x30;

/**
 * Compiles a prefix table into a digit trie: the longest prefix of a number wins, at the cost of one array read a digit.
 * Throws on a malformed code or prefix, and on a prefix given to two networks.
 */
export function compileNetworks(rows: readonly NetworkRow[]): NetworkLookup {
  const networks: (Network | undefined)[] = [undefined];
  const children: number[] = new Array(10).fill(0);
  const owner: number[] = [0];
  for (const row of rows) {
    const index = networks.push(networkOfRow(row)) - 1;
    for (const prefix of row.prefixes.split(" ")) {
      const node = insertPrefix(row.callingCode + prefix, children, owner);
      if (owner[node] !== 0) throw new Error(`prefix ${row.callingCode}${prefix} belongs to two networks`);
      owner[node] = index;
    }
  }
  const step = Int32Array.from(children);
  const found = Int32Array.from(owner);
  return (e164) => networks[longestMatch(e164, step, found)];
}

/** The network of E.164 digits (no plus) by the built-in table: an allocation, not where the number was ported to. */
export const networkOf: NetworkLookup = compileNetworks(networkTable);

function longestMatch(e164: string, step: Int32Array, found: Int32Array): number {
  let node = 0;
  let best = 0;
  for (let i = 0; i < e164.length; i++) {
    const digit = e164.charCodeAt(i) - DIGIT_ZERO;
    if (digit < 0 || digit > 9) break;
    node = step[node * 10 + digit] as number;
    if (node === 0) break;
    const network = found[node] as number;
    if (network !== 0) best = network;
  }
  return best;
}

function insertPrefix(prefix: string, children: number[], owner: number[]): number {
  if (!/^\d{2,15}$/.test(prefix)) throw new Error(`"${prefix}" is not a number prefix`);
  let node = 0;
  for (const character of prefix) {
    const slot = node * 10 + Number(character);
    if (children[slot] === 0) {
      children[slot] = owner.push(0) - 1;
      for (let i = 0; i < 10; i++) children.push(0);
    }
    node = children[slot] as number;
  }
  return node;
}

function networkOfRow(row: NetworkRow): Network {
  if (!/^\d{5,6}$/.test(row.mccMnc)) throw new Error(`"${row.mccMnc}" is not a mobile country and network code`);
  return { mcc: row.mccMnc.slice(0, 3), mnc: row.mccMnc.slice(3), mccMnc: row.mccMnc, name: row.name };
}
