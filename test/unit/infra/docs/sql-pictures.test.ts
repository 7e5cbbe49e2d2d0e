import { describe, expect, it } from "vitest";
import { bars, roundUp, stackedColumns } from "../../../../infra/docs/bar-pictures.ts";
import { sqlPictures } from "../../../../infra/docs/sql-pictures.ts";

const heights = (svg: string) => [...svg.matchAll(/<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([\d.]+)"/g)];

describe("pictures of bars", () => {
  it("have columns as high as their values, upon one another", () => {
    const series = [
      { name: "a", colour: "#111111" },
      { name: "b", colour: "#222222" },
    ];
    const svg = stackedColumns("title", series, [
      { name: "x", values: [50, 25] },
      { name: "y", values: [100, 0] },
    ]);
    // Two of the legend, then four of 190 at the most.
    expect(heights(svg).map(([, height]) => Number(height))).toEqual([12, 12, 95, 47.5, 190, 0]);
    expect(svg).toContain('y="135.0" width="276.0" height="95.0" fill="#111111"');
    expect(svg).toContain('y="87.5" width="276.0" height="47.5" fill="#222222"');
  });

  it("have bars as long as their values, and names that are text", () => {
    const svg = bars("t", { colour: "#333333" }, [{ name: "<&>", value: 0.5 }], { unit: "EUR", digits: 2 });
    expect(svg).toContain('width="500.0" height="14" fill="#333333"');
    expect(svg).toContain(">&lt;&amp;&gt;</text>");
    expect(svg).toContain(">0.50 EUR</text>");
  });

  it.each([
    [0, 1],
    [1, 1],
    [1.1, 2],
    [0.03, 0.05],
    [600, 1_000],
  ])("end at a round number: %d below %d", (value, round) => expect(roundUp(value)).toBeCloseTo(round, 9));
});

describe("pictures of answers", () => {
  const row = { country: "DE", network: "26201", provider: "beta", delivered: 4, stated_currency: "EUR" };

  it("have the ways of a country together, each delivery once whatever the currencies, and no country without a rate or a delivery", () => {
    const answers = {
      "cost-per-delivered": [
        { ...row, stated_cost: 0.3 },
        { ...row, stated_cost: 0.1 },
        { ...row, network: "26202", delivered: 1, stated_cost: 0.1 },
        { ...row, country: "FR", stated_cost: null },
        { ...row, country: "ES", delivered: 0, stated_cost: 0.2 },
      ],
    };
    const { svg, file } = sqlPictures({ messages: 1, answers })["cost-per-delivered"]!;
    expect(file).toBe("sql-cost-per-delivered.svg");
    expect(svg).toContain(">0.1000 EUR</text>");
    expect(svg.match(/>[A-Z]{2}</g)).toEqual([">DE<"]);
  });

  it("are none without answers", () => {
    expect(sqlPictures({ messages: 1, answers: {} })).toEqual({});
  });
});
