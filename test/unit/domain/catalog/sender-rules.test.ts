import { describe, expect, it } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import { type Provider, withoutSecrets } from "../../../../domain/catalog/provider.ts";
import { carriesSender, senderFit } from "../../../../domain/catalog/sender-rules.ts";
import { chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { compileRoutes } from "../../../../domain/routing/route-table.ts";
import { senderFault } from "../../../../domain/routing/sender-fault.ts";

const shared = { rate: 10, currency: "EUR", prices: [{ price: "0.01" }] };
function provider(fields: object): Provider {
  const parsed = parseProvider({ ...shared, ...fields });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}
const smpp = provider({ id: "s", kind: "smpp", smpp: { host: "h", port: 1, systemId: "s", password: "secret" } });
const account = { accountSid: "AC1", authToken: "secret", baseUrl: "http://h", statusCallbackUrl: "http://us" };
const twilio = (more: object = {}) => provider({ id: "t", kind: "http-twilio", http: { ...account, ...more } });

const tableOf = (...providers: Provider[]) => {
  const route = parseRoute({ id: "all", strategy: "priority", providers: providers.map(({ id }) => ({ id })) });
  if (!route.ok) throw new Error("route");
  return compileRoutes([route.value], providers);
};
const facts = (from: string | undefined): MessageFacts => ({
  destination: "491700000012",
  country: "DE",
  mccMnc: undefined,
  account: "acme",
  lane: "otp",
  from,
  labels: {},
  at: 0,
});

describe("who carries a sender", () => {
  it.each([
    ["ACME", true, true],
    ["acme Shop24", true, true],
    ["acme Shop 24", false, false],
    ["A+B & C_D-E", true, true],
    ["1&1", true, false],
    ["Dr. Who", true, false],
    ["ACME!", true, false],
    ["12345", true, true],
    ["491700000012", true, true],
    ["+491700000012", true, true],
    ["ΩMEGA", false, false],
    ["Müller", false, false],
  ])("%s: SMPP %s, the Twilio contract %s", (from, bySmpp, byTwilio) => {
    const fit = senderFit(from);
    expect([carriesSender(smpp, fit), carriesSender(twilio(), fit)]).toEqual([bySmpp, byTwilio]);
  });

  it("is asked before a provider is chosen, and of all providers of the route before a message is refused", () => {
    const choose = (from: string | undefined, ...providers: Provider[]) =>
      chooseProvider(tableOf(...providers), {
        facts: facts(from),
        tried: [],
        health: () => undefined,
        random: () => 0,
      });
    expect(choose("1&1", twilio(), smpp)).toMatchObject({ ok: true, provider: { id: "s" }, reason: "failover" });
    expect(choose("1&1", twilio())).toMatchObject({
      ok: false,
      candidates: [{ provider: "t", verdict: "sender-not-carried" }],
    });
    expect(senderFault(tableOf(twilio(), smpp), facts("1&1"))).toBeUndefined();
    expect(senderFault(tableOf(twilio()), facts("1&1"))).toMatchObject({ code: "sender-invalid" });
    expect(senderFault(tableOf(twilio()), facts(undefined))).toBeUndefined();
    const marketingOnly = { ...twilio(), lanes: ["marketing" as const] };
    expect(senderFault(tableOf(marketingOnly), facts("1&1")), "the lane is what is wrong").toBeUndefined();
    expect(senderFault(compileRoutes([], []), facts("1&1"))).toBeUndefined();
  });

  it("needs no credentials", () => {
    const text = JSON.stringify([smpp, twilio({ sharedKeySecret: "secret" })].map(withoutSecrets));
    expect(text).not.toContain("secret");
  });
});
