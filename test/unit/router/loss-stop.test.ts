import { expect, it } from "vitest";
import { accountSchema } from "../../../domain/catalog/account.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { explain } from "../../../domain/routing/explain.ts";
import { eventOf, NOW, request, world } from "./router-world.ts";

/** Provider a takes 0.01 EUR a segment, b 0.02. */
function selling(prices: object[], more: object = {}, rates?: object, account: object = {}) {
  const w = world();
  const { catalog } = w.catalog.current;
  const sells = { currency: "EUR", prices, ...more };
  const one = accountSchema.parse({ id: "acme", name: "Acme", sells, ...account });
  const [a, b] = catalog.providers;
  const dearer = { ...b!, volume: { tiers: [{ from: 0, price: 20_000 }] } };
  w.catalog.current = snapshotOf({ ...catalog, accounts: [one], providers: [a!, dearer], rates: rates as never });
  return w;
}
const first = async (w: ReturnType<typeof selling>, more: object = {}) =>
  eventOf(w.run(await w.start(), request(0, more)).decisions[0]);

it("leaves out who costs more than the account pays, and the event says so", async () => {
  const event = await first(selling([{ country: "DE", price: "0.015" }, { price: "0.5" }]));
  expect(event).toMatchObject({
    type: "routed",
    provider: "a",
    rules: "loss stop, the account pays 0.015 EUR: left out b",
  });
});

it("ends a message that everybody costs too much for, under a code of its own", async () => {
  expect(await first(selling([{ price: "0.009" }]), { text: "x".repeat(161) })).toMatchObject({
    type: "closed",
    state: "failed",
    errorCode: "loss-stop",
    reason: "costs more: the account pays 0.018 EUR; a: above-selling-price, b: above-selling-price",
  });
});

it("what the list does not name is not sold", async () => {
  expect(await first(selling([{ country: "FR", price: "1" }]))).toMatchObject({
    type: "closed",
    errorCode: "loss-stop",
    reason: expect.stringMatching(/^costs more: the account's selling prices name no such destination; a: above/),
  });
});

it("where it is only told of, the message goes and its event says that it is sold at a loss", async () => {
  const event = await first(selling([{ price: "0.001" }], { whenLoss: "warn" }));
  expect(event).toMatchObject({ type: "routed", rules: "sold at a loss at a: the account pays 0.001 EUR" });
});

it("amounts of two currencies are compared by the rates", async () => {
  const rates = { base: "EUR", date: "2026-01-01", rates: { USD: 1.25 } };
  expect(await first(selling([{ price: "0.0125" }], { currency: "USD" }, rates))).toMatchObject({ provider: "a" });
  expect(await first(selling([{ price: "0.0124" }], { currency: "USD" }, rates))).toMatchObject({
    errorCode: "loss-stop",
  });
});

it("is explained", () => {
  const { current } = selling([{ price: "0.001" }], {}, undefined, {
    guard: {},
    budget: { currency: "EUR", daily: "5" },
  }).catalog;
  const asked = validateSendRequest({ to: "+4915112345678", text: "hello" });
  if (!asked.ok) throw new Error("request");
  const said = explain(current, { request: asked.request, account: "acme", at: NOW, health: () => undefined });
  expect(said).toMatchObject({
    provider: null,
    reason: "loss-stop",
    candidates: [{ verdict: "above-selling-price" }, {}],
  });
  expect(said.notes).toContain("the account's guard (monitor) may have something against it: not asked here");
  expect(said.notes).toContain("counts for the account's budget, 5 EUR a day: taken to have room here");
  expect(said.notes).toContain("the account pays 0.001 EUR for the message to DE: what costs more is left out (sells)");
});
