import { expect, it } from "vitest";
import { PriceList } from "../../../domain/catalog/price-list.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { volumeTermsSchema } from "../../../domain/catalog/volume-terms.ts";
import { atOnce, compileList } from "../../../domain/prices/compile-list.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import { codecs, eventOf, NOW, provider, request, world } from "./router-world.ts";

const LIST = `Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network
DE,,,0.01,,,
DE,,,0.02,2027-02-01,,
`;
/** Midnight of that day in Berlin. */
const MIDNIGHT = Date.parse("2027-01-31T23:00:00Z");

it("a price changes at midnight of its list's zone by the brokers' clock, in a router that runs on", async () => {
  const w = world();
  const compiled = atOnce(compileList(LIST, "Europe/Berlin"));
  if (!compiled.ok) throw new Error(compiled.message);
  const { catalog, routes } = { catalog: w.catalog.current.catalog, routes: w.only("a").catalog.routes };
  const providers = [{ ...provider("a"), prices: new PriceList(compiled.value.table) }];
  w.catalog.current = snapshotOf({ ...catalog, providers, routes });
  const router = await w.start();
  const decided = (offset: number, at: number) => {
    w.at(at);
    return eventOf(w.run(router, request(offset, { acceptedAt: at }, { timestamp: at })).decisions[0]);
  };
  router.prepare();
  expect(decided(0, MIDNIGHT - 1)).toMatchObject({ type: "routed", price: 10_000 });
  expect(decided(1, MIDNIGHT)).toMatchObject({ type: "routed", price: 20_000 });
});

it("a price is that of the month's volume which the senders tell", async () => {
  const w = world();
  const { catalog } = w.only("a");
  const volume = { committed: 100, tiers: [{ from: 1_000, percent: 50 }] };
  w.catalog.current = snapshotOf({ ...catalog, providers: [{ ...provider("a"), volume }] });
  const router = await w.start();
  router.prepare();
  const priced = (offset: number, segmentsThisMonth: number) => {
    // Health is folded four times a second.
    w.at(NOW + offset * 1_000);
    w.health.take({ ...BLANK_HEALTH, rate: 100, segmentsThisMonth, monthEnd: NOW + 2_500 }, offset * 1_000);
    return eventOf(w.run(router, request(offset)).decisions[0]).price;
  };
  expect([priced(0, 99), priced(1, 100), priced(2, 1_000)]).toEqual([0, 10_000, 5_000]);
  expect(priced(3, 1_000), "another month has begun").toBe(0);
});

it("a message that fills a commitment in money costs nothing, and its order says what it counts for it", async () => {
  const w = world();
  const { catalog } = w.only("a");
  const volume = volumeTermsSchema.parse({ committedSpend: "5" });
  w.catalog.current = snapshotOf({ ...catalog, providers: [{ ...provider("a"), volume }] });
  const router = await w.start();
  router.prepare();
  const decided = (offset: number, spentThisMonth: number) => {
    w.at(NOW + offset * 1_000);
    w.health.take({ ...BLANK_HEALTH, rate: 100, spentThisMonth, monthEnd: NOW + 60_000 }, offset * 1_000);
    const { decisions, effects } = w.run(router, request(offset));
    const order = codecs.dispatch.decode(effects[0]!.value!);
    if (!order.ok) throw new Error(order.detail);
    const { price, tariff } = eventOf(decisions[0]);
    expect(order.value).toMatchObject({ price, tariff });
    return [price, tariff];
  };
  expect(decided(0, 4_999_999)).toEqual([0, 10_000]);
  expect(decided(1, 5_000_000)).toEqual([10_000, 10_000]);
});
