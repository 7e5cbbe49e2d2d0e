import { type Catalog, parseCatalog } from "./catalog.ts";

/** The files a catalog is made of, in one folder. */
export const catalogFiles = { accounts: "accounts.yaml", providers: "providers.yaml", routes: "routes.yaml" } as const;

/** The catalog cannot be used; the message lists every problem with its path. */
export class CatalogError extends Error {
  readonly code = "CATALOG_INVALID";
}

/**
 * Puts the catalog together from its files, checked as a whole. `read` gives a file's content as a plain value (a list,
 * or nothing for an empty file) and may throw its own error. @throws CatalogError
 */
export function loadCatalog(read: (file: string) => unknown, partitions: number): Catalog {
  const parsed = parseCatalog(
    Object.fromEntries(Object.entries(catalogFiles).map(([part, file]) => [part, read(file) ?? []])),
    partitions,
  );
  if (parsed.ok) return parsed.value;
  const lines = parsed.problems.map(({ path, message }) => `  ${path}: ${message}`);
  throw new CatalogError(
    `The catalog has ${lines.length === 1 ? "1 problem" : `${lines.length} problems`}:\n${lines.join("\n")}`,
  );
}
