import { type NetworkRow, networkTable } from "./network-table.ts";

/** A mobile network by its ITU-T E.212 code. */
export interface Network {
  /** Mobile country code, three digits. */
  mcc: string;
  /** Mobile network code, two or three digits: 05 and 050 are different networks. */
  mnc: string;
  /** Both in one word without a hyphen, the form used in routes, prices, events and tables. */
  mccMnc: string;
  name: string;
}

/** Gives the network a number's prefix was allocated to, or undefined where the table has no row for it. */
export type NetworkLookup = (e164: string) => Network | undefined;

const DIGIT_ZERO = 0x30;
/** The place in the list of networks that stands for none. */
const NO_NETWORK = 0;
/** The owner of a node that no row names: the shorter prefix counts. */
const UNNAMED = 0xffff;

/**
 * Compiles a prefix table into a digit trie: the longest prefix of a number wins, at the cost of one array read a digit.
 * A node takes ten entries of 16 or 32 bits. Throws on a malformed code or prefix, and on a prefix given to two networks.
 */
export function compileNetworks(rows: readonly NetworkRow[]): NetworkLookup {
  const networks: (Network | undefined)[] = [undefined];
  const trie = new PrefixTrie();
  for (const row of rows) {
    const index = row.mccMnc === "" ? NO_NETWORK : networks.push(networkOfRow(row)) - 1;
    for (const prefix of expandRanges(row.prefixes)) trie.add(row.callingCode + prefix, index);
  }
  const { step, found } = trie.packed();
  return (e164) => networks[longestMatch(e164, step, found)];
}

type Packed = Uint16Array | Uint32Array;

function longestMatch(e164: string, step: Packed, found: Packed): number {
  let node = 0;
  let best = NO_NETWORK;
  for (let i = 0; i < e164.length; i++) {
    const digit = e164.charCodeAt(i) - DIGIT_ZERO;
    if (digit < 0 || digit > 9) break;
    node = step[node * 10 + digit] as number;
    if (node === 0) break;
    const network = found[node] as number;
    if (network !== UNNAMED) best = network;
  }
  return best;
}

class PrefixTrie {
  /** Ten children a node, by digit; 0: none, since the root is nobody's child. */
  private readonly children: number[] = new Array(10).fill(0);
  private readonly owner: number[] = [UNNAMED];

  add(prefix: string, network: number): void {
    if (!/^\d{2,15}$/.test(prefix)) throw new Error(`"${prefix}" is not a number prefix`);
    let node = 0;
    for (const character of prefix) {
      const slot = node * 10 + Number(character);
      if (this.children[slot] === 0) {
        this.children[slot] = this.owner.push(UNNAMED) - 1;
        for (let i = 0; i < 10; i++) this.children.push(0);
      }
      node = this.children[slot] as number;
    }
    if (this.owner[node] !== UNNAMED) throw new Error(`prefix ${prefix} belongs to two networks`);
    this.owner[node] = network;
  }

  packed(): { step: Packed; found: Packed } {
    const small = this.owner.length <= 0xffff;
    return {
      step: small ? Uint16Array.from(this.children) : Uint32Array.from(this.children),
      found: Uint16Array.from(this.owner),
    };
  }
}

/** The prefixes of a row one by one: `150-152 160` is 150, 151, 152, 160. */
function* expandRanges(prefixes: string): Generator<string> {
  for (const range of prefixes.split(" ")) {
    const [first = "", last = first, more] = range.split("-");
    const plain = /^\d{1,15}$/.test(first) && /^\d{1,15}$/.test(last) && more === undefined;
    if (!plain || first.length !== last.length || last < first) throw new Error(`"${range}" is not a number prefix`);
    for (let n = Number(first); n <= Number(last); n++) yield String(n).padStart(first.length, "0");
  }
}

function networkOfRow(row: NetworkRow): Network {
  if (!/^\d{5,6}$/.test(row.mccMnc)) throw new Error(`"${row.mccMnc}" is not a mobile country and network code`);
  return { mcc: row.mccMnc.slice(0, 3), mnc: row.mccMnc.slice(3), mccMnc: row.mccMnc, name: row.name };
}

const names: ReadonlyMap<string, string> = new Map(networkTable.map(({ mccMnc, name }) => [mccMnc, name]));

/** A network's name by its code, `26201`; empty where the table has none. */
export function networkName(mccMnc: string): string {
  return names.get(mccMnc) ?? "";
}

/** The network of E.164 digits (no plus) by the built-in table: an allocation, not where the number was ported to. */
export const networkOf: NetworkLookup = compileNetworks(networkTable);
