import { type CatalogProblem, problemAt, valueAt } from "./catalog-problem.ts";

/** Where a secret stands that the catalog only names. */
export type SecretReference = { readonly file: string } | { readonly env: string };

type Keys = readonly (string | number)[];

/** Gives the secret itself; `keys`: where the catalog names it. Throws, with a message for people, when it is not there. */
export type Reveal = (reference: SecretReference, keys: Keys) => string;

/** The secrets of a provider. */
const SECRETS = [
  ["smpp", "password"],
  ["http", "authToken"],
  ["http", "sharedKeySecret"],
] as const;

/** For those who have no need to know: a text as good as any. */
export const concealed: Reveal = () => "-";

/** Whose secrets a service needs. */
export type SecretOwner = "providers" | "lookups" | "accounts";

/** Reveals the secrets of these kinds of owners, and no others. */
export function revealFor(owners: readonly SecretOwner[], reveal: Reveal): Reveal {
  return (reference, keys) => (owners.includes(ownerOf(keys)) ? reveal : concealed)(reference, keys);
}

function ownerOf([list]: Keys): SecretOwner {
  if (list === "portability") return "lookups";
  return list === "accounts" ? "accounts" : "providers";
}

/** A secret of a catalog, as its files or a version have it. */
export interface SecretPlace {
  /** `["providers", 0, "smpp", "password"]` */
  readonly keys: Keys;
  /** Undefined: it is written out. */
  readonly reference: SecretReference | undefined;
}

type Plain = Readonly<Record<string, unknown>>;

/** Every secret of a catalog as plain data, written out or named. */
export function secretPlaces(input: Plain): SecretPlace[] {
  const ofProviders = ["providers", "retired"].flatMap((list) =>
    entriesAt(input, [list]).flatMap((index) => SECRETS.map((path) => [list, index, ...path])),
  );
  const headers = ["portability", "lookups"];
  const ofLookups = entriesAt(input, headers).flatMap((index) => {
    const group = [...headers, index, "secretHeaders"];
    return Object.keys(Object(valueAt(input, group))).map((name) => [...group, name]);
  });
  const ofAccounts = entriesAt(input, ["accounts"]).flatMap((index) => {
    const account = ["accounts", index];
    const ofCallbacks = [...account, "callbacks", "secrets"];
    return [
      [...account, "consentWebhook", "secret"],
      ...entriesAt(input, ofCallbacks).map((place) => [...ofCallbacks, place]),
    ];
  });
  return [...ofProviders, ...ofLookups, ...ofAccounts].flatMap((keys) => {
    const value = valueAt(input, keys);
    return value === undefined ? [] : [{ keys, reference: referenceOf(value) }];
  });
}

function entriesAt(input: Plain, keys: Keys): number[] {
  const entries = valueAt(input, keys);
  return Array.isArray(entries) ? [...entries.keys()] : [];
}

/** The same catalog with every named secret in its place, or what is wrong with them. The input stays as it is. */
export function withSecrets(
  input: Plain,
  reveal: Reveal,
): { readonly ok: true; readonly value: Plain } | { readonly ok: false; readonly problems: CatalogProblem[] } {
  const named = secretPlaces(input).filter(({ reference }) => reference !== undefined);
  if (named.length === 0) return { ok: true, value: input };
  let value = input;
  const problems: CatalogProblem[] = [];
  for (const { keys, reference } of named) {
    try {
      value = replaced(value, keys, reveal(reference!, keys)) as Plain;
    } catch (error) {
      problems.push(problemAt(keys, (error as Error).message));
    }
  }
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
}

/** The same with another value at a path; what does not lie on the path is shared. */
function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], other: string): unknown {
  if (key === undefined) return other;
  const copy: Record<string | number, unknown> = Array.isArray(value) ? ([...value] as never) : { ...(value as Plain) };
  copy[key] = replaced(copy[key], rest, other);
  return copy;
}

function referenceOf(value: unknown): SecretReference | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value);
  const [[name, where] = []] = entries;
  if (entries.length !== 1 || typeof where !== "string" || where === "") return undefined;
  if (name === "file") return { file: where };
  return name === "env" ? { env: where } : undefined;
}
