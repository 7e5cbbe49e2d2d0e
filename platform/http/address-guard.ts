/**
 * Which addresses may be connected to when somebody else names the host. What is asked is the address that a connection is made to: a name
 * is looked up once, for that connection, so that it cannot be one address for the check and another one for the request (DNS rebinding).
 */
import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Not for the public by the registries of IANA (iana-ipv4-special-registry), with multicast (224/4) and what is reserved (240/4). */
const SPECIAL_IPV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;
/** Of IPv6 nothing is for the public beyond 2000::/3; within it, by iana-ipv6-special-registry, protocol assignments with Teredo, documentation and 6to4. */
const PUBLIC_IPV6 = ["2000::", 3] as const;
const SPECIAL_IPV6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
] as const;

/** A range of addresses: `127.0.0.0/8`, `fd00::/8`. */
const RANGE = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/;

/** Whether a text is a range of addresses. */
export function isRange(text: string): boolean {
  return readRange(text) !== undefined;
}

function readRange(text: string): readonly [address: string, bits: number, family: "ipv4" | "ipv6"] | undefined {
  const [, address = "", bits] = RANGE.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  return [address, Number(bits), family === 4 ? "ipv4" : "ipv6"];
}

/** Why nothing is connected to. */
export class AddressRefusedError extends Error {
  readonly code = "ADDRESS_REFUSED";

  constructor() {
    super("the host has an address that is not for the public");
    this.name = "AddressRefusedError";
  }
}

export type Lookup = typeof systemLookup;
type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[] | undefined) => void;

export class AddressGuard {
  private readonly allowed = new BlockList();
  private readonly special = new BlockList();
  private readonly publicIpv6 = new BlockList();
  private readonly resolve: Lookup;
  /** Who waits for a look-up that is under way. */
  private readonly waiting = new Map<string, Found[]>();

  /** `allow`: ranges that may be connected to all the same. `resolve`: for tests. @throws RangeError for what is no range */
  constructor(allow: readonly string[] = [], resolve: Lookup = systemLookup) {
    for (const text of allow) {
      const range = readRange(text);
      if (range === undefined) throw new RangeError(`${text}: no range of addresses, such as 127.0.0.0/8`);
      this.allowed.addSubnet(...range);
    }
    for (const [address, bits] of SPECIAL_IPV4) this.special.addSubnet(address, bits, "ipv4");
    for (const [address, bits] of SPECIAL_IPV6) this.special.addSubnet(address, bits, "ipv6");
    this.publicIpv6.addSubnet(...PUBLIC_IPV6, "ipv6");
    this.resolve = resolve;
  }

  /** Whether an address, without brackets, may be connected to. */
  allows(address: string): boolean {
    const family = isIP(address);
    if (family === 0) return false;
    const name = family === 4 ? "ipv4" : "ipv6";
    if (this.allowed.check(address, name)) return true;
    // What wraps an IPv4 address, such as ::ffff:127.0.0.1 and 64:ff9b::/96, is not within 2000::/3.
    if (family === 6 && !this.publicIpv6.check(address, "ipv6")) return false;
    return !this.special.check(address, name);
  }

  /** Whether a URL's host is an address that may not be connected to; a name is judged when it is looked up. */
  refusesHost(hostname: string): boolean {
    const bare = hostname.replace(/^\[|\]$/g, "");
    return isIP(bare) !== 0 && !this.allows(bare);
  }

  /** In place of `dns.lookup`: an error where any address of the host may not be connected to. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.find(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null || addresses === undefined || addresses.length === 0)
        return callback(error ?? Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "");
      if (!addresses.every(({ address }) => this.allows(address))) return callback(new AddressRefusedError(), "");
      if (options.all === true) return callback(null, addresses);
      callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };

  /** Connections that wait for the same look-up share it: the system has few threads for look-ups, and a slow name would hold up all others. */
  private find(hostname: string, options: LookupAllOptions, found: Found): void {
    const name = JSON.stringify([hostname, options]);
    const others = this.waiting.get(name);
    if (others !== undefined) {
      others.push(found);
      return;
    }
    const all = [found];
    this.waiting.set(name, all);
    this.resolve(hostname, options, (error, addresses) => {
      this.waiting.delete(name);
      for (const one of all) one(error, addresses);
    });
  }
}
