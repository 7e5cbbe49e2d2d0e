import { expect, it } from "vitest";
import { type DeliveryView, NO_DELIVERIES } from "../../../domain/routing/delivery-view.ts";
import { eventOf, request, world } from "./router-world.ts";

/** A view in which each provider delivers such a share, the same everywhere. */
function delivering(shares: Readonly<Record<string, number>>): DeliveryView {
  const known = NO_DELIVERIES.of("", "", undefined, "otp");
  return { of: (provider) => ({ ...known, delivery: shares[provider]! }), spend: () => false };
}

it("of two providers with one price the one that delivers more is taken, as receipts say at that moment", async () => {
  const shares = { a: 0.9, b: 0.5 };
  const w = world(() => 0.5, delivering(shares), "least-cost-per-delivered");
  const router = await w.start();
  const provider = (n: number) => eventOf(w.run(router, request(n)).decisions[0]);
  expect(provider(0)).toMatchObject({ provider: "a", reason: "least-cost-per-delivered" });
  shares.a = 0.4;
  expect(provider(1)).toMatchObject({ provider: "b", reason: "least-cost-per-delivered" });
});
