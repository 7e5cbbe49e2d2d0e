import { beforeEach, describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { portabilitySchema } from "../../../../domain/catalog/portability.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../../domain/message/validation.ts";
import { networkName } from "../../../../domain/numbers/network.ts";
import { type ExplainedHealth, explain } from "../../../../domain/routing/explain.ts";
import { examplePlain } from "../catalog/example.ts";

const MONDAY_NOON = Date.UTC(2026, 0, 5, 12);

const gone = { ...examplePlain().providers[0]!, id: "gone" };

function snapshot(routes: Record<string, unknown>[] = []) {
  const plain = examplePlain();
  Object.assign(plain.providers[1]!, { currency: "USD" });
  plain.routes.splice(1, 0, ...routes);
  const more = {
    retired: [gone],
    regions: [{ id: "dach", countries: ["DE", "AT", "CH"] }],
    rates: { base: "EUR", date: "2026-01-31", rates: { USD: "1.25" } },
  };
  const parsed = parseCatalog({ ...plain, ...more }, 12);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return snapshotOf(parsed.value, 7);
}

function request(fields: object = {}) {
  const valid = validateSendRequest({ to: "+491711234567", text: "Grüße 🎉", ...fields });
  if (!valid.ok) throw new Error(JSON.stringify(valid.problems));
  return valid.request;
}

/** What senders say of their providers. */
const busy: ExplainedHealth = {
  open: false,
  circuit: "closed",
  reason: null,
  backlogSeconds: 1.5,
  rate: 80,
  segmentsThisMonth: 7,
  spentThisMonth: 0,
  monthEnd: 9,
};
const silent: ExplainedHealth = {
  open: true,
  circuit: "silent",
  reason: null,
  backlogSeconds: 0,
  rate: 100,
  segmentsThisMonth: 7,
  spentThisMonth: 0,
  monthEnd: 9,
};
let said: Record<string, ExplainedHealth> = { north: busy };
beforeEach(() => {
  said = { north: busy };
});

const ask = (catalog: ReturnType<typeof snapshot>, fields: object = {}, account: string | null = "acme") =>
  explain(catalog, {
    request: request(fields),
    account: account ?? undefined,
    at: MONDAY_NOON,
    recipient: { optOut: null },
    health: (id) => said[id],
  });

describe("an explanation", () => {
  it("tells how the network is known, and that the router would ask where it is not known otherwise", () => {
    const portability = portabilitySchema.parse({
      lookups: [{ id: "mnp", kind: "http", url: "https://l.example/{number}", answer: { mccMnc: "net" } }],
    });
    const plain = snapshot();
    const asking = snapshotOf({ ...plain.catalog, portability });
    const note = expect.stringContaining("the router asks look-up mnp for the network of this number");
    expect(ask(plain).network).toEqual({ mccMnc: "26201", name: expect.any(String), source: "prefix" });
    expect(ask(plain).notes).not.toContainEqual(note);
    expect(ask(asking).notes).toContainEqual(note);
    const ported = { mccMnc: "26203", source: "lookup" } as const;
    const known = explain(asking, {
      request: request(),
      account: "acme",
      at: MONDAY_NOON,
      health: (id) => said[id],
      ported,
    });
    expect(known.network).toEqual({ mccMnc: "26203", name: networkName("26203"), source: "lookup" });
    expect(known.notes).not.toContainEqual(note);
    // The example has a price for 26201, and for other networks of Germany another one.
    expect(known.candidates[0]).toMatchObject({ provider: "north", price: "0.0075" });
  });

  it("says what the message is, which route decides, and why each provider was taken or not", () => {
    expect(ask(snapshot())).toMatchObject({
      to: "+491711234567",
      country: "DE",
      network: { mccMnc: "26201" },
      lane: "transactional",
      encoding: "ucs2",
      segments: 1,
      at: "2026-01-05T12:00:00.000Z",
      route: { id: "germany", place: 2, strategy: "weighted", conditions: [{ condition: "countries", met: "DE" }] },
      provider: "north",
      reason: "weighted",
      candidates: [
        {
          provider: "north",
          verdict: "chosen",
          price: "0.006",
          currency: "EUR",
          charged: "submit",
          score: 3,
          health: { rate: 80 },
        },
        { provider: "south", verdict: "not-drawn", price: "0.008", currency: "USD", score: 1, health: null },
      ],
      catalogVersion: 7,
      others: [
        { provider: "gone", verdict: "removed" },
        { provider: "web", verdict: "not-in-route" },
      ],
      notes: ["chosen by chance: other messages go to providers that are not-drawn here"],
    });
  });

  it("says how providers are that take nothing new, and of which nothing was ever heard", () => {
    said = { north: silent, web: { ...silent, circuit: "open", reason: "bind refused" } };
    const { provider, reason, candidates } = ask(snapshot(), { to: "+33612345678" });
    expect([provider, reason]).toEqual(["south", "failover"]);
    expect(candidates.map(({ provider, verdict, health }) => [provider, verdict, health?.circuit ?? null])).toEqual([
      ["north", "circuit-open", "silent"],
      ["south", "chosen", null],
      ["web", "circuit-open", "open"],
    ]);
    expect(candidates[2]!.health).toMatchObject({ reason: "bind refused" });
  });

  it("says which route it was that would have had it by a shorter prefix", () => {
    const route = (id: string, prefix: string) => ({
      ...{ id, when: { prefixes: [prefix] } },
      ...{ strategy: "priority", providers: [{ id: "north" }] },
    });
    const told = ask(snapshot([route("wide", "49"), route("narrow", "4917")]));
    expect(told.route).toMatchObject({ id: "narrow", conditions: [{ condition: "prefixes", met: "4917" }] });
    expect(told.notes).toEqual(["route wide holds before it, with a shorter prefix: the longest decides"]);
  });

  it("names the entry that holds of every condition", () => {
    const when = {
      regions: ["dach"],
      mccMncs: ["26202", "26201"],
      prefixes: ["4", "4917"],
      accounts: ["globex"],
      lanes: ["marketing", "otp"],
      senders: ["ACME"],
      labels: ["tier=silver", "tier=gold"],
      times: [
        { days: ["sun"], zone: "UTC" },
        { from: "12:00", to: "18:00", zone: "Europe/Berlin" },
      ],
    };
    const narrow = { id: "narrow", when, strategy: "least-cost", providers: [{ id: "north" }, { id: "south" }] };
    const said = ask(snapshot([narrow]), { from: "ACME", lane: "marketing", metadata: { tier: "gold" } }, "globex");
    expect(said.route?.conditions.map(({ condition, met }) => `${condition} ${met}`)).toEqual([
      "regions dach (DE)",
      "mccMncs 26201",
      "prefixes 4917",
      "accounts globex",
      "lanes marketing",
      "senders ACME",
      "labels tier=gold",
      "times every day 12:00 to 18:00 Europe/Berlin",
    ]);
    // 0.008 USD are 0.0064 EUR.
    expect(said).toMatchObject({ provider: "north", reason: "least-cost" });
    expect(said.candidates[1]).toMatchObject({ verdict: "dearer", score: 0.0064 });
    expect(said.notes).toEqual(["prices are compared in EUR, by the rates of 2026-01-31"]);
  });

  it("says what an account may not do, and that none was named", () => {
    expect(ask(snapshot(), { lane: "otp" }, "globex").notes).toEqual([
      "account globex may not use lane otp over HTTP: it has marketing",
    ]);
    expect(ask(snapshot(), { to: "+33612345678" }, null)).toMatchObject({
      account: null,
      notes: ["no account is named: routes for single accounts are left out"],
    });
  });

  it("says why there is none", () => {
    const nowhere = snapshotOf({ ...snapshot().catalog, routes: [] });
    expect(ask(nowhere)).toMatchObject({ route: null, provider: null, reason: "no-route", candidates: [] });
  });
});
