import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";

const LOCAL = resolve(import.meta.dirname, "../../infra/local/catalog");

interface LocalProvider {
  rate: number;
  window: number;
  http?: { maxInFlight: number };
  smpp?: { responseTimeoutMs?: number };
}

/** The local catalog with every provider's rate and window so many times as large, in a folder of its own (SLUICE_CATALOG_DIR). */
export function largerCatalog(times: number): string {
  return changedCatalog((provider) => {
    provider.rate *= times;
    provider.window *= times;
    if (provider.http !== undefined) provider.http.maxInFlight *= times;
  });
}

/** The local catalog with something changed of every provider, in a folder of its own. */
export function changedCatalog(change: (provider: LocalProvider) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-catalog-"));
  cpSync(LOCAL, folder, { recursive: true });
  const file = join(folder, "providers.yaml");
  const providers = parse(readFileSync(file, "utf8")) as LocalProvider[];
  for (const provider of providers) change(provider);
  writeFileSync(file, stringify(providers));
  return folder;
}
