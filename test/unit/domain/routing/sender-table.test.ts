import fc from "fast-check";
import { expect, it } from "vitest";
import { type SenderPlace, senderPlaceSchema } from "../../../../domain/catalog/sender-place.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { SenderTable } from "../../../../domain/routing/sender-table.ts";

const NAMES = ["ACME", "acme", "SHOP", "Shop", "12345", "54321", "+491711234567", "491711234567", "+12345678"];
const COUNTRIES = ["DE", "AT", "FR"];
const REGIONS = [
  { id: "north", countries: ["DE", "FR"] },
  { id: "south", countries: ["AT"] },
];

const message = fc.record({
  from: fc.constantFrom(...NAMES),
  country: fc.constantFrom(...COUNTRIES, "IT"),
  mccMnc: fc.constantFrom(undefined, "26201", "23201"),
  account: fc.constantFrom("a", "b"),
  number: fc.nat(99_999),
});
const content = fc.record(
  {
    allowed: fc.subarray(["alphanumeric", "short-code", "long-number"], { minLength: 1 }),
    registered: fc.subarray(NAMES, { minLength: 1 }),
    ignoreCase: fc.boolean(),
    replaceBy: fc.subarray(["ONE", "TWO", "THREE"], { minLength: 1 }),
  },
  { requiredKeys: ["allowed"] },
);
const where = fc.uniqueArray(
  fc.constantFrom<object>(
    { mccMncs: ["26201"] },
    ...COUNTRIES.map((one) => ({ countries: [one] })),
    ...REGIONS.map(({ id }) => ({ regions: [id] })),
    {},
  ),
  { minLength: 1, selector: (one) => JSON.stringify(one) },
);

/** What docs/catalog.md says, rule by rule. */
function model(places: readonly SenderPlace[], { from, country, mccMnc }: MessageFacts) {
  const has = (test: (place: SenderPlace) => boolean | undefined) => places.find((place) => test(place) === true);
  const place =
    has(({ mccMncs }) => mccMncs?.some((one) => one === mccMnc)) ??
    has(({ countries }) => countries?.some((one) => one === country)) ??
    has(({ regions }) =>
      regions?.some((id) => REGIONS.some((one) => one.id === id && one.countries.includes(country))),
    ) ??
    has(({ mccMncs, countries, regions }) => (mccMncs ?? countries ?? regions) === undefined);
  if (place === undefined) return undefined;
  const digits = /^\+?\d+$/.test(from!);
  const long = digits && (from!.startsWith("+") || from!.length > 8);
  const kind = long ? "long-number" : digits ? "short-code" : "alphanumeric";
  const same = (name: string) => {
    if (long) return /^\+?\d{8,}$/.test(name) && name.replace("+", "") === from!.replace("+", "");
    return place.ignoreCase ? name.toLowerCase() === from!.toLowerCase() : name === from;
  };
  const fine =
    (place.allowed?.includes(kind) ?? true) && (place.registered?.some(({ sender }) => same(sender)) ?? true);
  return { rule: place.id, senders: fine ? [from] : [...(place.replaceBy ?? [])].sort() };
}

it("judges as a model does that asks every rule in turn", () => {
  fc.assert(
    fc.property(where, fc.array(content, { minLength: 7, maxLength: 7 }), message, (wheres, contents, asked) => {
      const places = wheres.map((one, n) => senderPlaceSchema.parse({ id: `p${n}`, ...one, ...contents[n]! }));
      const facts: MessageFacts = { ...asked, destination: `4917${asked.number}`, lane: "otp", labels: {}, at: 0 };
      const judged = new SenderTable(places, REGIONS as never).judge(facts);
      const expected = model(places, facts);
      if (expected === undefined) expect(judged).toBeUndefined();
      else if (expected.senders.length === 0) expect(judged).toMatchObject({ ok: false, rule: expected.rule });
      else {
        const senders = judged?.ok ? judged.options.map(({ sender }) => sender).sort() : undefined;
        expect({ rule: judged?.rule, senders }).toEqual(expected);
      }
    }),
    { numRuns: 2_000 },
  );
});

const poolOf = (senders: readonly string[]) =>
  new SenderTable([senderPlaceSchema.parse({ id: "p", allowed: ["short-code"], replaceBy: senders.map(String) })], []);
const POOL = ["10001", "10002", "10003", "10004"];
const orderFor = (senders: readonly string[], destination: string) => {
  const facts = { from: "ACME", country: "DE", mccMnc: undefined, account: "a", destination } as MessageFacts;
  const judged = poolOf(senders).judge(facts);
  return judged?.ok ? judged.options.map(({ sender }) => sender) : [];
};

it("a destination keeps its sender of a pool as long as that is there, and pools are used evenly", () => {
  const uses = new Map(POOL.map((sender) => [sender, 0]));
  for (let n = 0; n < 2_000; n++) {
    const destination = String(491_700_000_000 + n);
    const order = orderFor(POOL, destination);
    uses.set(order[0]!, uses.get(order[0]!)! + 1);
    const without = POOL.filter((sender) => sender !== POOL[n % 4]);
    expect(orderFor(without, destination)).toEqual(order.filter((sender) => sender !== POOL[n % 4]));
    expect(orderFor([...POOL].reverse(), destination), "however the file has them").toEqual(order);
  }
  // A quarter each: 500, with a standard deviation of 19.
  for (const used of uses.values()) expect(Math.abs(used - 500)).toBeLessThan(5 * 19.4);
});

it("names a kind, a country and a rule when it refuses", () => {
  const table = new SenderTable(
    [senderPlaceSchema.parse({ id: "us", countries: ["US"], allowed: ["short-code", "long-number"] })],
    [],
  );
  const facts = { from: "ACME", country: "US", mccMnc: undefined, account: "a", destination: "1" } as MessageFacts;
  expect(table.judge(facts)).toEqual({
    ok: false,
    rule: "us",
    reason: "names are not carried in US as senders, short codes and full numbers are (sender rule us)",
  });
});
