import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { examplePlain } from "./example.ts";

type Loose = Record<string, unknown>;

function warningsAfter(change: (plain: { accounts: Loose[]; providers: Loose[]; routes: Loose[] }) => void): string[] {
  const plain = examplePlain() as unknown as Parameters<typeof change>[0];
  change(plain);
  const parsed = parseCatalog(plain, 12);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.warnings.map(({ path, message }) => `${path}: ${message}`);
}

/** Warnings with one more route at the front. */
const withRoute = (when: Loose, providers: Loose[] = [{ id: "north" }]) =>
  warningsAfter(({ routes }) => routes.unshift({ id: "first", when, strategy: "priority", providers }));

describe("a catalog that can be carried out and is probably not meant", () => {
  it("without routes, providers or accounts", () => {
    const messages = warningsAfter((plain) => Object.assign(plain, { accounts: [], providers: [], routes: [] }));
    expect(messages.map((message) => message.split(":")[0])).toEqual(["accounts", "providers", "routes"]);
    expect(messages[2]).toContain("every message ends as failed, no-route");
  });

  it("with an API key that is the hash of an empty text", () => {
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const messages = warningsAfter(({ accounts }) =>
      Object.assign(accounts[0]!, { apiKeys: [{ id: "backend", sha256: empty }] }),
    );
    expect(messages).toEqual(["accounts[0].apiKeys[0].sha256: is the hash of an empty text: no request has this key"]);
  });

  it("with content rules that no text can match, which were accepted before", () => {
    const of = (content: object) => warningsAfter(({ accounts }) => Object.assign(accounts[0]!, { content }));
    const at = "accounts[0].content";
    expect(of({ deny: [{ id: "a", phrases: ["gratis", "½ price"] }] })).toEqual([
      expect.stringContaining(`${at}.deny[0].phrases[1]: matches nothing`),
    ]);
    expect(of({ allow: [{ id: "a", phrases: ["⒈ gratis"] }] })).toEqual([
      expect.stringContaining(`${at}.allow[0].phrases[0]: matches nothing`),
    ]);
    expect(of({ domains: ["a.example", "300.300.300.300", "אa.example"] })).toEqual([
      expect.stringContaining(`${at}.domains[1]: no link can lead there`),
      expect.stringContaining(`${at}.domains[2]: no link can lead there`),
    ]);
    expect(of({ domains: ["a.example"], deny: [{ id: "a", phrases: ["gratis"] }] })).toEqual([]);
  });

  it("with codes that no currency has", () => {
    const messages = warningsAfter((plain) => {
      Object.assign(plain.providers[2]!, { currency: "EUT" });
      Object.assign(plain, { rates: { base: "EUR", date: "2026-01-31", rates: { EUT: "1.1", USD: "1.2" } } });
    });
    expect(messages).toEqual([
      "providers[2].currency: no currency of ISO 4217 has the code EUT",
      "rates.rates.EUT: no currency of ISO 4217 has the code EUT",
    ]);
  });

  it("with prices of nothing", () => {
    const at = (prices: Loose[]) => warningsAfter(({ providers }) => Object.assign(providers[0]!, { prices }));
    const free = [
      { mccMnc: "26201", price: "0" },
      { country: "FR", price: "0.00", charged: "delivery" },
    ];
    expect(at([...free, { price: "0.05" }])).toContain("providers[0].prices: the price is 0: 26201, FR");
    expect(at([{ price: "0" }])).toContain("providers[0].prices: the price is 0: everywhere else");
    expect(at([{ price: "0.000001" }]).filter((warning) => warning.includes("is 0"))).toEqual([]);
  });

  it("with exchange rates of a day that is still to come anywhere", () => {
    const at = (now: string | undefined) => {
      const plain = { ...examplePlain(), rates: { base: "EUR", date: "2026-02-01", rates: { USD: "1.2" } } };
      const parsed = parseCatalog(plain, 12, now === undefined ? undefined : Date.parse(now));
      return parsed.ok ? parsed.warnings.filter(({ path }) => path === "rates.date").map(({ message }) => message) : [];
    };
    expect(at("2026-01-31T09:59:59Z")).toEqual([expect.stringMatching(/^2026-02-01 is still to come/)]);
    expect([...at("2026-01-31T10:00:00Z"), ...at("2026-02-01T00:00:00Z"), ...at(undefined)]).toEqual([]);
  });

  it("with a lane that no provider of a route carries", () => {
    expect(withRoute({ senders: ["Acme"] }, [{ id: "south" }])).toEqual([
      "routes[0]: no provider of it carries otp: such messages are not sent",
    ]);
    const behind = warningsAfter(({ routes }) =>
      routes.unshift(
        { id: "codes", when: { lanes: ["otp"] }, strategy: "priority", providers: [{ id: "north" }] },
        { id: "second", when: { accounts: ["acme"] }, strategy: "priority", providers: [{ id: "south" }] },
      ),
    );
    expect(behind.filter((message) => message.includes("carries"))).toEqual([]);
  });

  it("with a provider that no route names", () => {
    expect(warningsAfter(({ providers }) => providers.push({ ...providers[0], id: "spare" }))).toEqual([
      "providers[3]: no route names it: it gets no message",
    ]);
  });

  it("with a route by cost per delivered message, no floor, and a provider that is paid on delivery", () => {
    const at = (charged: string, delivery: object, ids = ["north", "south"]) =>
      warningsAfter(({ providers, routes }) => {
        Object.assign(providers[0]!, { prices: [{ price: "0.05", charged }] });
        const strategy = "least-cost-per-delivered";
        routes.splice(0, routes.length, { id: "all", strategy, delivery, providers: ids.map((id) => ({ id })) });
      }).filter((warning) => warning.includes("charges on delivery"));
    expect(at("delivery", {})).toEqual([
      expect.stringMatching(/^routes\[0\]: "north" charges on delivery.*state a floor/),
    ]);
    expect(at("delivery", { floor: 0.5 })).toEqual([]);
    expect(at("delivery", {}, ["north"])).toEqual([]);
    expect(at("submit", {})).toEqual([]);
  });

  it("with a password longer than the standard's, which is sent as it is", () => {
    const at = (password: string) =>
      warningsAfter(({ providers }) => Object.assign((providers[0] as { smpp: Loose }).smpp, { password }));
    expect(at("12345678")).toEqual([]);
    expect(at("123456789")).toEqual([
      expect.stringMatching(/^providers\[0\]\.smpp\.password: has 9 octets and is sent/),
    ]);
    expect(at("secret\n")).toEqual([
      expect.stringContaining("providers[0].smpp.password: begins or ends with a blank"),
    ]);
  });

  it("with credentials of an HTTP provider that were copied with a blank", () => {
    const at = (fields: Loose) =>
      warningsAfter(({ providers }) => Object.assign((providers[2] as { http: Loose }).http, fields));
    const blank = (path: string) => [expect.stringContaining(`providers[2].http.${path}: begins or ends with a blank`)];
    expect(at({ authToken: "to ken", sharedKeySecret: "secret" })).toEqual([]);
    expect(at({ authToken: "token " })).toEqual(blank("authToken"));
    expect(at({ authToken: "\u00a0token" })).toEqual(blank("authToken"));
    expect(at({ sharedKeySecret: "secret\n" })).toEqual(blank("sharedKeySecret"));
    expect(JSON.stringify(at({ authToken: "secret-5 " }))).not.toContain("secret-5");
  });

  it("with rates of networks that hold nothing back", () => {
    const rates = [
      { country: "DE", rate: 1 },
      { mccMnc: "26201", rate: 1_000_000 / 20 },
      { mccMnc: "26299", rate: 1 },
      { country: "AQ", rate: 1 },
    ];
    const messages = warningsAfter(({ providers }) => Object.assign(providers[0]!, { networkRates: rates }));
    expect(messages).toEqual([
      expect.stringMatching(/^providers\[0\]\.networkRates: no number is known to be of .*"26299"/),
      expect.stringMatching(/^providers\[0\]\.networkRates\[1\]\.rate: is not below the provider's own /),
      expect.stringMatching(/^providers\[0\]\.networkRates\[3\]\.country: "AQ" has no telephone numbers/),
    ]);
  });

  it("with a provider whose price list is empty", () => {
    const messages = warningsAfter(({ providers }) => Object.assign(providers[2]!, { prices: [] }));
    expect(messages).toEqual(["providers[2].prices: there is none: it serves no destination and gets no message"]);
  });

  it("with senders that no provider of the route carries", () => {
    const entry = { senders: ["ACME", "1&1", "Dr. Who"] };
    expect(withRoute(entry, [{ id: "web" }])).toEqual([
      expect.stringContaining('routes[0].when.senders[1]: no provider of it carries "1&1"'),
      expect.stringContaining('routes[0].when.senders[2]: no provider of it carries "Dr. Who"'),
    ]);
    expect(withRoute(entry, [{ id: "web" }, { id: "north" }])).toEqual([]);
  });

  it("with callbacks that go to no one", () => {
    const at = (statusCallbackUrl: string) =>
      warningsAfter(({ providers }) => Object.assign((providers[2] as { http: Loose }).http, { statusCallbackUrl }));
    expect(at("https://dlr.example.net/webhooks/twilio/web/?x=1")).toEqual([]);
    expect(at("https://dlr.example.net/webhooks/twilio/webb")).toEqual([
      expect.stringContaining("providers[2].http.statusCallbackUrl: does not end in /webhooks/twilio/web"),
    ]);
  });

  it("with credentials that go out unencrypted, to a provider that probably redirects to https", () => {
    const at = (baseUrl: string) =>
      warningsAfter(({ providers }) => Object.assign((providers[2] as { http: Loose }).http, { baseUrl }));
    for (const baseUrl of [
      "https://api.example.net",
      "http://localhost:12777",
      "http://api.localhost",
      "http://http-c:12777",
      "http://127.1.2.3:1",
      "http://[::1]:12777",
    ])
      expect([baseUrl, at(baseUrl)]).toEqual([baseUrl, []]);
    for (const baseUrl of ["http://api.example.net", "http://127.example.net", "http://10.0.0.1:8080"])
      expect(at(baseUrl)).toEqual([expect.stringMatching(/^providers\[2\]\.http\.baseUrl: http: .*https:/)]);
  });

  it("with conditions that match nothing", () => {
    expect(withRoute({ countries: ["AQ"] })).toEqual([
      expect.stringContaining('routes[0].when.countries[0]: "AQ" has no'),
    ]);
    expect(withRoute({ countries: ["DE"], mccMncs: ["26201", "20801"] })).toEqual([
      expect.stringContaining('routes[0].when.mccMncs[1]: "20801" lies in FR, and this route is for DE'),
    ]);
    expect(withRoute({ prefixes: ["33"], mccMncs: ["26201", "20801"] })).toEqual([
      expect.stringContaining('routes[0].when.mccMncs[0]: "26201" lies in DE, and this route is for FR'),
    ]);
    expect(withRoute({ mccMncs: ["26299"] })).toEqual([expect.stringContaining("routes[0].when.mccMncs: no number")]);
    // Manitoba shares its calling code with the United States; Guernsey with Great Britain, and some of 447911.
    expect(withRoute({ countries: ["US"], prefixes: ["1204", "1212"] })).toEqual([
      expect.stringContaining('routes[0].when.prefixes[0]: numbers with "1204" lie in CA, and this route is for US'),
    ]);
    expect(withRoute({ countries: ["GG"], prefixes: ["447911"] })).toEqual([]);
  });

  it("with a prefix that has the zero which is dialled within the country alone", () => {
    expect(withRoute({ prefixes: ["49171", "490171", "22507"] })).toEqual([
      'routes[0].when.prefixes[1]: no number begins with "490171": without the zero that is dialled within the country, "49171"',
    ]);
  });

  it("with priorities for some of a route's providers alone, which then stand beside places in the list", () => {
    const of = (...priorities: (number | undefined)[]) =>
      withRoute(
        { lanes: ["marketing"] },
        ["north", "south", "web"].map((id, i) => ({
          id,
          ...(priorities[i] === undefined ? {} : { priority: priorities[i] }),
        })),
      );
    const web = `"web" has no priority and counts by its place in the list, as 2, and`;
    // The second is not the next one, it has the same; the third goes before the first.
    expect(of(1)).toEqual([
      'routes[0].providers[1]: "south" has no priority and counts by its place in the list, as 1, and "north" has 1: state one for each',
    ]);
    expect(of(10, 20)).toEqual([`routes[0].providers[2]: ${web} "north" has 10: state one for each`]);
    for (const fine of [[], [0], [1, 1, 1], [0, 1], [undefined, undefined, 5]]) expect(of(...fine)).toEqual([]);
  });

  it("with a commitment or tiers for more than the quota lets a month have", () => {
    const of = (quota: Loose, volume: Loose) =>
      warningsAfter(({ providers }) => Object.assign(providers[0]!, { quota, volume }));
    const volume = {
      committed: 50_000,
      tiers: [
        { from: 60_000, percent: 95 },
        { from: 100_000, percent: 90 },
      ],
    };
    const at = "providers[0].volume";
    expect(of({ monthly: 100_001 }, volume)).toEqual([]);
    expect(of({ monthly: 100_000 }, volume)).toEqual([
      `${at}.tiers[1].from: is never reached: its quota takes 100000 segments of a month at the most`,
    ]);
    expect(of({ daily: 1_000, monthly: 40_000 }, volume)).toEqual([
      expect.stringContaining(
        `${at}.committed: is never used up, so that no segment costs anything: its quota takes 31000`,
      ),
      expect.stringContaining(`${at}.tiers[0].from: is never reached`),
      expect.stringContaining(`${at}.tiers[1].from: is never reached`),
    ]);
    expect(of({}, volume)).toEqual([]);
  });

  it("with a provider that cannot serve what its route is for", () => {
    expect(withRoute({ countries: ["US", "FR"] }, [{ id: "south" }, { id: "north" }])).toEqual([
      'routes[0].providers[0]: "south" has no price for US: it gets none of those messages',
    ]);
    expect(withRoute({ lanes: ["otp"], countries: ["DE"] }, [{ id: "south" }, { id: "north" }])).toEqual([
      expect.stringContaining('routes[0].providers[0]: "south" carries transactional, marketing only'),
    ]);
  });

  it("with countries that no provider of their route serves", () => {
    expect(withRoute({ countries: ["US", "FR"] }, [{ id: "south" }])).toEqual([
      "routes[0]: no provider of it has a price for US: messages there are not sent",
      expect.stringContaining("routes[0]: no provider of it carries otp"),
    ]);
  });

  it("with prices for a country of its route by networks alone that no number is known to be of", () => {
    const american = (change: Loose = {}) =>
      warningsAfter((plain) => {
        Object.assign(plain.providers[1]!, {
          prices: [
            { mccMnc: "310260", price: "0.01" },
            { country: "DE", price: "0.01" },
          ],
        });
        Object.assign(plain, change);
        const when = { countries: ["US"], lanes: ["marketing"] };
        plain.routes.unshift({ id: "us", when, strategy: "priority", providers: [{ id: "south" }] });
        plain.routes.unshift({
          id: "two",
          when: { ...when, accounts: ["acme"] },
          strategy: "priority",
          providers: [{ id: "south" }, { id: "north" }],
        });
      }).filter((message) => message.startsWith("routes"));
    const alone = "prices for US are of networks alone that no number is known to be of, so that ";
    expect(american()).toEqual([
      expect.stringMatching(
        `^routes\\[0\\]\\.providers\\[0\\]: "south": ${alone}it gets none of those messages: add a price of the country`,
      ),
      expect.stringMatching(`^routes\\[1\\]: ${alone}messages there are not sent: add a price of the country`),
    ]);
    const lookup = { id: "mnp", kind: "http", url: "https://mnp.example.net/{number}", answer: { mccMnc: "network" } };
    expect(american({ portability: { lookups: [lookup] } })).toEqual([]);
    expect(american({ portability: { lookups: [{ ...lookup, countries: ["US"] }] } })).toEqual([]);
    expect(american({ portability: { lookups: [{ ...lookup, countries: ["DE"] }] } })).toHaveLength(2);
    expect(american({ portability: { learned: {} } })).toEqual([]);
  });

  it("with prices of networks in countries that no route is for", () => {
    const messages = warningsAfter((plain) => {
      const prices = ["20801", "26001", "310260"].map((mccMnc) => ({ mccMnc, price: "0.01" }));
      Object.assign(plain.providers[1]!, { prices });
      plain.routes = [
        {
          id: "only",
          when: { countries: ["DE"] },
          strategy: "priority",
          providers: ["north", "south", "web"].map((id) => ({ id })),
        },
      ];
    }).filter((message) => message.startsWith("routes:"));
    // Of 310260 it is not known which country is meant.
    expect(messages).toEqual([expect.stringMatching(/^routes: providers have prices for FR, PL, and no route/)]);
  });

  it("with prices for countries that no route is for", () => {
    const only = (when: Loose) =>
      warningsAfter((plain) => {
        plain.routes = [
          { id: "only", when, strategy: "priority", providers: ["north", "south", "web"].map((id) => ({ id })) },
        ];
      }).filter((message) => message.startsWith("routes:"));
    expect(only({ countries: ["FR"] })).toEqual([
      expect.stringMatching(/^routes: providers have prices for DE, and no/),
    ]);
    expect(only({ prefixes: ["33"] })).toEqual([expect.stringContaining("prices for DE, and")]);
    expect(only({ mccMncs: ["20801"] })).toEqual([expect.stringContaining("prices for DE, and")]);
    expect(only({ countries: ["FR", "DE"], lanes: ["otp"] })).toEqual([]);
  });

  it("with entries of a route that earlier ones take", () => {
    const behind = (first: Loose, second: Loose) =>
      warningsAfter((plain) => {
        const routes = [first, second].map((when, n) => ({
          id: `r${n}`,
          when,
          strategy: "priority",
          providers: [{ id: "north" }],
        }));
        plain.routes = [...routes, plain.routes[2]!];
      });
    expect(behind({ countries: ["DE"] }, { countries: ["FR", "DE"] })).toEqual([
      'routes[1].when.countries[1]: "DE" matches nothing here: "r0" before it takes all of it',
    ]);
    expect(behind({ prefixes: ["49"], lanes: ["otp"] }, { prefixes: ["49171", "33"], lanes: ["otp"] })).toEqual([]);
    expect(behind({ prefixes: ["49171"] }, { prefixes: ["49171", "33"] })).toEqual([
      expect.stringContaining('routes[1].when.prefixes[0]: "49171" matches nothing here'),
    ]);
    expect(behind({ mccMncs: ["26201"] }, { mccMncs: ["26202", "26201"], lanes: ["otp"] })).toEqual([
      expect.stringContaining("routes[1].when.mccMncs[1]: "),
    ]);
    expect(behind({ countries: ["DE"], lanes: ["otp"] }, { countries: ["FR", "DE"] })).toEqual([]);
  });

  it("with countries of a route that are not in its regions", () => {
    const messages = warningsAfter((plain) => {
      const when = { regions: ["dach"], countries: ["DE", "FR"] };
      Object.assign(plain, { regions: [{ id: "dach", countries: ["DE", "AT", "CH"] }] });
      plain.routes.unshift({ id: "first", when, strategy: "priority", providers: [{ id: "north" }] });
      plain.routes.unshift({
        id: "french",
        when: { countries: ["FR"] },
        strategy: "priority",
        providers: [{ id: "north" }],
      });
    });
    expect(messages.filter((message) => message.startsWith("routes[1]"))).toEqual([
      'routes[1].when.countries[1]: "FR" is not in dach: it matches nothing',
    ]);
  });

  it("with regions that no route names, or of which nothing is left", () => {
    const messages = warningsAfter((plain) => {
      Object.assign(plain, { regions: [{ id: "ice", countries: ["AQ", "GL"] }] });
    });
    expect(messages).toEqual([
      "regions[0]: no route, sender rule, cap or quiet hours name it",
      expect.stringContaining('regions[0].countries[0]: "AQ" has no telephone numbers'),
    ]);
    const ofSenders = warningsAfter((plain) => {
      Object.assign(plain, {
        regions: [{ id: "dach", countries: ["DE", "AT", "CH"] }],
        senders: [{ id: "dach", regions: ["dach"], allowed: ["alphanumeric"] }],
      });
    });
    expect(ofSenders).toEqual([]);
  });

  it("names unknown networks of a price list in one warning", () => {
    const entries = Array.from({ length: 20 }, (_, n) => ({ mccMnc: `2629${10 + n}`, price: "0.1" }));
    const messages = warningsAfter(({ providers }) =>
      Object.assign(providers[0]!, { prices: [{ price: "1" }, ...entries] }),
    );
    expect(messages).toEqual([expect.stringMatching(/^providers\[0\]\.prices: .*"262910".* and 12 more/)]);
  });
});

describe("routes that earlier ones leave nothing for", () => {
  const of = (...whens: Loose[]) =>
    warningsAfter((plain) => {
      const routes = whens.map((when, n) => ({
        id: `r${n}`,
        when,
        strategy: "priority",
        providers: [{ id: "north" }],
      }));
      plain.routes = [...routes, plain.routes[2]!];
    }).filter((message) => message.includes("never reached"));

  it.each([
    [[{ countries: ["DE"] }, { countries: ["DE"] }], [1]],
    [[{ countries: ["DE", "FR"] }, { countries: ["FR"], lanes: ["otp"] }], [1]],
    [[{ prefixes: ["49"] }, { prefixes: ["49170", "49171"], lanes: ["otp"] }], [1]],
    [[{ prefixes: ["49", "49170"] }, { prefixes: ["49170"] }], [1]],
    [[{ labels: ["tier=gold", "tier=silver"] }, { labels: ["tier=gold"], lanes: ["otp"] }], [1]],
    [
      [
        { times: [{ from: "08:00", to: "20:00", zone: "UTC" }] },
        { times: [{ from: "11:00", to: "13:00", zone: "UTC" }] },
      ],
      [1],
    ],
    [
      [{ lanes: ["otp"] }, { lanes: ["transactional", "marketing"] }, { countries: ["DE"] }],
      [2, 3],
    ],
    [[{ countries: ["DE"] }, { countries: ["FR"] }, { countries: ["FR", "DE"], senders: ["Acme"] }], [2]],
    [[{ accounts: ["acme", "globex"] }, { accounts: ["acme"], mccMncs: ["26201"] }], [1]],
    [[{ countries: ["DE"] }, { prefixes: ["49", "49171"] }], [1]],
    [[{ countries: ["DE"] }, { mccMncs: ["26201"], lanes: ["otp"] }], [1]],
    [[{ countries: ["DE"] }, { countries: ["FR"] }, { mccMncs: ["26201", "20801"] }], [2]],
    [[{ countries: ["AS", "BM", "GU", "MP", "PR", "US", "VI"] }, { mccMncs: ["310260"] }], [1]],
  ])("%j", (whens, shadowed) => {
    expect(of(...whens).map((message) => message.split(":")[0])).toEqual(shadowed.map((index) => `routes[${index}]`));
  });

  it.each([
    [[{ countries: ["DE"], lanes: ["otp"] }, { countries: ["DE"] }]],
    [[{ countries: ["DE"] }, { countries: ["DE", "FR"] }]],
    [[{ countries: ["DE"] }, { prefixes: ["49", "33"] }]],
    [[{ countries: ["US"] }, { prefixes: ["1"] }]],
    [[{ countries: ["US"] }, { mccMncs: ["310260"] }]],
    [[{ countries: ["DE"] }, { mccMncs: ["90114"] }]],
    [[{ prefixes: ["49170"] }, { prefixes: ["49"] }]],
    // Among routes that are alike the longer prefix goes before.
    [[{ prefixes: ["49"] }, { prefixes: ["49170", "49171"] }]],
    [
      [
        { prefixes: ["49"], countries: ["DE", "AT"] },
        { prefixes: ["49170"], countries: ["AT", "DE"] },
      ],
    ],
    [[{ labels: ["tier=gold"] }, { labels: ["tier=gold", "tier=silver"] }]],
    [
      [
        { times: [{ from: "08:00", to: "12:00", zone: "UTC" }] },
        { times: [{ from: "11:00", to: "13:00", zone: "UTC" }] },
      ],
    ],
    [[{ lanes: ["otp"] }, { lanes: ["transactional"] }]],
    [[{ senders: ["Acme"] }, { accounts: ["acme"] }]],
  ])("but not %j", (whens) => expect(of(...whens)).toEqual([]));
});

describe("a route that says what follows from a receipt, and nothing can", () => {
  const withReroute = (reroute: Loose, when: Loose = {}, providers: Loose[] = [{ id: "north" }, { id: "south" }]) =>
    warningsAfter(({ routes }) =>
      routes.unshift({ id: "first", when: { countries: ["DE"], ...when }, strategy: "priority", providers, reroute }),
    ).filter((warning) => warning.includes("reroute"));

  it("since it has one provider", () => {
    expect(withReroute({}, {}, [{ id: "north" }])).toEqual([]);
    const wanted = ["routes[0].reroute: means nothing: the route has no other provider to go to"];
    expect(withReroute({ attempts: 2 }, {}, [{ id: "north" }])).toEqual(wanted);
    expect(withReroute({ lanes: { otp: { on: [] } } }, {}, [{ id: "north" }])).toEqual(wanted);
    expect(withReroute({ attempts: 2 })).toEqual([]);
  });

  it("since the lane holds what is in doubt, where it was meant for that lane", () => {
    const wanted = [
      "routes[0].reroute.receiptAfterSeconds: means nothing for marketing: none of the providers sends again there what is in doubt (inDoubt, inDoubtLimit)",
    ];
    expect(withReroute({ lanes: { marketing: { receiptAfterSeconds: 60 } } })).toEqual(wanted);
    expect(withReroute({ receiptAfterSeconds: 60 }, { lanes: ["marketing"] })).toEqual(wanted);
    expect(withReroute({ receiptAfterSeconds: 60 }), "for all lanes it is meant where it applies").toEqual([]);
    expect(withReroute({ lanes: { otp: { receiptAfterSeconds: 60 } } })).toEqual([]);
  });
});

describe("quiet hours that no message comes to", () => {
  const DAY = { allowed: [{ from: "08:00", to: "21:00" }] };
  const of = (...rules: Loose[]) =>
    warningsAfter((plain) =>
      Object.assign(plain, {
        regions: rules.some((rule) => "regions" in rule) ? [{ id: "dach", countries: ["DE", "AT", "CH"] }] : [],
        quietHours: rules.map((rule, i) => ({ id: `r${i}`, ...DAY, ...rule })),
      }),
    );

  it.each([
    [[{ countries: ["DE"] }, { countries: ["DE"] }], 1, '"r0" before it has all of it'],
    [[{ regions: ["dach"] }, { countries: ["AT"], lanes: ["marketing"] }], 1, '"r0" before it has all of it'],
    [[{}, { countries: ["SE"], accounts: ["acme"] }], 1, '"r0" before it has all of it'],
    [[{ lanes: ["marketing"] }, { lanes: ["transactional"] }, {}], 2, '"r0" and "r1" before it have all of it'],
    [
      [{ countries: ["DE"] }, { countries: ["AT"] }, { countries: ["AT", "DE"], accounts: ["acme"] }],
      2,
      '"r0" and "r1" before it have all of it',
    ],
  ])("are told by rule: %j", (rules, index, by) => {
    expect(of(...rules)).toEqual([`quietHours[${index}]: never reached: ${by}`]);
  });

  it("are told by country, where the rule has others", () => {
    expect(of({ countries: ["DE"] }, { countries: ["FR", "DE"], lanes: ["marketing"] })).toEqual([
      'quietHours[1].countries[1]: "DE" matches nothing here: "r0" before it has all of it',
    ]);
    expect(of({ countries: ["BV"] })).toEqual([
      'quietHours[0].countries[0]: "BV" has no telephone numbers of its own: it matches nothing',
    ]);
  });

  it.each([
    [[{ countries: ["DE"], lanes: ["marketing"] }, { countries: ["DE"] }]],
    [[{ countries: ["DE"], accounts: ["acme"] }, { countries: ["DE"] }]],
    [[{ countries: ["DE"] }, { regions: ["dach"] }, {}]],
    [[{ accounts: ["acme"] }, { accounts: ["globex"] }, { countries: ["DE"] }]],
    [[{}, { lanes: ["otp"] }]],
  ])("but not where some are left: %j", (rules) => {
    expect(of(...rules)).toEqual([]);
  });
});
