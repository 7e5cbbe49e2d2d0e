import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { NativeBlock } from "../../../../platform/clickhouse/native-block.ts";

const int64 = (...values: number[]) => {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeBigInt64LE(BigInt(value), 8 * i);
  return bytes;
};
const text = (value: string) => Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);
const block = (columns: number, rows: number, ...pieces: Buffer[]) =>
  Buffer.concat([Buffer.from([columns, rows]), ...pieces]);

describe("native block", () => {
  it("has the columns one after the other, each with its name and type, and all its values together", () => {
    const rows = new NativeBlock({ n: "UInt16", at: "DateTime64(3, 'UTC')", word: "String" });
    for (const [n, at, word] of [
      [1, 1_000, "a"],
      [513, -2, "ü"],
    ] as const) {
      rows.uint16(n);
      rows.int64(at);
      rows.string(word);
    }
    expect(rows.rows).toBe(2);
    const time = [text("at"), text("DateTime64(3, 'UTC')"), int64(1_000, -2)];
    expect(rows.encoded()).toEqual(
      block(
        ...[3, 2],
        ...[text("n"), text("UInt16"), Buffer.from([1, 0, 1, 2])],
        ...[...time, text("word"), text("String"), text("a"), text("ü")],
      ),
    );
  });

  it("writes strings that come again once, and which of them a row has in as few octets as do", () => {
    const rows = new NativeBlock({ word: "LowCardinality(String)" });
    for (const word of ["b", "a", "b"]) rows.string(word);
    const title = [text("word"), text("LowCardinality(String)")];
    expect(rows.encoded()).toEqual(
      block(1, 3, ...title, int64(1, 0x600, 2), text("b"), text("a"), int64(3), Buffer.from([0, 1, 0])),
    );
    const more = new NativeBlock({ word: "LowCardinality(String)" });
    for (let i = 0; i < 2_000; i++) more.string(String(i % 300));
    const encoded = more.encoded();
    const indices = encoded.subarray(-4_000);
    expect(Array.from({ length: 2_000 }, (_, i) => indices.readUInt16LE(2 * i))).toEqual(
      Array.from({ length: 2_000 }, (_, i) => i % 300),
    );
    expect(encoded.subarray(-4_008, -4_000)).toEqual(int64(2_000));
    expect(encoded.indexOf(int64(1, 0x601, 300))).toBeGreaterThan(0);
    expect(Math.abs(more.length - encoded.length)).toBeLessThan(100);
  });

  it("takes more than 65,536 different words", () => {
    const rows = new NativeBlock({ word: "LowCardinality(String)" });
    for (let i = 0; i < 65_537; i++) rows.string(String(i));
    const encoded = rows.encoded();
    expect(encoded.indexOf(int64(1, 0x602, 65_537))).toBeGreaterThan(0);
    expect(encoded.readUInt32LE(encoded.length - 4)).toBe(65_536);
  });

  it("holds in memory what it says, nearly, though a column's words may become many", () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const held = () => {
      gc();
      gc();
      return process.memoryUsage().arrayBuffers;
    };
    const names = Array.from({ length: 50 }, (_, i) => `c${i}`);
    const before = held();
    const rows = new NativeBlock(Object.fromEntries(names.map((name) => [name, "LowCardinality(String)"])));
    // Room is doubled: this is just below where it would be again.
    for (let i = 0; i < 32_000; i++) for (const name of names) rows.string(name === "c0" ? String(i % 300) : "word");
    expect(rows.length).toBeLessThan(1.1 * 32_000 * names.length);
    expect(held() - before).toBeLessThan(1.5 * rows.length);
    expect(rows.rows).toBe(32_000);
  });

  it("tells NULLs from values, and where the elements of lists and labels end", () => {
    const rows = new NativeBlock({
      at: "Nullable(Int64)",
      ids: "Array(String)",
      labels: "Map(String, String)",
    });
    rows.nullableInt64(7);
    rows.strings(["x", "y"]);
    rows.labels({});
    rows.nullableInt64(null);
    rows.strings([]);
    rows.labels({ team: "a", order: "" });
    expect(rows.encoded()).toEqual(
      block(
        ...[3, 2],
        ...[text("at"), text("Nullable(Int64)"), Buffer.from([0, 1]), int64(7, 0)],
        ...[text("ids"), text("Array(String)"), int64(2, 2), text("x"), text("y")],
        ...[text("labels"), text("Map(String, String)"), int64(0, 2), text("team"), text("order"), text("a"), text("")],
      ),
    );
  });

  it("takes a UUID as ClickHouse keeps it, and nothing of what is none", () => {
    const rows = new NativeBlock({ id: "UUID", n: "UInt16" });
    expect(rows.uuid("00010203-0405-0607-0809-0a0b0c0d0e0g")).toBe(false);
    expect([rows.rows, rows.length]).toEqual([0, 0]);
    expect(rows.uuid("00010203-0405-0607-0809-0A0B0C0D0E0F")).toBe(true);
    rows.uint16(5);
    const id = Buffer.from([7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]);
    expect(rows.encoded()).toEqual(
      block(2, 1, text("id"), text("UUID"), id, text("n"), text("UInt16"), Buffer.from([5, 0])),
    );
  });

  it("refuses what a column's type does not have", () => {
    const rows = new NativeBlock({ n: "UInt16" });
    expect(() => rows.nullableInt64(null)).toThrow("the column has no NULL");
    expect(() => rows.strings([])).toThrow("the column has no arrays");
    expect(() => rows.labels({})).toThrow("the column has no maps");
  });
});
