import { catalogInSteps } from "../../domain/catalog/catalog.ts";
import type { Catalog } from "../../domain/catalog/catalog-schema.ts";
import { compilePrices } from "../../domain/catalog/compiled-prices.ts";
import { type Reveal, withSecrets } from "../../domain/catalog/secret-references.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import type { CatalogSource } from "./catalog-version.ts";
import { inSlices } from "./in-slices.ts";

/** Problems that a message names. */
const NAMED = 3;

/**
 * The catalog of an applied version. A large one takes a while, during which the process goes on with what it has to do.
 * @throws SluiceError `CATALOG_INVALID`: this program cannot work with it, which a newer one may have written.
 */
export async function readVersion(source: CatalogSource, partitions: number, reveal: Reveal): Promise<Catalog> {
  const secrets = withSecrets(source, reveal);
  const prices = secrets.ok ? await inSlices(compilePrices(secrets.value)) : secrets;
  const parsed = prices.ok ? await inSlices(catalogInSteps(prices.value, partitions)) : prices;
  if (parsed.ok) return parsed.value;
  const { problems } = parsed;
  const named = problems.slice(0, NAMED).map(({ path, message }) => `${path}: ${message}`);
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : "";
  throw new SluiceError(`${named.join("; ")}${more}`, { code: "CATALOG_INVALID" });
}
