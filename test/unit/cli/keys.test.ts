import { expect, it } from "vitest";
import { parse } from "yaml";
import { accountSchema } from "../../../domain/catalog/account.ts";
import { keysOf, keyTable } from "../../../services/cli/keys/key-table.ts";
import { runCli } from "../../../services/cli/sluice.ts";
import { ApiKeys } from "../../../services/ingest/access/api-keys.ts";
import { loginOf, SmppAccounts } from "../../../services/ingest/doors/smpp/smpp-accounts.ts";

async function keys(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const host = { env: {}, print: (line: string) => out.push(line), tell: (line: string) => err.push(line) };
  return { code: await runCli(["keys", ...args], host), out, err: err.join("\n") };
}

const account = (list: object) => accountSchema.parse({ id: "shop", name: "Shop", ...list });

it("create makes a key that the line it prints lets in, as long and for what it says", async () => {
  const { code, out, err } = await keys(
    "create",
    "shop",
    "--name",
    "app",
    "--scopes",
    "send,read",
    "--expires",
    "2999-01-31",
  );
  const [secret = "", line = ""] = out;
  expect([code, out.length]).toEqual([0, 2]);
  expect(secret).toMatch(/^slk_[\w-]{43}$/);
  expect(err).toContain("apiKeys of shop");
  expect(err + line).not.toContain(secret);
  const known = new ApiKeys([account({ apiKeys: parse(line) })]).find(secret, Date.now());
  expect(known).toMatchObject({ account: { id: "shop" }, key: { id: "app", scopes: ["send", "read"] } });
  expect(known?.key.expires).toBe(Date.UTC(2999, 0, 31));
  expect((await keys("create", "shop")).out[0]).not.toBe((await keys("create", "shop")).out[0]);
});

it("create --smpp makes a password of eight characters, which lets in over SMPP alone", async () => {
  const { out } = await keys("create", "shop", "--smpp");
  const [secret = "", line = ""] = out;
  expect(secret).toMatch(/^[A-Za-z0-9]{8}$/);
  const shop = account({ smpp: { passwords: parse(line) } });
  expect(new SmppAccounts([shop]).find(loginOf("shop", secret)!, Date.now())?.account.id).toBe("shop");
  expect(new ApiKeys([shop]).find(secret, Date.now())).toBeUndefined();
});

it("create --json is for programs", async () => {
  const { out } = await keys("create", "shop", "--json");
  expect(JSON.parse(out.join(""))).toMatchObject({
    account: "shop",
    key: expect.stringMatching(/^slk_/),
    entry: expect.any(String),
  });
});

it.each([
  [[], "create or list is needed"],
  [["revoke"], "no action revoke"],
  [["create"], "create needs the account's id"],
  [["create", "Shop"], "Shop is no id of an account"],
  [["create", "shop", "other"], "one account, not 2"],
  [["create", "shop", "--name", "My key"], "--name My key"],
  [["create", "shop", "--scopes", "write"], "--scopes write: send, read, admin"],
  [["create", "shop", "--scopes", "send,send"], "--scopes send,send"],
  [["create", "shop", "--expires", "2027-02-30"], "--expires 2027-02-30: there is no day 2027-02-30"],
  [["create", "shop", "--expires", "2020-01-01"], "--expires 2020-01-01: lies in the past"],
  [["list", "--smpp"], "--smpp means nothing with list"],
])("%j is refused: %s", async (args, said) => {
  expect(await keys(...args)).toMatchObject({ code: 64, out: [], err: expect.stringContaining(said) });
});

it("lists keys by name, never their hashes", () => {
  const sha256 = "a".repeat(64);
  const accounts = [
    {
      id: "shop",
      apiKeys: [
        { id: "app", sha256, scopes: ["send"], expires: "2026-01-31" },
        { id: "old", sha256 },
      ],
    },
    { id: "bank", smpp: { passwords: [{ id: "core", sha256, expires: "2026-02-01T12:00:00Z" }] } },
  ];
  const table = keyTable(keysOf(accounts, undefined), Date.UTC(2026, 0, 31));
  expect(table.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["shop", "app", "API key", "send", "ended 2026-01-31T00:00:00.000Z"],
    ["shop", "old", "API key", "all", "no end"],
    ["bank", "core", "SMPP password", "all", "until 2026-02-01T12:00:00.000Z"],
  ]);
  expect(keysOf(accounts, "bank").map(({ id }) => id)).toEqual(["core"]);
  expect(keysOf(undefined, undefined)).toEqual([]);
});
