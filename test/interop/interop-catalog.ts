import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { isPortFree } from "../../infra/local/port-holder.ts";

/** An SMPP provider of the test's own: whatever stands under the catalog's `smpp` beside address and account. */
export interface InteropProvider {
  readonly id: string;
  readonly smpp: Readonly<Record<string, unknown>>;
  readonly window: number;
  readonly systemId?: string;
  readonly password?: string;
}

const LOCAL = resolve(import.meta.dirname, "../../infra/local/catalog");

/** The account whose messages all go to this provider, and its key. */
export const accountOf = (provider: string): string => `to-${provider}`;
export const keyOf = (account: string): string => `${account}-key`;

/** The local catalog, and for each provider an account and a route of its own, in a new folder (SLUICE_CATALOG_DIR). */
export async function interopCatalog(providers: readonly InteropProvider[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-interop-catalog-"));
  cpSync(LOCAL, folder, { recursive: true });
  const ports = await freePorts(providers.length);
  extend(join(folder, "providers.yaml"), (rest) => [
    ...rest,
    ...providers.map(({ id, smpp, window, systemId = "sluice", password = "secret" }, i) => ({
      id,
      kind: "smpp",
      currency: "EUR",
      rate: 100,
      window,
      receiptDeadlineSeconds: 20,
      circuit: { failures: 10, openMs: 1_000 },
      smpp: {
        host: "127.0.0.1",
        port: ports[i],
        systemId,
        password,
        responseTimeoutMs: 5_000,
        enquireLinkMs: 5_000,
        ...smpp,
      },
      prices: [{ price: "0.0500" }],
    })),
  ]);
  extend(join(folder, "accounts.yaml"), (rest) => [
    ...rest,
    ...providers.map(({ id }) => ({
      id: accountOf(id),
      name: id,
      apiKeys: [{ id: "interop", sha256: sha256(keyOf(accountOf(id))) }],
    })),
  ]);
  extend(join(folder, "routes.yaml"), (rest) => [
    ...providers.map(({ id }) => ({
      id: `route-${id}`,
      when: { accounts: [accountOf(id)] },
      strategy: "priority",
      providers: [{ id }],
    })),
    ...rest,
  ]);
  return folder;
}

/** Where a running installation expects this provider: its catalog may have other ports than the one it was made from. */
export function portOf(catalogDir: string, provider: string): number {
  const providers = parse(readFileSync(join(catalogDir, "providers.yaml"), "utf8")) as {
    id: string;
    smpp?: { port: number };
  }[];
  return providers.find(({ id }) => id === provider)!.smpp!.port;
}

function extend(file: string, change: (entries: object[]) => object[]): void {
  writeFileSync(file, stringify(change(parse(readFileSync(file, "utf8")) as object[])));
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Below the ports that the kernel gives to outgoing connections, also with the offset of a test's cluster added. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 13_000 + Math.floor(Math.random() * 4_000); ports.length < count; port++)
    if (await isPortFree(port)) ports.push(port);
  return ports;
}
