import { type Catalog, parseCatalog } from "./catalog.ts";
import { type CatalogProblem, entryOf } from "./catalog-problem.ts";

/** The files a catalog is made of, in one folder. */
export const catalogFiles = { accounts: "accounts.yaml", providers: "providers.yaml", routes: "routes.yaml" } as const;

/** One of them, read. */
export interface CatalogFile {
  /** A list, or nothing for an empty file. */
  readonly value: unknown;
  /** Where an entry stands in the file, for people: `line 3, column 5`. */
  readonly where: (keys: readonly (string | number)[]) => string;
}

/** The catalog cannot be used; the message lists every problem with its path. */
export class CatalogError extends Error {
  readonly code = "CATALOG_INVALID";
}

export interface LoadedCatalog extends Catalog {
  /** What is probably not meant, a line each, for the log at the start and for `--check`. */
  readonly warnings: readonly string[];
}

/**
 * Puts the catalog together from its files, checked as a whole. `read` reads a file and may throw its own error. With
 * `accounts` alone the other parts are empty, and nothing is said of how they go together. @throws CatalogError
 */
export function loadCatalog(
  read: (file: string) => CatalogFile,
  partitions: number,
  parts: readonly (keyof typeof catalogFiles)[] = ["accounts", "providers", "routes"],
): LoadedCatalog {
  const files = new Map(parts.map((part) => [part, read(catalogFiles[part])]));
  const input = Object.fromEntries([...files].map(([part, { value }]) => [part, value ?? []]));
  const line = (problem: CatalogProblem): string => {
    const [part, ...keys] = problem.keys;
    const file = files.get(part as keyof typeof catalogFiles);
    const entry = entryOf(input, problem.keys);
    const name = file === undefined ? [] : [`${catalogFiles[part as keyof typeof catalogFiles]}, ${file.where(keys)}`];
    return [...name, ...(entry === undefined ? [] : [entry]), problem.path, problem.message].join(": ");
  };
  const parsed = parseCatalog(input, partitions);
  if (parsed.ok) {
    const whole = files.size === Object.keys(catalogFiles).length;
    return { ...parsed.value, warnings: whole ? parsed.warnings.map(line) : [] };
  }
  const lines = parsed.problems.map((problem) => `  ${line(problem)}`);
  throw new CatalogError(
    `The catalog has ${lines.length === 1 ? "1 problem" : `${lines.length} problems`}:\n${lines.join("\n")}`,
  );
}
