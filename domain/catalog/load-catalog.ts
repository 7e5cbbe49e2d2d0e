import { atOnce } from "../prices/compile-list.ts";
import { type Catalog, type ParsedCatalog, parseCatalog } from "./catalog.ts";
import { type CatalogProblem, entryOf, problemAt } from "./catalog-problem.ts";
import { compilePrices } from "./compiled-prices.ts";
import { type ReadOctets, withPriceFiles } from "./price-file.ts";
import { concealed, type Reveal, type SecretPlace, secretPlaces, withSecrets } from "./secret-references.ts";

/** The files a catalog is made of, in one folder. */
export const catalogFiles = {
  accounts: "accounts.yaml",
  providers: "providers.yaml",
  routes: "routes.yaml",
  regions: "regions.yaml",
  rates: "rates.yaml",
  portability: "portability.yaml",
  senders: "senders.yaml",
  caps: "caps.yaml",
  quietHours: "quiet-hours.yaml",
} as const;

type Part = keyof typeof catalogFiles;

const PARTS = Object.keys(catalogFiles) as Part[];
/** Files that need not be there; the others are lists that may be empty. */
const OPTIONAL: ReadonlySet<Part> = new Set(["regions", "rates", "portability", "senders", "caps", "quietHours"]);

/** One of them, read. */
export interface CatalogFile {
  /** What stands in it; nothing for an empty file. */
  readonly value: unknown;
  /** Where an entry stands in the file, for people: `line 3, column 5`. */
  readonly where: (keys: readonly (string | number)[]) => string;
}

/** The folder with them. */
export interface CatalogFolder {
  /** May throw an error of its own. */
  readonly yaml: (file: string, optional: boolean) => CatalogFile;
  /** Price lists that providers name. */
  readonly octets: ReadOctets;
  /** What else lies in it. */
  readonly names?: () => readonly string[];
}

/** The catalog cannot be used; the message lists every problem with its path. */
export class CatalogError extends Error {
  readonly code = "CATALOG_INVALID";
}

export interface LoadOptions {
  /** Default: all. */
  readonly parts?: readonly Part[];
  /** Gives secrets that the files only name. Default: for those who need none. */
  readonly reveal?: Reveal;
  /** Secrets that are written out are a problem: the catalog will be stored where others read it. Default: they are not. */
  readonly namedSecretsOnly?: boolean;
  /** Epoch ms: tells which prices and rates are still to come. */
  readonly now?: number;
}

export interface LoadedCatalog extends Catalog {
  /** What the files hold, as plain data, with price lists in their normal form: what is published. */
  readonly source: Readonly<Record<string, unknown>>;
  /** What is probably not meant, a line each, for the log at the start and for `--check`. */
  readonly warnings: readonly string[];
}

/**
 * Puts the catalog together from its files, checked as a whole; an optional one that is not there is as an empty one. With
 * `accounts` alone the other parts are empty, and nothing is said of how they go together. @throws CatalogError
 */
export function loadCatalog(
  folder: CatalogFolder,
  partitions: number,
  { parts = PARTS, reveal = concealed, namedSecretsOnly = false, now }: LoadOptions = {},
): LoadedCatalog {
  const files = new Map(parts.map((part) => [part, folder.yaml(catalogFiles[part], OPTIONAL.has(part))]));
  const input = inputOf(files);
  const line = (problem: CatalogProblem): string => {
    const [part, ...keys] = problem.keys;
    const file = files.get(part as Part);
    const entry = entryOf(input, problem.keys);
    const name = file === undefined ? [] : [`${catalogFiles[part as Part]}, ${file.where(keys)}`];
    return [...name, ...(entry === undefined ? [] : [entry]), problem.path, problem.message].join(": ");
  };
  const lists = withPriceFiles(input, folder.octets, now);
  const read = parseSource(lists.value, partitions, reveal, now);
  const written = namedSecretsOnly ? secretPlaces(input).filter(({ reference }) => reference === undefined) : [];
  const problems = [...lists.problems, ...(read.ok ? written.map(writtenOut) : read.problems)];
  if (read.ok && problems.length === 0) {
    const whole = files.size === PARTS.length;
    const warnings = whole ? [...notRead(folder), ...[...lists.warnings, ...read.warnings].map(line)] : [];
    return { ...read.value, source: lists.value, warnings };
  }
  const lines = problems.map((problem) => `  ${line(problem)}`);
  throw new CatalogError(
    `The catalog has ${lines.length === 1 ? "1 problem" : `${lines.length} problems`}:\n${lines.join("\n")}`,
  );
}

/** Files that look as if they were of the catalog, and are not: rules in `sender.yaml` would be missing without a word. */
function notRead({ names = () => [] }: CatalogFolder): string[] {
  const known = new Set<string>(Object.values(catalogFiles));
  return names()
    .filter((name) => /\.ya?ml$/i.test(name) && !known.has(name))
    .map((name) => `${name}: is not read: the catalog's files are ${[...known].join(", ")}`);
}

/** The files as one: an optional part that nothing stands in is left out, so that programs which do not know it read the others. */
function inputOf(files: ReadonlyMap<Part, CatalogFile>): Record<string, unknown> {
  return Object.fromEntries(
    [...files].flatMap(([part, { value }]) =>
      (value ?? null) === null && OPTIONAL.has(part) ? [] : [[part, value ?? []]],
    ),
  );
}

/** What is published, as whoever takes it over reads it. */
function parseSource(
  source: Readonly<Record<string, unknown>>,
  partitions: number,
  reveal: Reveal,
  now: number | undefined,
): ParsedCatalog {
  const secrets = withSecrets(source, reveal);
  const prices = secrets.ok ? atOnce(compilePrices(secrets.value)) : secrets;
  return prices.ok ? parseCatalog(prices.value, partitions, now) : prices;
}

function writtenOut({ keys }: SecretPlace): CatalogProblem {
  const how = "{ file: /path/to/it } or { env: NAME_OF_VARIABLE }";
  return problemAt(keys, `a secret is not stored with the catalog; say where it stands: ${how}`);
}
