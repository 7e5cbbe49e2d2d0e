import { describe, expect, it } from "vitest";
import { parseRoute } from "../../../../domain/catalog/catalog.ts";
import { crossCheck } from "../../../../domain/catalog/cross-check.ts";
import { DEFAULT_DELIVERY } from "../../../../domain/catalog/delivery-settings.ts";

const route = (strategy: string, delivery?: object) =>
  parseRoute({ id: "r", strategy, providers: [{ id: "a" }], ...(delivery === undefined ? {} : { delivery }) });

describe("what a route asks of deliveries", () => {
  it("may be left out, in whole and in parts", () => {
    expect(DEFAULT_DELIVERY).toEqual({ floor: 0, explorePerHour: 1_000_000 });
    expect(route("least-cost-per-delivered", { floor: 0.8 })).toMatchObject({
      ok: true,
      value: { delivery: { floor: 0.8, explorePerHour: 1_000_000 } },
    });
  });

  it.each([
    [{ floor: 1 }, "delivery.floor"],
    [{ floor: -0.1 }, "delivery.floor"],
    [{ otpWithinSeconds: 0 }, "delivery.otpWithinSeconds"],
    [{ otpWithinSeconds: 3_601 }, "delivery.otpWithinSeconds"],
    [{ explorePerHour: 1 }, "delivery.explorePerHour"],
    [{ explorePerHour: "-1" }, "delivery.explorePerHour"],
    [{ ceiling: 1 }, "delivery"],
  ])("is not %j", (delivery, path) => {
    const read = route("least-cost-per-delivered", delivery);
    expect(read.ok ? [] : read.problems.map((problem) => JSON.stringify(problem))).toEqual([
      expect.stringContaining(path),
    ]);
  });

  it("means nothing with another strategy", () => {
    const read = route("least-cost", { floor: 0.8 });
    if (!read.ok) throw new Error("route");
    const catalog = { accounts: [], providers: [], retired: [], routes: [read.value], regions: [] };
    expect(crossCheck(catalog, 6).map((problem) => JSON.stringify(problem))).toContainEqual(
      expect.stringContaining('means nothing with strategy \\"least-cost\\"'),
    );
  });
});
