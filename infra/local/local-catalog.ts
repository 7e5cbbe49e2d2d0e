import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Document, isScalar, parseDocument, stringify } from "yaml";

/** What SLUICE_PORT_OFFSET moves: the ports, without the offset, that this cluster's own simulators and webhooks listen on. */
export interface MovedPorts {
  readonly offset: number;
  /** Of the provider simulators. */
  readonly simulators: readonly number[];
  /** Of the dlr-collector's webhooks. */
  readonly webhooks: number;
}

/** Names of this machine under which the local cluster listens. */
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost"]);

/**
 * Writes the catalog that a local cluster's services read: `source` as it is, except that providers which are this cluster's
 * simulators are reached at the moved ports. A simulator is known by both, this machine as its host and a simulator's port:
 * real hosts, and other things on this machine, keep theirs.
 */
export function writeCatalog(source: string, target: string, ports: MovedPorts): void {
  if (!existsSync(source))
    throw new Error(
      `there is no folder ${source}: SLUICE_CATALOG_DIR names the one with accounts, providers and routes.yaml`,
    );
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(source, target, { recursive: true });
  const file = join(target, "providers.yaml");
  if (ports.offset === 0 || !existsSync(file)) return;
  const moved = withMovedPorts(readFileSync(file, "utf8"), ports);
  if (moved !== undefined) writeFileSync(file, moved);
}

/**
 * The providers with the simulators' ports moved; undefined when there are none to move, or when the file cannot be read as
 * YAML: then it stays as it is, and whoever reads it says what is wrong with it.
 */
export function withMovedPorts(providers: string, ports: MovedPorts): string | undefined {
  const source = providers.replace(/^\uFEFF/, "");
  const document = parseDocument(source, { merge: true });
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  let list: unknown;
  try {
    list = document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const moved = list.map((provider) => movedProvider(provider, ports));
  if (moved.every((provider, index) => provider === list[index])) return undefined;
  return inPlace(source, document, list, moved) ?? stringify(moved);
}

const FIELDS = [
  ["smpp", "port"],
  ["http", "baseUrl"],
  ["http", "statusCallbackUrl"],
] as const;

/** The same text with the values exchanged, so that lines stay what they are in messages; undefined where one stands behind an alias. */
function inPlace(source: string, document: Document.Parsed, before: unknown[], after: unknown[]): string | undefined {
  const changes: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  for (const [index, provider] of after.entries()) {
    for (const [group, field] of FIELDS) {
      const [old, now] = [before[index], provider].map((one) => valueIn(one, group, field));
      if (old === now) continue;
      const node = document.getIn([index, group, field], true);
      if (!isScalar(node) || !node.range) return undefined;
      const [from, to] = node.range;
      const raw = source.slice(from, to);
      if (!raw.includes(String(old))) return undefined;
      changes.push({ from, to, text: raw.replace(String(old), () => String(now)) });
    }
  }
  let text = source;
  for (const { from, to, text: value } of changes.sort((a, b) => b.from - a.from))
    text = text.slice(0, from) + value + text.slice(to);
  return text;
}

function valueIn(provider: unknown, group: string, field: string): unknown {
  const settings = isMapping(provider) ? provider[group] : undefined;
  return isMapping(settings) ? settings[field] : undefined;
}

function movedProvider(provider: unknown, ports: MovedPorts): unknown {
  if (!isMapping(provider)) return provider;
  const { smpp, http } = provider;
  const changed: Record<string, unknown> = {};
  if (isMapping(smpp) && LOOPBACK.has(String(smpp.host)) && ports.simulators.includes(smpp.port as number))
    changed.smpp = { ...smpp, port: (smpp.port as number) + ports.offset };
  if (isMapping(http)) {
    const baseUrl = movedUrl(http.baseUrl, ports.simulators, ports.offset);
    const statusCallbackUrl = movedUrl(http.statusCallbackUrl, [ports.webhooks], ports.offset);
    if (baseUrl !== http.baseUrl || statusCallbackUrl !== http.statusCallbackUrl)
      changed.http = { ...http, baseUrl, statusCallbackUrl };
  }
  return Object.keys(changed).length === 0 ? provider : { ...provider, ...changed };
}

/** The port of an address, behind its scheme, its user and its host. */
const AUTHORITY_PORT = /^(\s*[a-z]+:\/\/(?:[^/?#]*@)?[^/?#:@]+):\d+/i;

/** The address with its port moved, and everything else as it was written. */
function movedUrl(address: unknown, own: readonly number[], offset: number): unknown {
  if (typeof address !== "string" || !URL.canParse(address)) return address;
  const { hostname, port } = new URL(address);
  // Without a port it is the scheme's own, which no simulator has.
  if (!LOOPBACK.has(hostname) || port === "" || !own.includes(Number(port))) return address;
  return address.replace(AUTHORITY_PORT, (_, before: string) => `${before}:${Number(port) + offset}`);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
