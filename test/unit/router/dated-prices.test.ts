import { expect, it } from "vitest";
import { PriceList } from "../../../domain/catalog/price-list.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { atOnce, compileList } from "../../../domain/prices/compile-list.ts";
import { eventOf, provider, request, world } from "./router-world.ts";

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
