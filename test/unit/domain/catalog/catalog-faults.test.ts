import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { explainIssue } from "../../../../domain/catalog/explain-issue.ts";
import { examplePlain } from "./example.ts";

type Loose = Record<string, unknown>;

/** The problems of the example after a change, as `path: message`. */
function problemsAfter(change: (plain: { accounts: Loose[]; providers: Loose[]; routes: Loose[] }) => void): string[] {
  const plain = examplePlain() as unknown as Parameters<typeof change>[0];
  change(plain);
  const parsed = parseCatalog(plain, 12);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

const login = (fields: Loose) =>
  problemsAfter(({ providers }) => Object.assign((providers[0] as { smpp: Loose }).smpp, fields)).join("\n");
const condition = (when: Loose) =>
  problemsAfter(({ routes, providers }) =>
    routes.splice(0, 0, { id: "x", when, strategy: "priority", providers: [{ id: providers[0]!.id }] }),
  ).join("\n");
const price = (entry: Loose) =>
  problemsAfter(({ providers }) => Object.assign(providers[0]!, { prices: [entry] })).join("\n");

describe("what a bind cannot carry", () => {
  it.each([
    [{ systemId: "Ω" }, "providers[0].smpp.systemId: character 1 is not ASCII"],
    [{ systemId: "a".repeat(16) }, "providers[0].smpp.systemId: has 16 octets, at most 15 can be sent"],
    [{ systemId: "" }, "providers[0].smpp.systemId"],
    [{ password: "pässword" }, "providers[0].smpp.password: character 2 is not ASCII"],
    [{ password: "secret\0" }, "providers[0].smpp.password: character 7 is NUL"],
    [{ password: "x".repeat(65) }, "providers[0].smpp.password: has 65 octets, at most 64 can be sent"],
    // 22 characters, 66 octets: it is octets that count.
    [{ password: "€".repeat(22) }, "providers[0].smpp.password: has 66 octets"],
    [{ systemType: "Ω" }, "providers[0].smpp.systemType: character 1 is not ASCII"],
    [{ systemType: "s".repeat(13) }, "providers[0].smpp.systemType: has 13 octets"],
    [{ host: "smpp.example.net:2775" }, "providers[0].smpp.host: a host name or an address alone"],
    [{ host: "smpp://smpp.example.net" }, "providers[0].smpp.host: a host name or an address alone"],
    [
      { validityPeriod: "relativ" },
      'providers[0].smpp.validityPeriod: "relativ" is not known: one of relative, absolute',
    ],
    [{ maxValiditySeconds: 0 }, "providers[0].smpp.maxValiditySeconds"],
    [{ maxValiditySeconds: 604_801 }, "providers[0].smpp.maxValiditySeconds"],
    [
      { validityPeriod: "none", maxValiditySeconds: 172_800 },
      "providers[0].smpp.maxValiditySeconds: means nothing with validityPeriod: none",
    ],
  ])("%j", (fields, message) => expect(login(fields)).toContain(message));

  it.each([
    { validityPeriod: "absolute", maxValiditySeconds: 172_800 },
    { validityPeriod: "none" },
    { maxValiditySeconds: 1 },
    { password: "" },
    { password: "x".repeat(64) },
    { systemType: "VMA" },
    { host: "::1" },
    { host: "fe80::1" },
  ])("but %j is sent", (fields) => expect(login(fields)).toBe(""));

  it("and repeats no secret", () => {
    for (const password of ["sécret-word", 12_345_678, ["secret-word"], { a: "secret-word" }])
      expect(login({ password })).not.toMatch(/cret-word|12345678/);
  });
});

describe("addresses and credentials of an HTTP provider", () => {
  const http = (fields: Loose) =>
    problemsAfter(({ providers }) => Object.assign((providers[2] as { http: Loose }).http, fields)).join("\n");

  it.each([
    [
      { baseUrl: "https://api.example.net/2010-04-01" },
      'providers[2].http.baseUrl: without the path of the API ("/2010-04-01…"), which is added: "https://api.example.net"',
    ],
    [{ baseUrl: "https://api.example.net/2010-04-01/" }, '"https://api.example.net"'],
    [
      { baseUrl: "https://gate.example.net/sms/2010-04-01/Accounts/AC1/Messages.json" },
      'without the path of the API ("/2010-04-01…"), which is added: "https://gate.example.net/sms"',
    ],
    [{ baseUrl: "https://api.example.net/Messages.json" }, 'without the path of the API ("/Messages.json…")'],
    [
      { baseUrl: "https://api.example.net/v1/Accounts/AC1" },
      '("/Accounts…"), which is added: "https://api.example.net/v1"',
    ],
    [{ baseUrl: "https://api.example.net/?region=ie1" }, "providers[2].http.baseUrl: without a query"],
    [{ baseUrl: "https://api.example.net?" }, "without a query"],
    [{ baseUrl: "https://api.example.net/#top" }, "without a query or fragment"],
    [{ baseUrl: "https://AC1:secret-3@api.example.net" }, "accountSid and authToken"],
    [{ baseUrl: "https://AC1@api.example.net" }, "without a user name"],
    [{ accountSid: " AC1" }, "providers[2].http.accountSid: 1 to 64 visible ASCII characters"],
    [{ accountSid: "AC1\n" }, "providers[2].http.accountSid: 1 to 64 visible ASCII characters"],
    [{ messagingServiceSid: "MG1 " }, "providers[2].http.messagingServiceSid"],
  ])("%j", (fields, message) => expect(http(fields)).toContain(message));

  it.each([
    "https://api.example.net",
    "https://api.example.net/",
    "https://gate.example.net/sms/v2/",
    "http://[::1]:80",
  ])("but %s is asked", (baseUrl) => expect(http({ baseUrl })).toBe(""));

  it("and repeats no password", () =>
    expect(http({ baseUrl: "https://AC1:secret-3@api.example.net/2010-04-01?x" })).not.toContain("secret-3"));
});

describe("conditions that nothing can match", () => {
  it.each([
    [{ countries: ["UK"] }, 'routes[0].when.countries[0]: "UK" is no ISO 3166-1 code: that country\'s is "GB"'],
    [{ countries: ["DE", "de"] }, 'routes[0].when.countries[1]: "de" in capitals: "DE"'],
    [{ countries: ["QQ"] }, '"QQ" is no ISO 3166-1 alpha-2 code'],
    [{ countries: ["USA"] }, '"USA" is no ISO 3166-1 alpha-2 code'],
    [{ countries: [] }, "routes[0].when.countries: is empty: at least one entry"],
    [{ lanes: null }, "routes[0].when.lanes: is empty: give it a value, or take the line away"],
    [{ countries: [false] }, "routes[0].when.countries[0]: is read as a boolean, false: put it in quotes"],
    [{ prefixes: ["0044"] }, 'routes[0].when.prefixes[0]: "0044" without the 00: "44"'],
    [{ prefixes: ["+44"] }, '"+44" without the plus: "44"'],
    [{ prefixes: ["+44 (7911)"] }, 'without the plus: "447911"'],
    [{ prefixes: ["0171"] }, '"0171" begins with 0'],
    [{ prefixes: ["44 79"] }, "without plus, blanks or signs"],
    [{ prefixes: [44] }, "routes[0].when.prefixes[0]: is read as a number, 44: put it in quotes"],
    [{ prefixes: ["999"] }, `no country's numbers begin with "999"`],
    [{ countries: ["DE"], prefixes: ["49", "44"] }, 'routes[0].when.prefixes[1]: "44" lies in GB'],
    [{ mccMncs: [26_201] }, "routes[0].when.mccMncs[0]: is read as a number, 26201: put it in quotes"],
    [{ mccMncs: ["2625"] }, "lacks a digit: a network code keeps its zero"],
    [{ mccMncs: ["262-05"] }, '"262-05" in one: "26205"'],
    [{ mccMncs: ["19901"] }, '"19901": no country has the mobile country code 199'],
    [{ lanes: ["otps"] }, 'routes[0].when.lanes[0]: "otps" is not known: one of otp, transactional, marketing'],
    [{ senders: ["ACME", "Müller"] }, "routes[0].when.senders[1]: a sender is up to 15 digits, or 1 to 11 ASCII"],
    [{ senders: ["ACME "] }, "routes[0].when.senders[0]: a sender neither begins nor ends with a blank"],
    [{ senders: [""] }, "routes[0].when.senders[0]: a sender is"],
    [{ senders: ["ABCDEFGHIJKL"] }, "routes[0].when.senders[0]: a sender is"],
    [{ senders: ["01713920012"] }, "routes[0].when.senders[0]: a number as sender is written internationally"],
    [{ senders: ["00491713920012"] }, 'routes[0].when.senders[0]: messages have it as "491713920012"'],
    [{ senders: [72_345] }, "routes[0].when.senders[0]: is read as a number, 72345: put it in quotes"],
    [{ country: ["DE"] }, 'routes[0].when: "country" is no field here'],
  ])("%j", (when, message) => expect(condition(when)).toContain(message));

  it.each([
    { countries: ["XK", "GG", "AQ"] },
    { prefixes: ["1", "44", "447911", "999123"].slice(0, 3), countries: ["GB", "US"] },
    { prefixes: ["4"] },
    { mccMncs: ["310260", "26205", "90128"] },
    { senders: ["ACME", "1&1", "72345", "01713", "491713920012", "+491713920012"] },
  ])("but %j can", (when) => expect(condition(when)).toBe(""));

  it("in price lists, too", () => {
    expect(price({ country: "UK", price: "0.1" })).toContain('providers[0].prices[0].country: "UK"');
    expect(price({ mccMnc: 310_260, price: "0.1" })).toContain(
      "providers[0].prices[0].mccMnc: is read as a number, 310260",
    );
    expect(price({ price: 0.05 })).toContain(
      "providers[0].prices[0].price: is read as a number, 0.05: put it in quotes",
    );
    expect(price({ country: "GB" })).toContain("providers[0].prices[0].price: is missing");
  });
});

it("says what to do with values and files of another shape", () => {
  const of = (input: unknown) => {
    const parsed = parseCatalog(input, 12);
    return parsed.ok ? "" : parsed.problems.map(({ path, message }) => `${path}: ${message}`).join("\n");
  };
  expect(of({ routes: { routes: [] } })).toBe(
    'routes: the file is the list itself: take the line "routes:" away, so that it begins with "- id: …"',
  );
  expect(of({ providers: { id: "a" } })).toContain("providers: the file must be a list");
  expect(of({ providers: "smsc-a" })).toContain("providers: the file must be a list");
  expect(of({ providers: ["smsc-a"] })).toContain("providers[0]: must be a group of settings");
  expect(of({ routes: [{ id: "r", strategy: "priority", providers: ["smsc-a"] }] })).toContain(
    "routes[0].providers[0]: must be { id: smsc-a }, not the name alone",
  );
  expect(of({ accounts: [{ id: "a", name: null }] })).toContain(
    "accounts[0].name: is empty; a text that begins with &",
  );
  expect(of({ accounts: [{ id: 7, name: "Seven" }] })).toContain(
    "accounts[0].id: is read as a number, 7: put it in quotes",
  );
  expect(of({ accounts: [{ id: "a", name: "A", lanes: "otp" }] })).toContain("accounts[0].lanes: must be a list");
  expect(of({ accounts: [{ id: "a", name: "A", maxPerSecond: "7" }] })).toContain("must be a number, without quotes");
  expect(of({ providers: [{ id: "a", kind: "smmp" }] })).toContain('providers[0].kind: "smmp" is no kind of provider');
  expect(of({ providers: [{ id: "a" }] })).toContain("providers[0].kind: is missing: smpp or http-twilio");
});

it("says of keys what is wrong with them, and not only that something is", () => {
  const statuses = (entries: unknown) => login({ statuses: entries });
  const rule = 'a command_status by name, or as a number in quotes such as "0x00000401"';
  expect(statuses({ RINVDSTADR: "transient" })).toBe(`providers[0].smpp.statuses.RINVDSTADR: ${rule}`);
  expect(statuses({ ESME_ROK: "transient" })).toContain(rule);
  expect(statuses({ "0x00000401": "transiet" })).toBe(
    'providers[0].smpp.statuses.0x00000401: "transiet" is not known: one of throttled, transient, refused, permanent, link',
  );
  const http = (entries: unknown) =>
    problemsAfter(({ providers }) => {
      const web = providers.find(({ kind }) => kind === "http-twilio")!;
      Object.assign(web.http as Loose, { statuses: entries });
    }).join("\n");
  const key = 'an HTTP status from 300 to 599, or a code of the API, in quotes such as "21610"';
  expect(http({ "21211": "permanent", "503": "in-doubt", "409": "refused" })).toBe("");
  for (const wrong of ["200", "600", "99", "ESME_RSYSERR", "012345"])
    expect(http({ [wrong]: "refused" })).toContain(`.http.statuses.${wrong}: ${key}`);
  expect(http({ "21211": "never" })).toContain(
    '"never" is not known: one of throttled, transient, refused, permanent, link, in-doubt',
  );
  const inDoubt = (fields: Loose) => problemsAfter(({ providers }) => Object.assign(providers[0]!, fields)).join("\n");
  expect(inDoubt({ inDoubt: { otps: "hold" } })).toContain('providers[0].inDoubt: "otps" is no field here');
  expect(inDoubt({ inDoubtLimit: { otps: 3 } })).toContain('providers[0].inDoubtLimit: "otps" is no field here');
});

it("says what is wrong inside of unions and maps, which zod tells one level down", () => {
  const explained = (schema: z.ZodType, input: unknown) =>
    schema.safeParse(input).error?.issues.map((issue) => explainIssue(issue, input));
  const words = z.enum(["a", "b"]);
  expect(explained(z.strictObject({ way: z.union([words, z.array(words)]) }), { way: ["a", "c"] })).toEqual([
    'a list is not known: one of a, b; or [1]: "c" is not known: one of a, b',
  ]);
  expect(explained(z.strictObject({ token: z.union([z.string(), z.boolean()]) }), { token: 4711 })).toEqual([
    "is read as a number: put it in quotes, as it is to be, with all its zeros; or must be of type boolean",
  ]);
  const bounds = z.strictObject({
    rate: z.number().positive(),
    weight: z.number().max(5),
    name: z.string().min(1),
    list: z.array(z.int()).max(1),
  });
  expect(explained(bounds, { rate: 0, weight: 6, name: "", list: [1, 2] })).toEqual([
    "must be above 0",
    "must be at most 5",
    "must have at least 1 character",
    "must have at most 1 entry",
  ]);
  expect(explained(z.strictObject({ password: z.string() }), { password: { file: "/x", env: "X" } })).toEqual([
    "must be { file: /path } or { env: NAME } and nothing beside it, or one text",
  ]);
  expect(explained(z.map(z.array(z.string()), words), new Map([[["k"], "c"]]))).toEqual([
    '"c" is not known: one of a, b',
  ]);
});

const quota = (value: unknown) =>
  problemsAfter(({ providers }) => Object.assign(providers[0]!, { quota: value })).join("\n");

describe("a quota", () => {
  it.each([
    [{ daily: 0 }, "providers[0].quota.daily"],
    [{ daily: 10.5 }, "providers[0].quota.daily"],
    [{ zone: "Berlin" }, "providers[0].quota.zone: a time zone of the IANA database by name, such as Europe/Berlin"],
    [{ zone: "+01:00" }, "providers[0].quota.zone: a time zone"],
    [{ daily: 1_000, monthly: 999 }, "providers[0].quota.daily: more than monthly: it is never reached"],
    [{ weekly: 5 }, "providers[0].quota"],
  ])("%j", (value, message) => expect(quota(value)).toContain(message));

  it.each([{}, { daily: 1 }, { monthly: 1_000_000, zone: "Europe/Berlin" }])("%j", (value) =>
    expect(quota(value)).toBe(""),
  );
});

const networkRate = (...networkRates: Loose[]) =>
  problemsAfter(({ providers }) => Object.assign(providers[0]!, { networkRates })).join("\n");

describe("rates of networks", () => {
  it.each([
    [[{ rate: 5 }], "providers[0].networkRates[0]: country or mccMnc: one of them"],
    [[{ country: "DE", mccMnc: "26201", rate: 5 }], "providers[0].networkRates[0]: country or mccMnc: one of them"],
    [[{ country: "DE", rate: 0 }], "providers[0].networkRates[0].rate"],
    [[{ country: "XX", rate: 5 }], "providers[0].networkRates[0].country"],
    [[{ mccMnc: "262-01", rate: 5 }], 'providers[0].networkRates[0].mccMnc: "262-01" in one: "26201"'],
    [
      [
        { mccMnc: "26201", rate: 5 },
        { country: "DE", rate: 5 },
        { mccMnc: "26201", rate: 6 },
      ],
      "providers[0].networkRates[2]: a second rate for 26201",
    ],
  ])("%j", (rates, message) => expect(networkRate(...rates)).toContain(message));

  it("may stand side by side for a country and its networks, and be fractions", () => {
    const rates = [
      { country: "DE", rate: 5 },
      { mccMnc: "26201", rate: 0.5 },
    ];
    expect(networkRate(...rates)).toBe("");
  });
});

describe("messaging services of Twilio", () => {
  const sid = `MG${"0f".repeat(16)}`;
  const services = (...messagingServices: Loose[]) =>
    problemsAfter(({ accounts }) => Object.assign(accounts[0]!, { messagingServices })).join("\n");

  it("are taken with a sender, a lane and labels, or with none of them", () => {
    expect(services({ sid, from: "Acme", lane: "otp", labels: { campaign: "login" } })).toBe("");
    expect(services({ sid })).toBe("");
  });

  it.each([
    [[{ sid: "MG1" }], "messagingServices[0].sid: MG and 32 lower-case hexadecimal digits"],
    [[{ sid }, { sid }], "messagingServices: two services have the same sid"],
    [[{ sid, lane: "urgent" }], "messagingServices[0].lane"],
    [[{ sid, from: "ÄÖÜ" }], "messagingServices[0].from"],
    [[{ sid, labels: { "9": "x" } }], "messagingServices[0].labels"],
    [[{ sid, label: "x" }], "messagingServices[0]"],
    [[], "messagingServices"],
  ])("%j", (entries, message) => expect(services(...entries)).toContain(message));
});
