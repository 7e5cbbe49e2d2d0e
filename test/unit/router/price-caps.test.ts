import { expect, it } from "vitest";
import { accountSchema } from "../../../domain/catalog/account.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { explain } from "../../../domain/routing/explain.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { Replay } from "../../../pipeline/simulate/replay.ts";
import { SeenDeliveries } from "../../../pipeline/simulate/seen-deliveries.ts";
import { facts } from "../dlr-collector/records.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import { eventOf, NOW, request, world } from "./router-world.ts";

/** Providers take 0.01 EUR a segment. */
const capped = (amount: string, more: object = {}) => {
  const w = world();
  const { catalog } = w.catalog.current;
  const maxPrice = { currency: "EUR", amount, ...more };
  const account = accountSchema.parse({ id: "acme", name: "Acme", maxPrice });
  w.catalog.current = snapshotOf({ ...catalog, accounts: [account] });
  return w;
};
const TWO_SEGMENTS = "x".repeat(161);

it("a message that costs more than its account pays ends at once, and its event says why", async () => {
  const w = capped("0.015");
  const router = await w.start();
  expect(eventOf(w.run(router, request(0)).decisions[0])).toMatchObject({ type: "routed", price: 10_000 });
  const closed = w.run(router, request(1, { text: TWO_SEGMENTS }));
  expect(eventOf(closed.decisions[0])).toMatchObject({
    type: "closed",
    state: "failed",
    errorClass: "unroutable",
    errorCode: "price-cap",
    reason: "costs more than the account's 0.015 EUR a message; a: above-price-cap, b: above-price-cap",
  });
});

it.each([
  [true, "postponed", "circuits-open"],
  [false, "closed", "price-cap"],
])("a cheaper provider that is out of order is waited for: %s", async (wait, type, errorCode) => {
  const w = capped("0.01", { wait });
  const { catalog } = w.catalog.current;
  const tiers = [{ from: 1, price: 20_000 }];
  const [a, b] = catalog.providers;
  w.catalog.current = snapshotOf({ ...catalog, providers: [a!, { ...b!, volume: { tiers } }] });
  w.health.take({ ...BLANK_HEALTH, provider: "a", circuit: "open", at: NOW }, 0);
  w.health.take({ ...BLANK_HEALTH, provider: "b", at: NOW, segmentsThisMonth: 1, monthEnd: NOW + 1 }, 0);
  const router = await w.start();
  router.prepare();
  const event = eventOf(w.run(router, request(0)).decisions[0]);
  expect(event).toMatchObject({ type, errorCode, reason: expect.stringContaining("b: above-price-cap") });
});

it("explanations and simulations know the cap", () => {
  const { current } = capped("0.015").catalog;
  const asked = validateSendRequest({ to: "+4915112345678", text: TWO_SEGMENTS });
  if (!asked.ok) throw new Error("request");
  const said = explain(current, { request: asked.request, account: "acme", at: NOW, health: () => undefined });
  expect(said).toMatchObject({ provider: null, reason: "price-cap", candidates: [{ verdict: "above-price-cap" }, {}] });
  expect(said.notes).toContain("account acme pays 0.015 EUR for a message to DE at the most (maxPrice)");

  const replay = new Replay([current], new SeenDeliveries());
  for (const segments of [1, 2]) {
    const of = facts(`m${segments}`, { segments, accountId: "acme" });
    replay.decided({ ...BLANK_EVENT, type: "routed", at: NOW, facts: of, attempt: 1, provider: "a", price: 10_000 });
  }
  expect(Object.fromEntries(replay.simulated[0]!.refused)).toEqual({ "price-cap": 1 });
});
