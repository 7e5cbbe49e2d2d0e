import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";

const LOCAL = resolve(import.meta.dirname, "../../infra/local/catalog");

/** The local catalog with every provider's rate and window so many times as large, in a folder of its own (SLUICE_CATALOG_DIR). */
export function largerCatalog(times: number): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-catalog-"));
  cpSync(LOCAL, folder, { recursive: true });
  const file = join(folder, "providers.yaml");
  const providers = parse(readFileSync(file, "utf8")) as {
    rate: number;
    window: number;
    http?: { maxInFlight: number };
  }[];
  for (const provider of providers) {
    provider.rate *= times;
    provider.window *= times;
    if (provider.http !== undefined) provider.http.maxInFlight *= times;
  }
  writeFileSync(file, stringify(providers));
  return folder;
}
