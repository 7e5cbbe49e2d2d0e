import { describe, expect, it } from "vitest";
import { type ParsedCatalog, parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { concealed, revealFor, secretPlaces, withSecrets } from "../../../../domain/catalog/secret-references.ts";
import { examplePlain } from "./example.ts";

const lookup = {
  id: "de",
  kind: "http",
  url: "https://lookup.example.net/v1/{number}",
  answer: { mccMnc: "network" },
};

/** The example's catalog with these look-ups; its prices and routes name networks of Germany alone. */
function parse(...lookups: object[]): ParsedCatalog {
  return parseCatalog(
    { ...examplePlain(), portability: { lookups: lookups.map((one) => ({ ...lookup, ...one })) } },
    12,
  );
}

function problemsOf(change: object): string[] {
  const read = parse(change);
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
}

function warningsOf(...lookups: object[]): string[] {
  const read = parse(...lookups);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.warnings
    .filter(({ path }) => path.startsWith("portability"))
    .map(({ path, message }) => `${path}: ${message}`);
}

const AT = "portability.lookups[0]";

describe("portability.yaml", () => {
  it("asks for little, and has defaults that hold nobody up for long", () => {
    const read = parse({});
    expect(read.ok && read.value.portability?.lookups[0]).toMatchObject({
      method: "GET",
      timeoutMs: 500,
      maxInFlight: 50,
      price: 0,
      lanes: ["otp", "transactional", "marketing"],
      keepSeconds: 604_800,
      circuit: { failures: 5, openMs: 10_000 },
    });
  });

  it.each([
    [{ url: "lookup.example.net/{number}" }, `${AT}.url: an address that begins with https:// or http://`],
    [
      { url: "https://u:geheim@l.example/{number}" },
      `${AT}.url: without a user name and password: they go into secretHeaders`,
    ],
    [{ url: "https://{number}.example/" }, `${AT}.url: {number} stands in the path or the query, not in the host`],
    [{ url: "https://l.example/v1" }, `${AT}.url: says nowhere what is asked for`],
    [{ method: "POST", url: "https://l.example/v1", body: '{"to":1}' }, `${AT}.url: says nowhere`],
    [{ body: "{number}" }, `${AT}.body: means nothing with method: GET`],
    [{ headers: { "X-Api-Key": "geheim" } }, `${AT}.headers.X-Api-Key: looks like a secret: put it into secretHeaders`],
    [{ headers: { accept: "a\r\nb: c" } }, `${AT}.headers.accept: 1 to 4096 characters of ASCII`],
    [{ headers: { Host: "other.example" } }, `${AT}.headers.Host: is set by the connection itself`],
    [{ headers: { accept: "a", Accept: "b" } }, `${AT}.headers: accept: given twice`],
    [
      { secretHeaders: { authorization: 7 } },
      `${AT}.secretHeaders.authorization: is read as a number: put it in quotes`,
    ],
    [{ answer: { mcc: "mcc" } }, `${AT}.answer: `],
    [{ answer: { mccMnc: "a..b" } }, `${AT}.answer.mccMnc: names joined by points`],
    [{ unknown: { path: "status" } }, `${AT}.unknown: path and values: both or none`],
    [{ timeoutMs: 60_000 }, `${AT}.timeoutMs: `],
    [{ price: "0.002" }, `${AT}.currency: is missing: of price and budget`],
    [{ budget: { daily: "1" } }, `${AT}.budget: means nothing without a price of a question`],
    [
      { price: "0.002", currency: "EUR", budget: { daily: "2", monthly: "1" } },
      `${AT}.budget.daily: more than monthly`,
    ],
    [
      { price: "0.002", currency: "EUR", budget: { daily: "0.02" } },
      `${AT}.budget.daily: 0.02 is less than one question for each of 12 partitions, which share it: 0.024 at the least`,
    ],
  ])("refuses %j", (change, problem) => {
    const problems = problemsOf(change);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain("geheim");
  });

  it("wants each look-up to have a name of its own", () => {
    const read = parse({}, {});
    expect(read.ok ? [] : read.problems.map(({ path }) => path)).toEqual(["portability.lookups[1].id"]);
  });

  it("warns of what is never asked, and of numbers that others can read", () => {
    expect(warningsOf({})).toEqual([]);
    expect(warningsOf({ countries: ["DE", "PT"] })).toEqual([
      `${AT}.countries[1]: no route, price or rate of a provider names a network of PT: it is never asked there`,
    ]);
    expect(warningsOf({ url: "http://lookup.example.net/{number}" })[0]).toContain("lookup.example.net unencrypted");
    const withKey = warningsOf({ url: "https://l.example/{number}?apiKey=geheim&format=json" });
    expect(withKey).toEqual([expect.stringMatching(/\.url: "apiKey" looks like a secret/)]);
    expect(withKey[0]).not.toContain("geheim");
    expect(warningsOf({ url: "http://127.0.0.1:8080/{number}" })).toEqual([]);
    const all = "look-ups before it are asked in all its countries and lanes: it never is";
    expect(warningsOf({}, { id: "two", countries: ["DE"] })).toEqual([`portability.lookups[1]: ${all}`]);
    expect(warningsOf({ lanes: ["otp"] }, { id: "two" })).toEqual([]);
  });

  it("says so when nothing depends on networks", () => {
    const plain = examplePlain();
    for (const provider of plain.providers) Object.assign(provider, { prices: [{ price: "0.01" }], networkRates: [] });
    for (const route of plain.routes) Object.assign(route, { when: {} });
    const read = parseCatalog({ ...plain, routes: plain.routes.slice(0, 1), portability: { lookups: [lookup] } }, 12);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(read.warnings.map(({ message }) => message)).toContain(
      "no route, price or rate of a provider names a network: it is never asked",
    );
  });
});

describe("secrets of look-ups", () => {
  const plain = {
    providers: [{ smpp: { password: { file: "/p" } } }],
    portability: { lookups: [{ secretHeaders: { authorization: { env: "TOKEN" }, "x-key": "written" } }] },
  };

  it("are found and named like those of providers", () => {
    expect(secretPlaces(plain).map(({ keys, reference }) => [keys.join("."), reference])).toEqual([
      ["providers.0.smpp.password", { file: "/p" }],
      ["portability.lookups.0.secretHeaders.authorization", { env: "TOKEN" }],
      ["portability.lookups.0.secretHeaders.x-key", undefined],
    ]);
    expect(secretPlaces({ portability: { lookups: [{ secretHeaders: null }, null] } })).toEqual([]);
  });

  it("are revealed to those who need them, and providers' to those who need these", () => {
    const reveal = () => "geheim";
    const of = (read: ReturnType<typeof withSecrets>) => (read.ok ? read.value : undefined);
    expect(of(withSecrets(plain, revealFor(["lookups"], reveal)))).toMatchObject({
      providers: [{ smpp: { password: "-" } }],
      portability: { lookups: [{ secretHeaders: { authorization: "geheim" } }] },
    });
    expect(of(withSecrets(plain, revealFor(["providers"], reveal)))).toMatchObject({
      providers: [{ smpp: { password: "geheim" } }],
      portability: { lookups: [{ secretHeaders: { authorization: "-" } }] },
    });
    expect(of(withSecrets(plain, concealed))).toMatchObject({ providers: [{ smpp: { password: "-" } }] });
  });
});
