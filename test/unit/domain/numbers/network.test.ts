import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileNetworks, networkOf } from "../../../../domain/numbers/network.ts";
import { networkTable } from "../../../../domain/numbers/network-table.ts";

describe("networkOf", () => {
  it("names the network a prefix was allocated to", () => {
    expect(networkOf("491701234567")).toEqual({ mcc: "262", mnc: "01", mccMnc: "26201", name: "Telekom Deutschland" });
    expect(networkOf("447911123456")).toBeUndefined();
    expect(networkOf("447400123456")?.mccMnc).toBe("23420");
    expect(networkOf("573101234567")).toMatchObject({ mcc: "732", mnc: "101" });
    expect(networkOf("12125550123")).toBeUndefined();
    expect(networkOf("")).toBeUndefined();
    expect(networkOf("not a number")).toBeUndefined();
  });

  it("covers at least 25 countries", () => {
    expect(new Set(networkTable.map((row) => row.mccMnc.slice(0, 3))).size).toBeGreaterThanOrEqual(25);
  });

  it("equals the naive longest-prefix search over every row", () => {
    const prefixes = networkTable.flatMap((row) =>
      row.prefixes.split(" ").map((prefix) => ({ prefix: row.callingCode + prefix, mccMnc: row.mccMnc })),
    );
    const naive = (e164: string) =>
      prefixes.filter((row) => e164.startsWith(row.prefix)).sort((a, b) => b.prefix.length - a.prefix.length)[0]
        ?.mccMnc;
    const number = fc.oneof(
      fc.stringMatching(/^\d{0,15}$/),
      fc.tuple(fc.constantFrom(...prefixes), fc.stringMatching(/^\d{0,8}$/)).map(([row, rest]) => row.prefix + rest),
    );
    fc.assert(
      fc.property(number, (e164) => {
        expect(networkOf(e164)?.mccMnc).toBe(naive(e164));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("compileNetworks", () => {
  const row = { callingCode: "49", mccMnc: "26201", name: "A", prefixes: "170" };

  it("lets the longer prefix win, as a portability extract needs", () => {
    const lookup = compileNetworks([row, { ...row, mccMnc: "26202", name: "B", prefixes: "1701234567" }]);
    expect(lookup("491701234567")?.name).toBe("B");
    expect(lookup("491701234568")?.name).toBe("A");
  });

  it("refuses a prefix of two networks and malformed rows", () => {
    expect(() => compileNetworks([row, { ...row, name: "B" }])).toThrow("49170 belongs to two networks");
    expect(() => compileNetworks([{ ...row, prefixes: "17x" }])).toThrow("not a number prefix");
    expect(() => compileNetworks([{ ...row, mccMnc: "262" }])).toThrow("not a mobile country and network code");
  });
});
