import { expect, it } from "vitest";
import { accessKeySchema, hasExpired, mayDo } from "../../../../domain/catalog/access-key.ts";
import { keyWarnings } from "../../../../domain/catalog/key-warnings.ts";

const KEY = { id: "app", sha256: "a".repeat(64) };
const read = (more: object) => accessKeySchema("key").safeParse({ ...KEY, ...more });

it("a key of before scopes and ends is good for all, and for ever", () => {
  const key = read({}).data!;
  expect(key).toEqual(KEY);
  expect([mayDo(key, "send"), mayDo(key, "read"), mayDo(key, "admin")]).toEqual([true, true, true]);
  expect(hasExpired(key, Number.MAX_SAFE_INTEGER)).toBe(false);
});

it("ends with a day as it begins in UTC, or at a time with its zone", () => {
  expect(read({ expires: "2027-01-31" }).data?.expires).toBe(Date.UTC(2027, 0, 31));
  expect(read({ expires: "2027-01-31T12:00:00+02:00" }).data?.expires).toBe(Date.UTC(2027, 0, 31, 10));
  for (const expires of ["2027-02-30", "2027-01-31T12:00", "soon", ""]) expect(read({ expires }).success).toBe(false);
  const key = read({ expires: "2027-01-31" }).data!;
  expect([hasExpired(key, Date.UTC(2027, 0, 31) - 1), hasExpired(key, Date.UTC(2027, 0, 31))]).toEqual([false, true]);
});

it("scopes are known words, some of them, none twice", () => {
  for (const scopes of [[], ["write"], ["send", "send"]]) expect(read({ scopes }).success).toBe(false);
  const key = read({ scopes: ["read"] }).data!;
  expect([mayDo(key, "send"), mayDo(key, "read"), mayDo(key, "admin")]).toEqual([false, true, false]);
});

it("keys that have ended, end soon, or share a name are told of", () => {
  const now = Date.UTC(2027, 0, 1);
  const key = (id: string, day?: number) => ({
    ...KEY,
    id,
    ...(day === undefined ? {} : { expires: Date.UTC(2027, 0, day) }),
  });
  const passwords = [key("app"), key("app")];
  const apiKeys = [key("ended", 1), key("soon", 15), key("later", 16), key("never")];
  const accounts = [{ apiKeys, smpp: { passwords } }] as unknown as Parameters<typeof keyWarnings>[0]["accounts"];
  expect(keyWarnings({ accounts }, now).map(({ path, message }) => `${path}: ${message.slice(0, 36)}`)).toEqual([
    "accounts[0].apiKeys[0].expires: was 2027-01-01T00:00:00.000Z: the ke",
    "accounts[0].apiKeys[1].expires: is 2027-01-15T00:00:00.000Z, in less",
    'accounts[0].smpp.passwords[1].id: "app" names another one of the accou',
  ]);
  expect(keyWarnings({ accounts }, undefined)).toHaveLength(1);
});
