import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AvroCodec } from "../../../../platform/codec/avro-codec.ts";
import { readSchema } from "../../../../platform/codec/avro-schema.ts";
import { avroType } from "../../../../platform/codec/avro-types.ts";
import type { Decoded } from "../../../../platform/codec/codec.ts";
import { Slab } from "../../../../platform/codec/slab.ts";
import { type WriterSchema, WriterSchemas } from "../../../../platform/codec/writer-schemas.ts";

interface Parcel {
  id: string;
  weight: number;
  price: number | null;
  fee: number;
  kind: "small" | "large";
  note: string | null;
  sentAt: number | null;
  tags: string[];
  labels: Record<string, string>;
  stamps: Record<string, Buffer>;
  seal: Buffer | null;
  stops: { place: string; minutes: number | null }[];
}

const decimal = { type: "bytes", logicalType: "decimal", precision: 18, scale: 6 };
const instant = { type: "long", logicalType: "timestamp-millis" };

const schema = {
  type: "record",
  name: "Parcel",
  namespace: "post",
  fields: [
    { name: "id", type: "string" },
    { name: "weight", type: "double" },
    { name: "price", type: ["null", decimal], default: null },
    { name: "fee", type: decimal },
    { name: "kind", type: { type: "enum", name: "Kind", symbols: ["small", "large"] } },
    { name: "note", type: ["null", "string"], default: null },
    { name: "sentAt", type: ["null", instant], default: null },
    { name: "tags", type: { type: "array", items: "string" }, default: [] },
    { name: "labels", type: { type: "map", values: "string" }, default: {} },
    { name: "stamps", type: { type: "map", values: "bytes" }, default: {} },
    { name: "seal", type: ["null", "bytes"], default: null },
    {
      name: "stops",
      type: {
        type: "array",
        items: {
          type: "record",
          name: "Stop",
          fields: [
            { name: "place", type: "string" },
            { name: "minutes", type: ["null", "int"], default: null },
          ],
        },
      },
      default: [],
    },
  ],
};

const without = (...names: string[]) => ({
  ...schema,
  fields: schema.fields.filter(({ name }) => !names.includes(name)),
});
const withField = (field: object) => ({ ...schema, fields: [...schema.fields, field] });

function registry(schemas: Record<number, object>) {
  return new WriterSchemas(async (id): Promise<WriterSchema | undefined> => {
    const found = schemas[id];
    return found === undefined ? undefined : { state: "loaded", schema: readSchema(found) };
  });
}

function codecOf<T = Parcel>(own: object = schema, schemaId = 258, writers = registry({})) {
  return new AvroCodec<T>({ schema: own, schemaId, slab: new Slab(), writers });
}

const text = fc.string({ unit: "grapheme", maxLength: 90 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const instants = fc.integer({ min: -(2 ** 45), max: 2 ** 45 });
const parcel: fc.Arbitrary<Parcel> = fc.record(
  {
    id: text,
    weight: fc.double({ noNaN: true }),
    price: optional(fc.maxSafeInteger()),
    fee: fc.maxSafeInteger(),
    kind: fc.constantFrom("small" as const, "large" as const),
    note: optional(text),
    sentAt: optional(instants),
    tags: fc.array(text, { maxLength: 5 }),
    labels: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }),
    stamps: fc.dictionary(text, bytes, { maxKeys: 4, noNullPrototype: true }),
    seal: optional(bytes),
    stops: fc.array(fc.record({ place: text, minutes: optional(fc.integer()) }, { noNullPrototype: true }), {
      maxLength: 3,
    }),
  },
  { noNullPrototype: true },
);

const sample: Parcel = {
  id: "p-1",
  weight: 1.5,
  price: 7_500,
  fee: -1,
  kind: "large",
  note: "ring twice",
  sentAt: 1_764_000_000_000,
  tags: ["a", "b"],
  labels: { from: "here" },
  stamps: { x: Buffer.from([1, 2]) },
  seal: null,
  stops: [{ place: "Ulm", minutes: null }],
};

function decodedValue<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(`${decoded.code}: ${decoded.detail}`);
  return decoded.value;
}

describe("encoding", () => {
  test("is a zero byte, the schema id in four bytes, and what plain avsc would write", () => {
    const small = {
      type: "record",
      name: "Small",
      fields: [
        { name: "a", type: "string" },
        { name: "n", type: "long" },
      ],
    };
    const encoded = codecOf<{ a: string; n: number }>(small, 258).encode({ a: "hi", n: -2 });
    expect(encoded.toString("hex")).toBe("0000000102" + "04" + "6869" + "03");
  });

  test("and decoding give back any value", () => {
    const codec = codecOf();
    fc.assert(
      fc.property(parcel, (value) => {
        expect(decodedValue(codec.decode(codec.encode(value)))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test("leaves earlier records as they were, over many slabs", () => {
    const codec = codecOf();
    const encoded = Array.from({ length: 3_000 }, (_, i) =>
      codec.encode({ ...sample, id: `p-${i}`, note: "x".repeat(i % 400) }),
    );
    expect(encoded.every((record, i) => decodedValue(codec.decode(record)).id === `p-${i}`)).toBe(true);
  });

  test("of a value that does not fit names the field and prints nothing of the content", () => {
    const codec = codecOf();
    const encode = () => codec.encode({ ...sample, note: 17 as never, fee: 0.25, id: "the secret id" });
    expect(encode).toThrow(expect.objectContaining({ code: "ENCODE_INVALID", details: { fields: ["fee", "note"] } }));
    expect(encode).not.toThrow(/secret|17/);
    expect(decodedValue(codec.decode(codec.encode(sample)))).toEqual(sample);
  });
});

describe("decoding what nobody can read", () => {
  const codec = codecOf();
  const good = codec.encode(sample);

  test("never throws, takes no time and says undecodable: random bytes behind a right header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const decoded = codec.decode(Buffer.concat([good.subarray(0, 5), body]));
        expect(decoded.ok || decoded.code === "undecodable").toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test("never throws: any bytes of a good record replaced", () => {
    const change = fc.tuple(fc.integer({ min: 5, max: good.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = Buffer.from(good);
        for (const [at, byte] of changes) damaged[at] = byte;
        expect(typeof codec.decode(damaged).ok).toBe("boolean");
      }),
      { numRuns: 3_000 },
    );
  });

  test("every truncation, anything trailing, another magic byte, no header", () => {
    for (let length = 0; length < good.length; length++)
      expect(codec.decode(good.subarray(0, length))).toMatchObject({ ok: false, code: "undecodable" });
    expect(codec.decode(Buffer.concat([good, Buffer.from([0])]))).toMatchObject({
      code: "undecodable",
      detail: "1 bytes behind its end",
    });
    expect(codec.decode(Buffer.concat([Buffer.from([1]), good.subarray(1)]))).toMatchObject({ code: "undecodable" });
    expect(codec.decode(Buffer.from('{"id":"p-1"}'))).toMatchObject({ code: "undecodable" });
    expect(codec.decode(Buffer.from([0, 255, 255, 255, 255, 0]))).toMatchObject({ code: "undecodable" });
  });

  // Counts as zigzag varints: 2^30, 2^40, -(2^40), and 300 bytes of continuation, which is not a number any more.
  test.each(["8080808008", "808080808040", "ffffffffff3f00", "ff".repeat(300)])(
    "a list or map that claims %s items ends at once",
    (count) => {
      const list = codecOf({
        type: "record",
        name: "L",
        fields: [{ name: "items", type: { type: "array", items: "string" } }],
      });
      const map = codecOf({
        type: "record",
        name: "M",
        fields: [{ name: "items", type: { type: "map", values: "string" } }],
      });
      for (const each of [list, map]) {
        const record = Buffer.concat([Buffer.from("0000000102", "hex"), Buffer.from(count, "hex"), Buffer.alloc(20)]);
        expect(each.decode(record)).toMatchObject({ ok: false, code: "undecodable" });
      }
    },
  );

  test("a list that this program skips is bounded as well", async () => {
    const writer = withField({ name: "extra", type: { type: "array", items: "string" } });
    const writers = registry({ 3: writer });
    await writers.load(3);
    const reader = codecOf(schema, 258, writers);
    const whole = codecOf<Parcel & { extra: string[] }>(writer, 3).encode({ ...sample, extra: ["x"] });
    expect(decodedValue(reader.decode(whole))).toEqual(sample);
    const head = whole.subarray(0, whole.length - 4);
    for (const count of ["808080808040", "ffffffffff3f03"])
      expect(reader.decode(Buffer.concat([head, Buffer.from(count, "hex")]))).toMatchObject({ code: "undecodable" });
  });

  test("a map's key __proto__ is a key like others", () => {
    const labels = Object.fromEntries([["__proto__", "x"]]);
    const stamps = Object.fromEntries([["__proto__", Buffer.from("x")]]);
    const value = decodedValue(codec.decode(codec.encode({ ...sample, labels, stamps })));
    expect(Object.entries(value.labels)).toEqual([["__proto__", "x"]]);
    expect(Object.getPrototypeOf(value.stamps)).toBe(Object.prototype);
  });
});

describe("decoding what another schema wrote", () => {
  test("asks for the schema, then fills what the older one lacks with the default", async () => {
    const older = without("price", "tags", "seal");
    const writers = registry({ 3: older });
    const codec = codecOf(schema, 258, writers);
    const record = codecOf(older, 3).encode(sample);
    expect(codec.decode(record)).toEqual({
      ok: false,
      code: "unknown-schema",
      detail: "schema 3 is not loaded",
      schemaId: 3,
    });
    expect(await writers.load(3)).toBe("loaded");
    expect(decodedValue(codec.decode(record))).toEqual({ ...sample, price: null, tags: [], seal: null });
  });

  test("leaves out what a newer one added, also decimals", async () => {
    const newer = withField({ name: "tip", type: ["null", decimal], default: null });
    const writers = registry({ 300: newer });
    await writers.load(300);
    const record = codecOf<Parcel & { tip: number }>(newer, 300).encode({ ...sample, tip: 5 });
    expect(decodedValue(codecOf(schema, 258, writers).decode(record))).toEqual(sample);
  });

  test("is undecodable when the registry has no such schema, or one that does not fit", async () => {
    const writers = registry({ 3: { type: "record", name: "Letter", fields: [] }, 4: without("id") });
    const codec = codecOf(schema, 258, writers);
    for (const id of [3, 4, 5]) await writers.load(id);
    const record = (id: number) => Buffer.from([0, 0, 0, 0, id, 0]);
    expect(codec.decode(record(3))).toMatchObject({
      code: "undecodable",
      detail: "schema 3 (Letter) cannot be read as post.Parcel: the record must be named Parcel, in any namespace",
    });
    expect(codec.decode(record(4))).toMatchObject({ code: "undecodable", schemaId: 4 });
    expect(codec.decode(record(5))).toMatchObject({
      code: "undecodable",
      detail: expect.stringContaining("schema 5 is not in the registry"),
    });
  });

  test("a decimal of another scale is refused, not misread", () => {
    const fields = [{ name: "fee", type: { ...decimal, scale: 2 } }];
    expect(() => avroType({ type: "record", name: "Other", fields })).toThrow(/scale 2, not 6/);
  });
});
