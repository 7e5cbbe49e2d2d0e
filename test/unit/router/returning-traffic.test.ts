import { expect, it } from "vitest";
import { parseRoute } from "../../../domain/catalog/catalog.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { NO_DELIVERIES } from "../../../domain/routing/delivery-view.ts";
import { ProviderHealth } from "../../../pipeline/follow/provider-health.ts";
import { ReturningTraffic } from "../../../services/router/returning-traffic.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import { eventOf, NOW, provider, request, world } from "./router-world.ts";

it("reserves what it lets go until that is processed, whatever comes of it, and never goes beyond two seconds of work", async () => {
  const w = world();
  const { facts } = eventOf(w.run(await w.start(), request(0)).decisions[0]);
  const route = parseRoute({ id: "all", strategy: "priority", providers: [{ id: "a" }] });
  if (!route.ok) throw new Error("route");
  const health = new ProviderHealth(() => undefined);
  const catalog = { accounts: [], providers: [provider("a")], routes: [route.value], retired: [], regions: [] };
  const snapshot = snapshotOf(catalog);
  const clocks = { now: () => NOW, monotonic: () => 0, delivery: NO_DELIVERIES };
  const returning = new ReturningTraffic({ snapshot: () => snapshot, health, ...clocks, random: () => 0 });
  const waiter = { facts, tried: [], refused: new Map() };
  expect(returning.prospect("p/0", waiter), "a provider that was never heard of").toBe("none");
  const say = (circuit: "open" | "half_open" | "closed") =>
    health.take({ ...BLANK_HEALTH, rate: 10, circuit, at: NOW }, 0);
  for (const circuit of ["open", "half_open"] as const) {
    say(circuit);
    expect([circuit, returning.prospect("p/0", waiter)]).toEqual([circuit, "none"]);
  }
  say("closed");
  expect(returning.prospect("p/0", { ...waiter, refused: new Map([["a", {}]]) }), "it has refused it").toBe("none");
  expect(returning.prospect("p/0", { ...waiter, tried: ["a"] }), "it is not waited for").toBe("none");
  // Two seconds at ten a second, and the one that crosses the line.
  const places = Array.from({ length: 30 }, (_, n) => `p/${n}`);
  const said = places.map((place) => returning.prospect(place, waiter));
  expect(said.filter((one) => one === "go").length).toBe(21);
  expect(said.at(-1)).toBe("enough");
  // Repeats that are dropped give their room back as well.
  for (const place of places) returning.release(place);
  expect(returning.prospect("p/99", waiter)).toBe("go");
});
