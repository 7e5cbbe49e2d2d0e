import { expect, test } from "vitest";
import { seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { judgeDecisions, type PublishedVersion } from "../../faults/catalog-versions.ts";
import { DrawnCatalog } from "../../faults/drawn-catalog.ts";
import type { CatalogFiles } from "../../fixture/live-catalog.ts";

const version = (number: number, uses: Record<string, string>): PublishedVersion => ({
  ...{ number, uses: new Map(Object.entries(uses)), from: number * 1_000, until: number * 1_000 + 100 },
});
const VERSIONS = [version(1, { a: "normal", b: "normal" }), version(2, { a: "none", b: "normal", c: "drain" })];
const decided = (provider: string, number: number, at: number) => ({ id: "m", provider, micros: 50_000 + number, at });

test("a decision is held against the version that its price names, not against the one at work", () => {
  const right = [decided("a", 1, 1_050), decided("a", 1, 2_130), decided("b", 2, 2_150)];
  expect(judgeDecisions(VERSIONS, right)).toEqual({ decisions: 3, versions: 2, wrong: [], latestMs: 30 });
});

test.each([
  [decided("a", 2, 2_500), "a is out of use (none)"],
  [decided("c", 2, 2_500), "c is out of use (drain)"],
  [decided("c", 1, 1_500), "c is not in the version"],
  [decided("b", 3, 3_500), "no version has this price"],
  [decided("b", 2, 1_900), "decided 100 ms before its version"],
])("a decision that is wrong is named: %o", (decision, said) => {
  const { wrong } = judgeDecisions(VERSIONS, [decided("a", 1, 1_050), decision]);
  expect(wrong).toEqual([expect.stringContaining(said)]);
});

const START: CatalogFiles = {
  accounts: [],
  providers: ["smsc-a", "smsc-b", "http-c"].map((id) => ({ id, rate: 100, prices: [] })),
  routes: [{ id: "all", strategy: "weighted", providers: [{ id: "smsc-a" }, { id: "smsc-b" }, { id: "http-c" }] }],
};

test("drawn catalogs drain a provider, take one out of use and use it again, and never leave nobody", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const drawn = new DrawnCatalog(START, seededRandom(seed));
    const uses: string[] = [];
    for (let step = 0; step < 12; step++) {
      drawn.change();
      const { providers } = drawn.files();
      const unused = providers.flatMap(({ use = "normal" }) => (use === "normal" ? [] : [use]));
      expect(unused.length, `seed ${seed}, step ${step}`).toBeLessThan(providers.length);
      uses.push(unused.join() || "normal");
    }
    for (let bag = 0; bag < 12; bag += 3)
      expect(uses.slice(bag, bag + 3).toSorted(), `seed ${seed}`).toEqual(["drain", "none", "normal"]);
  }
  expect(START.providers.every((provider) => !("use" in provider))).toBe(true);
});
