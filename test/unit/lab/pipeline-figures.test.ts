import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { httpBehaviourSchema } from "../../../infra/simulators/http-provider/settings.ts";
import { smscBehaviourSchema } from "../../../infra/simulators/smsc/settings.ts";
import { leftAfter, regretPercent, shareFrom } from "../../lab/pipeline/figures.ts";
import { COLLAPSED, PHASES, PRICES, settingsOf } from "../../lab/pipeline/phases.ts";

const [first, second] = PHASES as [(typeof PHASES)[0], (typeof PHASES)[0]];

describe("figures of the routing lab on the real pipeline", () => {
  it("compares what was paid with the best choice of each phase", () => {
    const best = { provider: "smsc-a", cost: 1, delivered: 95 };
    expect(regretPercent([{ phase: first, bought: [best] }])).toBeCloseTo(0);
    // The same deliveries by smsc-b: 0.013 instead of 0.01.
    const dearer = { provider: "smsc-b", cost: 1.3, delivered: 95 };
    expect(regretPercent([{ phase: first, bought: [dearer] }])).toBeCloseTo(30);
    // In the second phase smsc-a delivers half, and smsc-b is the best.
    const left = { provider: "smsc-b", cost: 1.3, delivered: 95 };
    const kept = { provider: "smsc-a", cost: 1, delivered: 50 };
    expect(regretPercent([{ phase: second, bought: [left] }])).toBeCloseTo(0);
    expect(regretPercent([{ phase: second, bought: [kept] }])).toBeCloseTo(100 * (1 / (50 * (0.013 / 0.95)) - 1));
  });

  it("says when a provider was left for good", () => {
    const seconds = (owns: readonly number[]) => owns.map((own, n) => ({ second: n, all: 100, own }));
    const ten = new Array<number>(10).fill(4);
    expect(leftAfter(seconds([100, 100, 60, ...ten]))).toBe(3);
    // Once is not enough, and neither is a shorter time than it is looked at.
    expect(leftAfter(seconds([100, 4, 100, 60, ...ten]))).toBe(4);
    expect(leftAfter(seconds([100, ...ten.slice(1)]))).toBeUndefined();
    expect(leftAfter(seconds(new Array<number>(40).fill(5)))).toBeUndefined();
  });

  it("gives a provider's share of all decisions, and none of no decisions", () => {
    expect(
      shareFrom([
        { second: 0, all: 30, own: 3 },
        { second: 1, all: 70, own: 0 },
      ]),
    ).toBe(0.03);
    expect(() => shareFrom([])).toThrow("nothing was decided");
  });

  it("asks for what the simulators understand", () => {
    for (const { behaviour } of PHASES)
      for (const one of [...Object.values(behaviour), COLLAPSED]) {
        expect(smscBehaviourSchema.parse(settingsOf("smsc-a", one)).receipts.lossShare).toBe(one.lost ?? 0);
        expect(httpBehaviourSchema.parse(settingsOf("http-c", one)).callbacks.lossShare).toBe(one.lost ?? 0);
      }
  });

  it("knows the prices of its catalog", () => {
    const file = resolve(import.meta.dirname, "../../lab/pipeline/catalog/providers.yaml");
    const providers = parse(readFileSync(file, "utf8")) as { id: string; prices: { price: string }[] }[];
    const prices = providers.map(({ id, prices: [one] }) => [id, Number(one!.price)]);
    expect(Object.fromEntries(prices)).toEqual(PRICES);
  });
});
