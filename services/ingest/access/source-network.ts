import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/** 16-bit groups of an IPv6 network that one customer of a provider usually has whole (RFC 6177). */
const NETWORK_GROUPS = 4;

/** Proxies in front of us whose word about the address of a client is taken. */
export type TrustedProxies = Pick<BlockList, "check">;

/** Networks as addresses and CIDR blocks. @throws RangeError for one that is none */
export function trustedProxies(networks: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** Whether a text is an address or a CIDR block. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/**
 * Where an HTTP request comes from, as far as it can be believed: the last address in X-Forwarded-For that is no trusted proxy's, where the
 * connection is one of a trusted proxy, else the connection's own.
 */
export function sourceOf(
  {
    socket,
    headers,
  }: Pick<IncomingMessage, "headers"> & { readonly socket: { readonly remoteAddress?: string | undefined } },
  proxies: TrustedProxies,
): string {
  let source = plainAddress(socket.remoteAddress ?? "");
  const hops = [headers["x-forwarded-for"] ?? []].flat().flatMap((line) => line.split(","));
  for (let hop = hops.pop(); hop !== undefined && isTrusted(source, proxies); hop = hops.pop()) {
    const address = plainAddress(withoutPort(hop.trim()));
    // What a trusted proxy did not write as an address says nothing, and neither does what stands before it.
    if (isIP(address) === 0) break;
    source = address;
  }
  return networkOf(source);
}

/** Some proxies write the client's port behind its address, which they put into brackets where it is of IPv6. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;
}

function isTrusted(address: string, proxies: TrustedProxies): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** An IPv4 address that comes over a socket of IPv6 is itself (RFC 4291, 2.5.5.2). */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : address;
}

/** What addresses are counted by: an IPv4 address, or the /64 of an IPv6 one, of which one guest has as many as it likes. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [before = "", after] = plain.split("%")[0]!.toLowerCase().split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const [head, tail] = [groups(before), groups(after ?? "")];
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const all = [...head, ...Array<string>(zeros).fill("0"), ...tail];
  return `${all
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
