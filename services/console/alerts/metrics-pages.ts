import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { WatchedTarget } from "../../../pipeline/alerts/alert-watch.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";

/** A service's metrics page, as the setting names it. */
export interface MetricsPage {
  readonly service: string;
  readonly url: URL;
}

/** `router=http://router:9464/metrics` */
export const PAGE_ENTRY = /^([a-z][a-z0-9-]{0,62})=(https?:\/\/\S+)$/;

/** Reads the setting's entries. @throws SluiceError `CONFIG_INVALID`, naming the first that is none */
export function readPages(entries: readonly string[]): MetricsPage[] {
  return entries.map((entry) => {
    const [, service, address = ""] = PAGE_ENTRY.exec(entry) ?? [];
    if (service !== undefined && URL.canParse(address)) return { service, url: new URL(address) };
    const message = `SLUICE_CONSOLE_METRICS: ${entry} is no service=http://host:port/metrics`;
    throw new SluiceError(message, { code: "CONFIG_INVALID" });
  });
}

export type Lookup = (host: string) => Promise<readonly string[]>;

const addressesOf: Lookup = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * The instances behind the pages: a name that stands for several addresses is each of them, as Prometheus finds them. An instance with both
 * has an IPv4 and an IPv6 address, and services listen on IPv4 by default: IPv6 ones count only where there is no other. A name that
 * is not known now is watched as it stands, so that it is told of as down.
 */
export async function instancesOf(
  pages: readonly MetricsPage[],
  addresses: Lookup = addressesOf,
): Promise<WatchedTarget[]> {
  const found = await Promise.all(
    pages.map(async ({ service, url }) => {
      const { hostname } = url;
      if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || hostname === "localhost") return [target(service, url)];
      const known = ofOneFamily(await addresses(hostname).catch(() => []));
      return known.length === 0 ? [target(service, url)] : known.map((address) => target(service, at(url, address)));
    }),
  );
  return found.flat();
}

function ofOneFamily(addresses: readonly string[]): readonly string[] {
  const v4 = addresses.filter((address) => isIP(address) === 4);
  return v4.length > 0 ? v4 : addresses;
}

function at(url: URL, address: string): URL {
  // Certificates are of names: over https the name stays, and is one instance.
  if (url.protocol === "https:") return url;
  const one = new URL(url);
  one.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return one;
}

function target(service: string, url: URL): WatchedTarget {
  return { service, instance: url.host, url: url.href };
}
