import fc from "fast-check";
import { expect, it } from "vitest";
import { catalogDiff } from "../../../../pipeline/control/catalog-diff.ts";

const provider = {
  id: "a",
  rate: 100,
  smpp: { host: "h", password: { file: "/a" } },
  prices: [{ country: "DE", price: "0.07" }, { mccMnc: "26201", price: "0.06" }, { price: "0.1" }],
};
const base = { accounts: [], providers: [provider], routes: [{ id: "x" }, { id: "y" }] };
const diff = (change: object) => catalogDiff(base, { ...base, ...change });

it("says what came, what went and what is another value, a line each", () => {
  expect(diff({ providers: [{ ...provider, rate: 200 }, { id: "b" }] })).toEqual([
    "~ provider a: rate: 100 -> 200",
    "+ provider b",
  ]);
  expect(diff({ providers: [], retired: [provider] })).toEqual(["- provider a", "+ retired provider a"]);
  expect(diff({ routes: [{ id: "y" }, { id: "x" }] })).toEqual(["~ routes: asked in another order: y, x"]);
});

it("names prices by what they are for, and shows no secret", () => {
  const prices = [{ country: "DE", price: "0.08" }, { price: "0.1" }, { country: "FR", price: "0.05" }];
  expect(diff({ providers: [{ ...provider, prices }] })).toEqual([
    "~ provider a: prices: without 26201",
    "~ provider a: prices: DE: price: 0.07 -> 0.08",
    "~ provider a: prices: with FR at 0.05",
  ]);
  const smpp = { host: "h", password: "geheim" };
  expect(diff({ providers: [{ ...provider, smpp }] })).toEqual(["~ provider a: smpp.password: another one"]);
});

it("tells of look-ups by their ids, and of no secret of theirs", () => {
  const lookup = { id: "de", timeoutMs: 500, secretHeaders: { authorization: { file: "/a" } } };
  expect(diff({ portability: { lookups: [lookup] } })).toEqual(["+ portability"]);
  const changed = { ...lookup, timeoutMs: 200, secretHeaders: { authorization: "geheim" } };
  expect(
    catalogDiff({ portability: { lookups: [lookup] } }, { portability: { lookups: [changed, { id: "fr" }] } }),
  ).toEqual([
    "~ portability: lookups: de: timeoutMs: 500 -> 200",
    "~ portability: lookups: de: secretHeaders.authorization: another one",
    "~ portability: lookups: with fr",
  ]);
});

it("tells of regions, of each exchange rate, and of parts of the week by all that they say", () => {
  const dach = { id: "dach", countries: ["DE", "AT"] };
  expect(diff({ regions: [dach] })).toEqual(["+ region dach"]);
  expect(diff({ senders: [{ id: "us", countries: ["US"] }] })).toEqual(["+ sender rule us"]);
  expect(diff({ caps: [{ id: "codes", of: "sender" }] })).toEqual(["+ cap codes"]);
  const rates = { base: "EUR", date: "2026-01-31", rates: { USD: "1.08" } };
  expect(diff({ rates })).toEqual(["+ rates"]);
  expect(catalogDiff({ rates }, {})).toEqual(["- rates"]);
  const later = { ...rates, date: "2026-02-28", rates: { USD: "1.09", GBP: "0.86" } };
  expect(catalogDiff({ rates }, { rates: later })).toEqual([
    "~ rates: date: 2026-01-31 -> 2026-02-28",
    "~ rates: rates.USD: 1.08 -> 1.09",
    "~ rates: rates.GBP: not set -> 0.86",
  ]);
  const at = (...times: object[]) => ({ routes: [{ id: "x", when: { times } }] });
  const [day, night] = [
    { from: "08:00", zone: "UTC" },
    { to: "06:00", zone: "UTC" },
  ];
  expect(catalogDiff(at(day, night), at(day, { ...night, to: "07:00" }))).toEqual([
    '~ route x: when.times: without {"to":"06:00","zone":"UTC"}',
    '~ route x: when.times: with {"to":"07:00","zone":"UTC"}',
  ]);
});

it("names tiers by where they begin", () => {
  const tiered = (percent: number) => [
    {
      ...provider,
      volume: {
        tiers: [
          { from: 100, percent: 95 },
          { from: 200, percent },
        ],
      },
    },
  ];
  const before = { ...base, providers: tiered(90) };
  expect(catalogDiff(before, { ...base, providers: tiered(80) })).toEqual([
    "~ provider a: volume.tiers: from 200: percent: 90 -> 80",
  ]);
});

it("is empty exactly when both say the same", () => {
  const entry = fc.record({
    id: fc.constantFrom("a", "b", "c"),
    rate: fc.nat(2),
    lanes: fc.option(fc.array(fc.constantFrom("otp", "x"))),
  });
  const list = fc.uniqueArray(entry, { selector: ({ id }) => id });
  fc.assert(
    fc.property(list, list, (before, after) => {
      const sorted = (entries: readonly { id: string }[]) => [...entries].sort((x, y) => (x.id < y.id ? -1 : 1));
      const same = JSON.stringify(sorted(before)) === JSON.stringify(sorted(after));
      expect(catalogDiff({ providers: before }, { providers: after }).length === 0).toBe(same);
    }),
  );
});

it("secrets of a part that comes or goes as a whole are not shown", () => {
  const secret = "5e884898da28047151d0e56f8dc6292773603d0d6aabbd62a11ef721d1542d8";
  const smpp = { maxBinds: 2, passwords: [{ id: "modem", sha256: secret }] };
  const http = { authToken: secret, secretHeaders: { "x-key": secret } };
  const bare = { accounts: [{ id: "shop" }], providers: [{ id: "a" }, { id: "b", http: { rate: 1 } }] };
  const full = {
    accounts: [{ id: "shop", smpp, apiKeys: [{ sha256: secret }] }],
    providers: [
      { id: "a", http },
      { id: "b", http: { rate: 1, secretHeaders: { "x-key": secret } } },
    ],
  };
  const empty = { accounts: [{ id: "shop", apiKeys: [] }] };
  for (const [before, after] of [
    [bare, full],
    [full, bare],
    [empty, { accounts: [{ id: "shop", apiKeys: [{ sha256: secret }] }] }],
  ] as const) {
    const lines = catalogDiff(before, after);
    expect(lines).not.toEqual([]);
    expect(lines.join("\n")).not.toContain(secret);
  }
  expect(catalogDiff(bare, full)).toContain(
    '~ account shop: smpp: not set -> {"maxBinds":2,"passwords":[{"id":"modem","sha256":"(not shown)"}]}',
  );
});

it("entries that differ in their secrets alone are told apart", () => {
  const [a, b, c] = ["a", "b", "c"].map((digit) => ({ sha256: digit.repeat(64) }));
  const keys = (...apiKeys: unknown[]) => ({ accounts: [{ id: "shop", apiKeys }] });
  expect(catalogDiff(keys(a, b), keys(c, b))).toEqual([
    '~ account shop: apiKeys: without {"sha256":"(not shown)"}',
    '~ account shop: apiKeys: with {"sha256":"(not shown)"}',
  ]);
  expect(catalogDiff(keys(a, b), keys(a))).toEqual(['~ account shop: apiKeys: without {"sha256":"(not shown)"}']);
});
