import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LoginAttempts } from "../../../services/console/access/login-attempts.ts";
import { makeOneTimeLogin, oneTimeAddress, useOneTimeLogin } from "../../../services/console/access/one-time-login.ts";
import { hashPassword, isPassword, isPasswordHash } from "../../../services/console/access/passwords.ts";
import { mayAs, shownAddress, shownNumber } from "../../../services/console/access/roles.ts";
import { readUsers, Users } from "../../../services/console/access/users.ts";
import { isFromThisPage } from "../../../services/console/http/same-origin.ts";
import { SessionCookie } from "../../../services/console/http/session-cookie.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a role may do what those before it may", () => {
  expect(mayAs("viewer", "viewer")).toBe(true);
  expect(mayAs("viewer", "operator")).toBe(false);
  expect(mayAs("operator", "admin")).toBe(false);
  expect(mayAs("admin", "operator")).toBe(true);
});

test("a number is shortened for viewers however it is spelt; short codes and names are not", () => {
  for (const [address, shown] of [
    ["491713920012", "+49171…12"],
    ["+491713920012", "+49171…12"],
    ["whatsapp:+491713920012", "whatsapp:+49171…12"],
    ["0171-1234567", "01711…67"],
    ["+49 (171) 392 00 12", "+49171…12"],
    ["01711234567", "01711…67"],
    ["sip:491713920012@carrier", "sip:49171…12@carrier"],
    ["12345678", "12345678"],
    ["1&1", "1&1"],
    ["ACME", "ACME"],
  ] as const) {
    expect(shownAddress(address, "viewer")).toBe(shown);
    const whole = /^[1-9]\d{8,}$/.test(address) ? `+${address}` : address;
    expect(shownAddress(address, "operator")).toBe(whole);
  }
});

test("viewers see numbers shortened, operators whole", () => {
  expect(shownNumber("491713920012", "operator")).toBe("+491713920012");
  expect(shownNumber("+491713920012", "viewer")).toBe("+49171…12");
  expect(shownNumber("1234567", "viewer")).toBe("+…");
});

test("a hash is one password's, whatever its salt", async () => {
  const [one, two] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
  expect(one).not.toBe(two);
  expect(isPasswordHash(one)).toBe(true);
  expect(await isPassword("correct horse", one)).toBe(true);
  expect(await isPassword("correct horse", two)).toBe(true);
  expect(await isPassword("Correct horse", one)).toBe(false);
  expect(await isPassword("", one)).toBe(false);
  expect(
    await isPassword("correct horse", "scrypt$99999999$99$9$abcdefghijklmnop$abcdefghijklmnopabcdefghijklmnop"),
  ).toBe(false);
}, 120_000);

test("the users' file decides who may log in, and is read anew", async () => {
  const file = join(folder, "users.yaml");
  const user = async (name: string, role: string) =>
    `- { name: ${name}, role: ${role}, password: "${await hashPassword(`${name}-password`)}" }\n`;
  writeFileSync(file, (await user("anna", "viewer")) + (await user("ben", "operator")));
  const users = new Users(file);
  expect(await users.logIn("ben", "ben-password")).toEqual({ name: "ben", role: "operator" });
  expect(await users.logIn("ben", "anna-password")).toBeUndefined();
  expect(await users.logIn("carl", "carl-password")).toBeUndefined();
  expect(users.stillHas({ name: "ben", role: "operator" })).toBe(true);
  writeFileSync(file, await user("ben", "viewer"));
  expect(users.stillHas({ name: "ben", role: "operator" })).toBe(false);
  expect(await users.logIn("anna", "anna-password")).toBeUndefined();
  writeFileSync(file, "- { name: dora, role: boss, password: secret }");
  expect(() => readUsers(file)).toThrow(/line 1[\s\S]*role/);
  expect(await new Users(undefined).logIn("", "")).toBeUndefined();
}, 120_000);

test("a one-time login works once, within the hour, and is replaced by the next", () => {
  const file = join(folder, "secrets", "login");
  const now = Date.now();
  const replaced = makeOneTimeLogin(file);
  const token = makeOneTimeLogin(file);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(oneTimeAddress("http://127.0.0.1:1", token)).toBe(`http://127.0.0.1:1/#login=${token}`);
  expect(useOneTimeLogin(file, replaced, now)).toBeUndefined();
  expect(useOneTimeLogin(file, token, now)).toMatchObject({ role: "admin" });
  expect(useOneTimeLogin(file, token, now)).toBeUndefined();
  const late = makeOneTimeLogin(file);
  const twoHoursAgo = now / 1_000 - 7_200;
  utimesSync(file, twoHoursAgo, twoHoursAgo);
  expect(useOneTimeLogin(file, late, now)).toBeUndefined();
});

test("a burst is whole at any moment, also between two milliseconds", () => {
  for (let n = 0; n < 2_000; n++) {
    const now = 512_000 + n * 0.1234567;
    const attempts = new LoginAttempts({ burst: 5, everyMs: 60_000 });
    const taken = [1, 2, 3, 4, 5].map(() => attempts.take("anna", now));
    expect(taken, `at ${now}`).toEqual([0, 0, 0, 0, 0]);
    expect(attempts.take("anna", now)).toBeGreaterThan(0);
  }
});

test("attempts: a burst, then one at a time", () => {
  const attempts = new LoginAttempts({ burst: 3, everyMs: 1_000 });
  expect([0, 0, 0, 0].map((at) => attempts.take("anna", at))).toEqual([0, 0, 0, 1_000]);
  expect(attempts.take("ben", 0)).toBe(0);
  expect(attempts.take("anna", 999)).toBe(1);
  expect(attempts.take("anna", 1_000)).toBe(0);
  expect(attempts.take("anna", 1_000)).toBe(1_000);
  attempts.forget("anna");
  expect(attempts.take("anna", 1_000)).toBe(0);
});

test("only this console's own page may change something", () => {
  const mark = { "x-sluice-console": "1", host: "console:18100" };
  expect(isFromThisPage(mark)).toBe(true);
  expect(isFromThisPage({ ...mark, origin: "http://console:18100", "sec-fetch-site": "same-origin" })).toBe(true);
  expect(isFromThisPage({ host: "console:18100", "sec-fetch-site": "same-origin" })).toBe(false);
  expect(isFromThisPage({ ...mark, "sec-fetch-site": "same-site" })).toBe(false);
  expect(isFromThisPage({ ...mark, "sec-fetch-site": "cross-site" })).toBe(false);
  expect(isFromThisPage({ ...mark, origin: "http://console:18101" })).toBe(false);
  expect(isFromThisPage({ ...mark, origin: "null" })).toBe(false);
});

test("the cookie is no script's and no other site's", () => {
  const cookie = new SessionCookie(false);
  expect(cookie.give("abc")).toBe("sluice=abc; Path=/; HttpOnly; SameSite=Strict");
  expect(cookie.read("other=1; sluice=abc")).toBe("abc");
  expect(cookie.read("notsluice=abc")).toBeUndefined();
  expect(cookie.read(undefined)).toBeUndefined();
  expect(cookie.take()).toContain("Max-Age=0");
  const secure = new SessionCookie(true);
  expect(secure.give("abc")).toBe("__Host-sluice=abc; Path=/; HttpOnly; SameSite=Strict; Secure");
  expect(secure.read("sluice=abc")).toBeUndefined();
});
