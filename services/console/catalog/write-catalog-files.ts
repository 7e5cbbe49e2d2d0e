import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { catalogFiles } from "../../../domain/catalog/load-catalog.ts";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";

/** Writes a version as the files that `sluice apply` takes, into a folder that is made if need be. @returns their paths */
export function writeCatalogFiles(
  folder: string,
  { version, source }: Pick<AppliedVersion, "version" | "source">,
): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(catalogFiles).map(([part, file]) => {
    const path = join(folder, file);
    const content = source[part];
    // Also where the version has nothing: what an earlier export left there would be applied with it.
    writeFileSync(path, `# Version ${version} of the catalog.\n${content === undefined ? "" : stringify(content)}`);
    return path;
  });
}
