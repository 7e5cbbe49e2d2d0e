import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { catalogFiles } from "../../../domain/catalog/load-catalog.ts";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { withListFiles } from "./export-prices.ts";

/** Writes a version as the files that `sluice apply` takes, into a folder that is made if need be. @returns their paths */
export function writeCatalogFiles(
  folder: string,
  { version, source }: Pick<AppliedVersion, "version" | "source">,
): readonly string[] {
  const { providers, lists } = withListFiles(source.providers);
  const parts: CatalogSource = { ...source, providers };
  const yaml = Object.entries(catalogFiles).map(([part, file]) => {
    const content = parts[part];
    // Also where the version has nothing: what an earlier export left there would be applied with it.
    return { file, text: `# Version ${version} of the catalog.\n${content === undefined ? "" : stringify(content)}` };
  });
  return [...yaml, ...lists].map(({ file, text }) => {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  });
}
