import { parseCatalog } from "../../domain/catalog/catalog.ts";
import type { Catalog } from "../../domain/catalog/catalog-schema.ts";
import { type Reveal, withSecrets } from "../../domain/catalog/secret-references.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import type { CatalogSource } from "./catalog-version.ts";

/** Problems that a message names. */
const NAMED = 3;

/**
 * The catalog of an applied version.
 * @throws SluiceError `CATALOG_INVALID`: this program cannot work with it, which a newer one may have written.
 */
export function readVersion(source: CatalogSource, partitions: number, reveal: Reveal): Catalog {
  const secrets = withSecrets(source, reveal);
  const parsed = secrets.ok ? parseCatalog(secrets.value, partitions) : secrets;
  if (parsed.ok) return parsed.value;
  const { problems } = parsed;
  const named = problems.slice(0, NAMED).map(({ path, message }) => `${path}: ${message}`);
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : "";
  throw new SluiceError(`${named.join("; ")}${more}`, { code: "CATALOG_INVALID" });
}
