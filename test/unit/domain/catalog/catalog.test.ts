import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAccount, parseCatalog, parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import { priceOf } from "../../../../domain/catalog/price-list.ts";
import { idFormatsOf, inDoubtRuleOf, type SmppProvider } from "../../../../domain/catalog/provider.ts";
import { exampleCatalog, examplePlain } from "./example.ts";

type Plain = ReturnType<typeof examplePlain>;

/** The paths and messages of the example after a change. */
function problemsAfter(change: (plain: Plain) => void, partitions = 12): string[] {
  const plain = examplePlain();
  change(plain);
  const parsed = parseCatalog(plain, partitions);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("parseCatalog", () => {
  it("an account's sender is read as that of a message, and its callback address checked as one", () => {
    const account = (over: object) => {
      const plain = examplePlain();
      Object.assign(plain.accounts[1] as object, over);
      const parsed = parseCatalog(plain, 12);
      return parsed.ok ? parsed.value.accounts[1] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
    };
    expect(account({ from: "00491713920012", callbackUrl: "https://globex.example/sms" })).toMatchObject({
      from: "491713920012",
      callbackUrl: "https://globex.example/sms",
    });
    expect(account({ from: "much too long a name", callbackUrl: "ftp://globex.example" })).toEqual([
      expect.stringContaining("accounts[1].from: "),
      "accounts[1].callbackUrl: an absolute http or https address without a user name or password",
    ]);
  });

  it("reads a sound installation and fills in what is left out", () => {
    const { accounts, providers, routes } = exampleCatalog();
    expect(accounts[1]).toEqual({ id: "globex", name: "Globex", apiKeys: [], lanes: ["marketing"], maxPerSecond: 10 });
    expect(providers[0]).toMatchObject({
      lanes: ["otp", "transactional", "marketing"],
      partitions: 1,
      window: 100,
      receiptDeadlineSeconds: 259_200,
      circuit: { failures: 10, openMs: 10_000 },
      smpp: { idFormat: "as-is", responseTimeoutMs: 10_000, binds: 1, systemType: "" },
    });
    expect(providers[2]).toMatchObject({ kind: "http-twilio", http: { maxInFlight: 100, timeoutMs: 10_000 } });
    expect(routes[2]).toMatchObject({
      when: {},
      providers: [{ id: "north", weight: 1 }, { id: "south" }, { id: "web" }],
    });
    expect(parseCatalog({}, 12)).toMatchObject({ ok: true, value: { accounts: [], providers: [], routes: [] } });
    expect(parseCatalog(examplePlain(), 12)).toMatchObject({ ok: true, warnings: [] });
  });

  it("names every malformed field with its path, and repeats no secret", () => {
    const plain = examplePlain();
    Object.assign(plain.providers[0] as object, { rate: 0, currency: "euro", typo: 1, lanes: ["otp", "otp"] });
    Object.assign((plain.providers[1] as unknown as { smpp: object }).smpp, {
      port: 70_000,
      systemId: "secret-much-too-long",
      clientReferenceTlv: 5,
    });
    Object.assign(plain.accounts[0] as object, { apiKeys: [{ id: "main", sha256: "secret" }] });
    Object.assign(plain.routes[1] as object, { when: { countries: ["de"], nets: [] }, providers: [] });
    const parsed = parseCatalog(plain, 12);
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    expect(parsed.problems.map(({ path }) => path).sort()).toEqual([
      "accounts[0].apiKeys[0].sha256",
      "providers[0]",
      "providers[0].currency",
      "providers[0].lanes",
      "providers[0].rate",
      "providers[1].smpp.clientReferenceTlv",
      "providers[1].smpp.port",
      "providers[1].smpp.systemId",
      "routes[1].providers",
      "routes[1].when",
      "routes[1].when.countries[0]",
    ]);
    expect(JSON.stringify(parsed.problems)).not.toContain("secret");
  });

  it("keeps the two kinds of provider apart", () => {
    const [north, , web] = examplePlain().providers;
    expect(parseProvider(north).ok).toBe(true);
    expect(parseProvider({ ...north, kind: "http-twilio" }).ok).toBe(false);
    expect(parseProvider({ ...web, smpp: {} }).ok).toBe(false);
    expect(parseProvider({ ...web, kind: "pigeon" })).toMatchObject({ ok: false, problems: [{ path: "kind" }] });
    expect(parseAccount(examplePlain().accounts[0]).ok).toBe(true);
    expect(parseRoute(examplePlain().routes[0]).ok).toBe(true);
  });

  it("lets an HTTP provider have one default sender, which is one", () => {
    const web = examplePlain().providers[2] as { http: object };
    const withSender = (http: object) => parseProvider({ ...web, http: { ...web.http, ...http } });
    for (const from of ["ACME", "+491700000012", "491700000012", "68849"]) expect(withSender({ from }).ok).toBe(true);
    expect(withSender({ messagingServiceSid: "MG00000000000000000000000000000001" }).ok).toBe(true);
    expect(withSender({}).ok).toBe(true);
    for (const from of ["", "far too long a name", 4_917])
      expect(withSender({ from })).toMatchObject({ problems: [{ path: "http.from" }] });
    expect(withSender({ from: "00491713920012" })).toMatchObject({ value: { http: { from: "491713920012" } } });
    for (const from of ["01713920012", "+01713920012"])
      expect(withSender({ from })).toMatchObject({
        problems: [{ path: "http.from", message: expect.stringContaining("internationally") }],
      });
    expect(withSender({ from: "ACME", messagingServiceSid: "MG1" })).toMatchObject({
      ok: false,
      problems: [{ path: "http", message: expect.stringContaining("not both") }],
    });
  });

  it("checks the parts against each other, and lists all that does not fit", () => {
    expect(
      problemsAfter((plain) => {
        plain.accounts.push({ ...(plain.accounts[0] as Plain["accounts"][0]), id: "copy" });
        plain.providers.push(plain.providers[0] as Plain["providers"][0]);
        plain.routes.unshift({
          id: "rest",
          when: { accounts: ["nobody"], lanes: ["otp"] },
          strategy: "weighted",
          providers: [{ id: "south", priority: 1 }],
        });
        plain.routes.push({
          id: "last",
          when: { countries: ["FR"] },
          strategy: "priority",
          providers: [{ id: "gone" }, { id: "web" }, { id: "web" }],
        });
      }).sort(),
    ).toEqual(
      [
        'accounts[2].apiKeys[0].sha256: account "acme" has the same key',
        'providers[3].id: "north" is also providers[0]',
        'routes[0].providers[0].priority: means nothing with strategy "weighted"',
        'routes[0].when.accounts[0]: no account "nobody"',
        'routes[0].when.lanes[0]: no provider of it carries "otp"',
        'routes[3].id: "rest" is also routes[0]',
        'routes[4].providers[0].id: no provider "gone"',
        'routes[4].providers[2].id: "web" is also routes[4].providers[1]',
        "routes[4]: never reached: routes[3] before it has no conditions",
      ].sort(),
    );
    expect(problemsAfter(() => {}, 8)).toEqual([
      "providers[2].partitions: 3 does not divide the installation's 8 partitions",
    ]);
  });

  it("answers for any input, without throwing", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (providers, routes) => {
        expect(typeof parseCatalog({ providers, routes }, 12).ok).toBe("boolean");
        expect(typeof parseProvider(providers).ok).toBe("boolean");
      }),
    );
  });
});

describe("prices", () => {
  const to = (country: string, mccMnc: string | undefined) => ({ destination: "", country, mccMnc, at: 0 });

  it("are the network's, else the country's, else the general one, else none", () => {
    const [north, south] = exampleCatalog().providers;
    expect(priceOf(north!, to("DE", "26201"))).toBe(6_000);
    expect(priceOf(north!, to("DE", "26202"))).toBe(7_500);
    expect(priceOf(north!, to("DE", undefined))).toBe(7_500);
    expect(priceOf(north!, to("US", undefined))).toBe(50_000);
    expect(priceOf(south!, to("US", undefined))).toBeUndefined();
  });

  it("are decimal strings, one for each destination", () => {
    const withPrices = (prices: unknown) => {
      const parsed = parseProvider({ ...examplePlain().providers[0], prices });
      return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
    };
    expect(withPrices([{ price: "0" }, { country: "DE", price: "1" }])).toEqual([]);
    expect(withPrices([{ price: 0.5 }])).toEqual(["prices[0].price"]);
    expect(withPrices([{ price: "-1" }])).toEqual(["prices[0].price"]);
    expect(withPrices([{ price: "1", country: "DE", mccMnc: "26201" }])).toEqual(["prices[0]"]);
    expect(withPrices([{ price: "1" }, { price: "2" }])).toEqual(["prices[1]"]);
    expect(
      withPrices([
        { country: "DE", price: "1" },
        { country: "DE", price: "1" },
      ]),
    ).toEqual(["prices[1]"]);
  });
});

describe("provider rules", () => {
  it("fall back to the lane's where the provider has none", () => {
    const plain = { ...examplePlain().providers[0], inDoubt: { otp: "hold" } };
    const parsed = parseProvider(plain);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const rules = (["otp", "transactional", "marketing"] as const).map((lane) => inDoubtRuleOf(parsed.value, lane));
    expect(rules).toEqual(["hold", "resend", "hold"]);
    expect(parseProvider({ ...plain, inDoubt: { bulk: "hold" } }).ok).toBe(false);
  });

  it("expect decimal receipts where submit responses are hexadecimal", () => {
    const [north, south] = exampleCatalog().providers as SmppProvider[];
    expect(idFormatsOf(north!)).toEqual({ response: "as-is", receipt: "as-is" });
    expect(idFormatsOf(south!)).toEqual({ response: "hex", receipt: "decimal" });
    expect(idFormatsOf({ ...south!, smpp: { ...south!.smpp, receiptIdFormat: "hex" } }).receipt).toBe("hex");
  });
});
