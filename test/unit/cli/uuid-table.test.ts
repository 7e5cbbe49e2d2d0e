import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UuidTable, withRoom } from "../../../services/cli/uuid-table.ts";

describe("UuidTable", () => {
  it("numbers ids like a Map does", () => {
    fc.assert(
      fc.property(fc.array(fc.uuid(), { maxLength: 3_000, size: "max" }), (ids) => {
        const table = new UuidTable();
        const model = new Map<string, number>();
        for (const id of ids) {
          if (!model.has(id)) model.set(id, model.size);
          expect(table.add(id)).toBe(model.get(id));
        }
        expect(table.size).toBe(model.size);
        for (const [id, row] of model) expect([table.find(id), table.idOf(row)]).toEqual([row, id]);
      }),
      { numRuns: 10 },
    );
  });

  it("grows beyond its first size", () => {
    const table = new UuidTable();
    const idOf = (n: number) => `0190a0b0-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
    const numbers = Array.from({ length: 50_000 }, (_, n) => n);
    expect(numbers.map((n) => table.add(idOf(n)))).toEqual(numbers);
    expect(numbers.map((n) => table.find(idOf(n)))).toEqual(numbers);
    expect(table.find(idOf(50_000))).toBe(-1);
  });

  it("refuses what is no UUID", () => {
    const table = new UuidTable();
    expect(table.add("order-17")).toBe(-1);
    expect(table.add("zzzzzzzz-0000-7000-8000-000000000000")).toBe(-1);
    expect(table.size).toBe(0);
  });
});

describe("withRoom", () => {
  it("keeps what is there", () => {
    const longer = withRoom(Uint8Array.of(1, 2), 3);
    expect([...longer.slice(0, 3)]).toEqual([1, 2, 0]);
    expect(withRoom(longer, longer.length)).toBe(longer);
  });
});
