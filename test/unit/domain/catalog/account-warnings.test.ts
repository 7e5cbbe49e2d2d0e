import { expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { examplePlain } from "./example.ts";

/** What is said of the first account with this, in a catalog whose last route is for everywhere unless `routes` says otherwise. */
function warnings(more: object, routes?: readonly object[]): string[] {
  const plain = examplePlain();
  Object.assign(plain.accounts[0]!, more);
  if (routes !== undefined) Object.assign(plain, { routes });
  const parsed = parseCatalog(plain, 6);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.warnings
    .map(({ path, message }) => `${path}: ${message}`)
    .filter((one) => one.startsWith("accounts[0]"));
}

const money = { currency: "EUR" };
const cap = (id: string, most: number, hours: number, lanes = ["marketing"]) => ({ id, most, hours, lanes });

it.each<[object, (string | RegExp)[]]>([
  [{ budget: { ...money, daily: "5", monthly: "100" } }, []],
  [{ budget: { ...money, daily: "5", monthly: "155" } }, [/budget\.monthly: is 31 days of daily or more/]],
  [{ inboundUrl: "https://a.example", callbacks: { secrets: ["s"] }, inboundNumbers: ["12345"] }, []],
  [{ inboundUrl: "https://a.example", callbacks: { secrets: ["s"] }, from: "491700000001" }, []],
  [{ inboundUrl: "https://a.example", inboundNumbers: ["12345"] }, [/inboundUrl: is not called/]],
  [
    { inboundUrl: "http://a.example", callbacks: { secrets: ["s"] }, inboundNumbers: ["1234"] },
    [/inboundUrl: .* https/],
  ],
  [
    { inboundUrl: "https://a.example", callbacks: { secrets: ["s"] }, from: "ACME", smpp: { inbound: true } },
    [/inboundUrl: does nothing: .* no inboundNumbers/, /smpp\.inbound: does nothing/],
  ],
  [{ budget: { ...money, daily: "0" } }, [/budget\.daily: is 0: no message/]],
  [{ maxPrice: { ...money, amount: "0" } }, [/maxPrice\.amount: is 0/]],
  [{ maxPrice: { ...money, lanes: { otp: "0" }, countries: { DE: "1" } } }, [/maxPrice\.lanes\.otp: is 0/]],
  [{ maxPrice: { ...money, countries: { AQ: "1" } } }, [/countries\.AQ: .*no telephone numbers/]],
  [{ sells: { ...money, prices: [{ price: "0" }] } }, [/sells\.prices\[0\]\.price: is 0/]],
  [{ sells: { ...money, prices: [{ price: "0" }], whenLoss: "warn" } }, []],
  [
    { sells: { ...money, prices: [{ price: "1" }, { mccMnc: "26299", price: "1" }] } },
    [/sells\.prices: no number is known/],
  ],
  [{ guard: { mode: "off" } }, [/guard\.mode: is off, and no country/]],
  [{ guard: { mode: "off", countries: { DE: { mode: "filter" } } } }, []],
  [{ guard: { countries: { DE: {} } } }, [/guard\.countries\.DE: says nothing/]],
  [{ guard: { perMinute: 100 }, maxPerSecond: 1 }, [/guard\.perMinute: the account may hand in 60 messages a minute/]],
  [
    { guard: { countries: { DE: { perMinute: 61 } } }, maxPerSecond: 1 },
    [/countries\.DE\.perMinute: .* never reached/],
  ],
  [{ guard: {}, lanes: ["marketing"] }, [/guard\.lanes: the account may use marketing alone/]],
  [
    { guard: { allow: ["49151", "491512", "44", "44"] } },
    [/allow\[1\]: "49151" allows it/, /allow\[3\]: "44" allows it/],
  ],
  [
    { content: { allow: [{ id: "a", phrases: ["code"] }], deny: [{ id: "b", phrases: ["win", "code"] }] } },
    [/deny\[0\]\.phrases\[1\]: never denies/],
  ],
  [
    { content: { onlyAllowed: true, allow: [{ id: "a", phrases: ["code"] }], deny: [{ id: "b", phrases: ["win"] }] } },
    [/content\.deny: does nothing with onlyAllowed/],
  ],
  [{ content: { domains: ["a.example", "www.a.example", "ba.example"] } }, [/domains\[1\]: "a.example" allows it/]],
  [{ frequencyCaps: [cap("day", 1, 24), cap("week", 3, 168)] }, []],
  [{ frequencyCaps: [cap("day", 3, 24), cap("week", 3, 168)] }, [/frequencyCaps\[0\]: never reached: "week"/]],
  [{ frequencyCaps: [cap("one", 3, 24), cap("two", 3, 24)] }, [/frequencyCaps\[1\]: never reached: "one"/]],
  [{ frequencyCaps: [cap("all", 3, 24, ["otp", "marketing"]), cap("some", 2, 24)] }, []],
  [{ frequencyCaps: [cap("a", 3, 24)], lanes: ["otp"] }, [/frequencyCaps\[0\]\.lanes: the account may use otp alone/]],
  [
    { consentWebhook: { secret: "s", url: "http://crm.example.com/x" } },
    [/consentWebhook\.url: numbers go to crm.example.com unencrypted/],
  ],
  [{ consentWebhook: { secret: "s", url: "http://127.0.0.1:9/x" } }, []],
  [{ callbackUrl: "https://app.example.com/x" }, [/callbackUrl: is not called: the account has no callbacks/]],
  [
    { callbackUrl: "http://app.example.com/x", callbacks: { secrets: ["s"] } },
    [/callbackUrl: numbers go to app.example.com unencrypted/],
  ],
  [{ callbackUrl: "https://app.example.com/x", callbacks: { secrets: ["s"] } }, []],
])("%j", (more, expected) => {
  expect(warnings(more)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});

it("budgets and selling prices in a currency that there is not are told of, as caps are", () => {
  const plain = examplePlain();
  const prices = [{ price: "1" }];
  Object.assign(plain.accounts[0]!, { budget: { currency: "EUT", daily: "1" }, sells: { currency: "EUT", prices } });
  Object.assign(plain, { rates: { base: "EUR", date: "2026-01-31", rates: { EUT: "1.1" } } });
  const parsed = parseCatalog(plain, 6);
  const paths = parsed.ok ? parsed.warnings.map(({ path }) => path) : [];
  expect(paths).toEqual(expect.arrayContaining(["accounts[0].budget.currency", "accounts[0].sells.currency"]));
});

it("a country that no route of the account is for is told of", () => {
  const guard = { countries: { FR: { perMinute: 3 }, DE: { perMinute: 3 } } };
  const route = (id: string, when: object) => ({ id, when, strategy: "priority", providers: [{ id: "north" }] });
  const none = [/guard\.countries\.FR: no route of the account is for "FR"/];
  const saidWith = (...routes: object[]) => warnings({ guard }, routes);
  const of = (patterns: RegExp[]) => patterns.map((pattern) => expect.stringMatching(pattern));
  expect(saidWith(route("de", { countries: ["DE"] }))).toEqual(of(none));
  expect(saidWith(route("de", { prefixes: ["49"] }))).toEqual(of(none));
  expect(
    saidWith(route("de", { countries: ["DE"] }), route("fr", { countries: ["FR"], accounts: ["globex"] })),
  ).toEqual(of(none));
  expect(saidWith(route("de", { countries: ["DE"] }), route("fr", { prefixes: ["336"] }))).toEqual([]);
});

it("a number of two accounts is told of: what is written to it is neither's to read", () => {
  const plain = examplePlain();
  const [acme] = plain.accounts as [(typeof plain.accounts)[0]];
  Object.assign(acme, { inboundNumbers: ["12345", "491700000001"] });
  plain.accounts.push({ ...acme, id: "copy", apiKeys: [], inboundNumbers: ["491700000002", "12345"] } as never);
  const parsed = parseCatalog(plain, 6);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const path = `accounts[${plain.accounts.length - 1}].inboundNumbers[1]`;
  const message = expect.stringMatching(/^"12345" is a number of account ".*" as well: a STOP/);
  expect(parsed.warnings.filter((warning) => warning.path === path)).toEqual([expect.objectContaining({ message })]);
});
