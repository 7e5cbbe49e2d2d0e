import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { arrivals, fateOf, load, networkOf, worldOf } from "../../lab/world.ts";

describe("a world of the lab", () => {
  it("is made of its seed alone", () => {
    expect(worldOf(7)).toEqual(worldOf(7));
    expect(worldOf(7)).not.toEqual(worldOf(8));
  });

  it("has providers of different price, whose truth changes and does not run away", () => {
    const worlds = Array.from({ length: 50 }, (_, seed) => worldOf(seed));
    for (const { providers, networks, phases } of worlds) {
      expect(providers.length).toBeGreaterThanOrEqual(4);
      expect(new Set(providers.map(({ prices }) => prices[0])).size).toBe(providers.length);
      for (const { truth, prices } of providers) {
        expect([truth.length, prices.length]).toEqual([phases, networks.length]);
        for (const { delivery, medianMs, tail } of truth.flat()) {
          expect(delivery).toBeGreaterThan(0);
          expect(delivery).toBeLessThan(0.99);
          expect(medianMs).toBeGreaterThanOrEqual(1_000);
          expect(medianMs).toBeLessThanOrEqual(60_000);
          expect(tail).toBeLessThan(0.06);
        }
      }
    }
    const best = worlds.flatMap(({ providers, phases }) =>
      Array.from({ length: phases }, (_, phase) => {
        const costs = providers.map(({ prices, truth }) => prices[0]! / truth[phase]![0]!.delivery);
        return costs.indexOf(Math.min(...costs));
      }),
    );
    const changes = best.filter((one, n) => n % 4 !== 0 && one !== best[n - 1]).length;
    expect(changes, "the best of the first network is another in many phases").toBeGreaterThan(30);
  });
});

describe("a message of the lab", () => {
  it("fares as the truth says", () => {
    const random = seededRandom(1);
    const truth = { delivery: 0.8, medianMs: 5_000, sigma: 0.7, tail: 0.02, told: 0.5 };
    const fates = Array.from({ length: 20_000 }, () => fateOf(random, 100, truth));
    const share = (test: (fate: (typeof fates)[0]) => boolean) => fates.filter(test).length / fates.length;
    expect(share(({ delivered }) => delivered)).toBeCloseTo(0.8, 1.5);
    expect(share(({ receiptMs }) => receiptMs === undefined)).toBeCloseTo(0.1, 1.5);
    expect(share(({ delivered, receiptMs }) => delivered && receiptMs! < 5_000) / 0.8).toBeCloseTo(0.49, 1.5);
    expect(share(({ acceptedMs }) => acceptedMs < 100)).toBeCloseTo(0.5, 1.5);
  });

  it("comes as the load says, to each network by its share", () => {
    const times = [...arrivals(seededRandom(2), 20, 0, 1_800_000)];
    const bursts = times.filter((at) => at % 420_000 < 30_000).length;
    const expected = Array.from({ length: 1_800 }, (_, s) => 20 * load(s * 1_000 + 500));
    const sum = (list: readonly number[]) => list.reduce((all, one) => all + one, 0);
    expect(times.length / sum(expected)).toBeCloseTo(1, 1.5);
    expect(bursts / sum(expected.filter((_, s) => (s * 1_000) % 420_000 < 30_000))).toBeCloseTo(1, 1);
    const random = seededRandom(3);
    const { networks } = worldOf(1);
    const counts = networks.map(() => 0);
    for (let n = 0; n < 10_000; n++) counts[networkOf(random, networks)]!++;
    for (const [n, { share }] of networks.entries()) expect(counts[n]! / 10_000).toBeCloseTo(share, 1.5);
  });
});
