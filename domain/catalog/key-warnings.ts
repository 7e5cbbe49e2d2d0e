import { type AccessKey, hasExpired } from "./access-key.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { Catalog } from "./catalog-schema.ts";

/** SHA-256 of no octets: what `printf '%s' "$KEY" | sha256sum` gives when KEY is not set. */
const HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** A key that ends sooner is told of, ms: time to hand out the next one. */
const SOON_MS = 14 * 24 * 3_600_000;

type Keys = readonly (string | number)[];

/** Keys and passwords that let nobody in, or soon will not, and names that do not tell one from another. `now`: epoch ms. */
export function keyWarnings({ accounts }: Pick<Catalog, "accounts">, now: number | undefined): CatalogProblem[] {
  return accounts.flatMap(({ apiKeys, smpp }, index) => [
    ...ofList(apiKeys, ["accounts", index, "apiKeys"], now),
    ...ofList(smpp?.passwords ?? [], ["accounts", index, "smpp", "passwords"], now),
  ]);
}

function ofList(keys: readonly AccessKey[], at: Keys, now: number | undefined): CatalogProblem[] {
  return keys.flatMap((key, place) => [
    ...(key.sha256 === HASH_OF_NOTHING
      ? [problemAt([...at, place, "sha256"], "is the hash of an empty text: no request has this key")]
      : []),
    ...ofExpiry(key, [...at, place, "expires"], now),
    ...ofName(key, keys.slice(0, place), [...at, place, "id"]),
  ]);
}

function ofExpiry(key: AccessKey, at: Keys, now: number | undefined): CatalogProblem[] {
  if (key.expires === undefined || now === undefined || key.expires - now > SOON_MS) return [];
  const day = new Date(key.expires).toISOString();
  if (hasExpired(key, now)) return [problemAt(at, `was ${day}: the key lets nobody in any more`)];
  return [problemAt(at, `is ${day}, in less than 14 days: hand out the next key before`)];
}

function ofName({ id }: AccessKey, before: readonly AccessKey[], at: Keys): CatalogProblem[] {
  if (before.every((other) => other.id !== id)) return [];
  return [problemAt(at, `"${id}" names another one of the account as well: the log does not tell which was used`)];
}
