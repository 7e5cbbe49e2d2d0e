import { expect, it } from "vitest";
import { loginOf, SmppAccounts } from "../../../../../services/ingest/doors/smpp/smpp-accounts.ts";
import { sha256 } from "../../ingest-harness.ts";

const account = (id: string, key: string, password: string) => ({
  id,
  apiKeys: [{ id: "main", sha256: sha256(key) }],
  smpp: { passwords: [{ id: "old", sha256: sha256(password).toUpperCase() }] },
});

const accounts = new SmppAccounts([
  account("long-name-of-one-shop", "key-1", "shared"),
  account("long-name-of-one-other", "key-2", "shared"),
  account("short", "key-3", "own"),
]);
const bound = (systemId: string, password: string, now = 0) => {
  const login = loginOf(systemId, password);
  return login === undefined ? undefined : accounts.find(login, now)?.account.id;
};

it("names are the account's id, alone or with the key's, whole or as far as fifteen characters go", () => {
  expect(bound("short", "key-3")).toBe("short");
  expect(bound("short", "own")).toBe("short");
  expect(bound("short/main", "key-3")).toBe("short");
  expect(bound("short/old", "own")).toBe("short");
  expect(bound("short/old", "key-3")).toBeUndefined();
  expect(bound("long-name-of-one-shop", "key-1")).toBe("long-name-of-one-shop");
});

it("where two are cut to the same name, the password tells them apart, or nobody is let in", () => {
  expect(bound("long-name-of-on", "key-1")).toBe("long-name-of-one-shop");
  expect(bound("long-name-of-on", "key-2")).toBe("long-name-of-one-other");
  expect(bound("long-name-of-on", "shared")).toBeUndefined();
  expect(bound("long-name-of-one-shop", "shared")).toBe("long-name-of-one-shop");
});

it("no password, and one that is too long, lets nobody in", () => {
  expect(bound("short", "")).toBeUndefined();
  expect(bound("short", "x".repeat(300))).toBeUndefined();
});

it("a key lets in until it expires, also where another one of the account is like it", () => {
  const ends = (id: string, expires: number) => ({ id, sha256: sha256("same"), expires });
  const two = new SmppAccounts([{ id: "shop", apiKeys: [ends("first", 10), ends("second", 20)] }]);
  const login = loginOf("shop", "same")!;
  expect([9, 10, 20].map((now) => two.find(login, now)?.key.id)).toEqual(["first", "second", undefined]);
});
