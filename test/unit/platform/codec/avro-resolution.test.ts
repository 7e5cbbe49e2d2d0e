import avsc from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AvroCodec } from "../../../../platform/codec/avro-codec.ts";
import { readSchema } from "../../../../platform/codec/avro-schema.ts";
import type { Decoded } from "../../../../platform/codec/codec.ts";
import { Slab } from "../../../../platform/codec/slab.ts";
import { WriterSchemas } from "../../../../platform/codec/writer-schemas.ts";
import { composeContracts, readContracts } from "../../../../schemas/contracts.ts";
import type { SendRequest } from "../../../../schemas/generated/types.ts";

const OWN = 7;
const contract = composeContracts(readContracts()).get("SendRequest")!;

const FIELDS = {
  messageId: ["null", "string"] as unknown,
  accountId: "string" as unknown,
  to: "string" as unknown,
  from: ["null", "string"] as unknown,
  text: "string" as unknown,
  validitySeconds: ["null", "int"] as unknown,
  reference: ["null", "string"] as unknown,
  callbackUrl: ["null", "string"] as unknown,
  metadata: { type: "map", values: "string" } as unknown,
  acceptedAt: ["null", { type: "long", logicalType: "timestamp-millis" }] as unknown,
};
type Types = Partial<Record<keyof typeof FIELDS, unknown>> & Record<string, unknown>;

/** A producer's own schema: our fields in its way; undefined leaves one out. */
function schemaOf(changes: Types = {}, more: object = {}) {
  const fields = Object.entries({ ...FIELDS, ...changes }).filter(([, type]) => type !== undefined);
  return {
    type: "record",
    name: "SendRequest",
    namespace: "com.acme.sms",
    fields: fields.map(([name, type]) =>
      typeof type === "object" && type !== null && "field" in type
        ? { name, ...(type as { field: object }).field }
        : { name, type },
    ),
    ...more,
  };
}

const sample: SendRequest = {
  messageId: "0b9f2d3e-7c1a-8a5e-9a53-3f1f0d5b6a7c",
  accountId: "acme",
  to: "491700000012",
  from: "ACME",
  text: "Grüße 👋",
  validitySeconds: 600,
  reference: null,
  callbackUrl: null,
  transliterate: false,
  sendAt: null,
  metadata: { campaign: "x" },
  acceptedAt: 1_764_000_000_000,
  receiptTo: null,
};

/** Reads, as SendRequest, what a producer wrote with another schema. `written`: how avsc takes that value (wrapped unions). */
async function read(schema: object, written: object, encodeWith: object = schema): Promise<Decoded<SendRequest>> {
  const writers = new WriterSchemas(async () => ({ state: "loaded", schema: readSchema(schema) }));
  await writers.load(12);
  const codec = new AvroCodec<SendRequest>({ schema: contract, schemaId: OWN, slab: new Slab(), writers });
  const type = avsc.Type.forSchema(encodeWith as never, { wrapUnions: true });
  return codec.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, 12]), type.toBuffer(wrapped(written))]));
}

/** The optional fields of a value as avsc wants them where unions are wrapped. */
function wrapped(value: object): object {
  const branch: Record<string, string> = { validitySeconds: "int", acceptedAt: "long" };
  const optional = ["messageId", "from", "validitySeconds", "reference", "callbackUrl", "acceptedAt"];
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      optional.includes(name) && one !== null && typeof one !== "object" ? { [branch[name] ?? "string"]: one } : one,
    ]),
  );
}

const detailOf = (decoded: Decoded<SendRequest>) => (decoded.ok ? "it was read" : decoded.detail);

describe("a record that another schema wrote", () => {
  it("is read whatever its namespace", async () => {
    expect(await read(schemaOf(), sample)).toEqual({ ok: true, value: sample });
  });

  it.each([
    ["null where ours has a logical type", schemaOf({ acceptedAt: ["null", "long"] }), { acceptedAt: null }],
    ["a plain long for an instant", schemaOf({ acceptedAt: ["null", "long"] }), {}],
    ["a union in another order", schemaOf({ from: ["string", "null"], acceptedAt: ["long", "null"] }), {}],
    ["branches that were not written and do not fit", schemaOf({ from: ["null", "int", "string"] }), {}],
    ["a field that is not optional", schemaOf({ messageId: { field: { type: "string" } } }), { messageId: { ...{} } }],
    ["an int for a long", schemaOf({ acceptedAt: ["null", "int"] }), { acceptedAt: { int: 5 } }],
  ])("is read with %s", async (_, schema, changes) => {
    const value = { ...sample, ...changes };
    if ("messageId" in changes) {
      const written = { ...wrapped(sample), messageId: sample.messageId };
      const writers = new WriterSchemas(async () => ({ state: "loaded", schema: readSchema(schema) }));
      await writers.load(12);
      const codec = new AvroCodec<SendRequest>({ schema: contract, schemaId: OWN, slab: new Slab(), writers });
      const bytes = avsc.Type.forSchema(schema as never, { wrapUnions: true }).toBuffer(written);
      expect(codec.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, 12]), bytes]))).toEqual({ ok: true, value: sample });
      return;
    }
    const expected = {
      ...value,
      acceptedAt: typeof value.acceptedAt === "object" && value.acceptedAt ? 5 : value.acceptedAt,
    };
    expect(await read(schema, value)).toEqual({ ok: true, value: expected });
  });

  it("is read though a default stands for the second branch of its union, which some parsers refuse", async () => {
    const odd = schemaOf({
      from: { field: { type: ["null", "string"], default: "ACME" } },
      validitySeconds: { field: { type: ["null", "int"], default: 60 } },
    });
    expect(() => avsc.Type.forSchema(odd as never)).toThrow();
    expect(await read(odd, sample, schemaOf())).toEqual({ ok: true, value: sample });
  });

  it("takes our defaults for what is missing, and for a null where we have none", async () => {
    const few = schemaOf({
      reference: undefined,
      callbackUrl: undefined,
      metadata: ["null", FIELDS.metadata],
      acceptedAt: undefined,
    });
    const { reference, callbackUrl, acceptedAt, ...rest } = sample;
    expect(await read(few, { ...rest, metadata: null })).toEqual({
      ok: true,
      value: {
        ...sample,
        reference: null,
        callbackUrl: null,
        transliterate: false,
        sendAt: null,
        metadata: {},
        acceptedAt: null,
      },
    });
  });

  it("leaves out what it does not know, of any type and size", async () => {
    const inner = {
      type: "record",
      name: "Inner",
      namespace: "com.other",
      fields: [
        { name: "n", type: "long" },
        { name: "next", type: ["null", "Inner"] },
      ],
    };
    const more = schemaOf({
      hash: "long",
      price: { type: "bytes", logicalType: "decimal", precision: 10, scale: 2 },
      when: { type: "long", logicalType: "timestamp-micros" },
      tree: { type: "array", items: ["null", inner] },
      kind: { type: "enum", name: "Kind", symbols: ["A", "B"] },
      seal: { type: "fixed", name: "Seal", size: 3 },
      both: ["null", "com.other.Inner"],
      flags: { type: "map", values: "boolean" },
      numbers: { type: "array", items: "double" },
    });
    const extra = {
      hash: 2 ** 52,
      price: Buffer.from([1]),
      when: 1,
      tree: [null, { "com.other.Inner": { n: 1, next: { "com.other.Inner": { n: 2, next: null } } } }],
      kind: "B",
      seal: Buffer.from([1, 2, 3]),
      both: { "com.other.Inner": { n: 3, next: null } },
      flags: { a: true },
      numbers: [1.5],
    };
    expect(await read(more, { ...sample, ...extra })).toEqual({ ok: true, value: sample });
  });

  it("leaves out numbers that no number here holds exactly", async () => {
    const fields = [...schemaOf().fields, { name: "hash", type: "long" }];
    const decoded = await (async () => {
      const schema = { ...schemaOf(), fields };
      const writers = new WriterSchemas(async () => ({ state: "loaded", schema: readSchema(schema) }));
      await writers.load(12);
      const codec = new AvroCodec<SendRequest>({ schema: contract, schemaId: OWN, slab: new Slab(), writers });
      const bytes = avsc.Type.forSchema(schemaOf() as never, { wrapUnions: true }).toBuffer(wrapped(sample));
      // The largest long.
      const hash = Buffer.from("feffffffffffffffff01", "hex");
      return codec.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, 12]), bytes, hash]));
    })();
    expect(decoded).toEqual({ ok: true, value: sample });
  });

  it.each([
    ["timestamp-micros", 1_764_000_000_123_456, 1_764_000_000_123],
    ["timestamp-micros", -1, -1],
    ["timestamp-millis", 1_764_000_000_123, 1_764_000_000_123],
    ["something-else", 1_764_000_000_123, 1_764_000_000_123],
  ])("has its time in %s converted", async (logicalType, written, acceptedAt) => {
    const schema = schemaOf({ acceptedAt: ["null", { type: "long", logicalType }] });
    expect(await read(schema, { ...sample, acceptedAt: written })).toEqual({
      ok: true,
      value: { ...sample, acceptedAt },
    });
  });

  it("is refused for a local time, which says no instant, only where one was written", async () => {
    const schema = schemaOf({ acceptedAt: ["null", { type: "long", logicalType: "local-timestamp-millis" }] });
    expect(detailOf(await read(schema, sample))).toMatch(
      /acceptedAt: local-timestamp-millis says no instant.*schema 12/,
    );
    expect(await read(schema, { ...sample, acceptedAt: null })).toMatchObject({
      ok: true,
      value: { acceptedAt: null },
    });
  });

  it("gives texts that were written as octets, enums, or under a former name", async () => {
    const schema = schemaOf({
      text: "bytes",
      accountId: { type: "enum", name: "Account", symbols: ["other", "acme"] },
      to: undefined,
      recipient: { field: { type: "string", aliases: ["to"] } },
    });
    const { to, ...rest } = sample;
    const written = { ...rest, text: Buffer.from(sample.text), recipient: to };
    expect(await read(schema, written)).toEqual({ ok: true, value: sample });
  });

  it.each([
    [
      "another record",
      schemaOf({}, { name: "Order" }),
      /com\.acme\.sms\.Order\).*must be named SendRequest, in any namespace/,
    ],
    [
      "a field that must be there",
      schemaOf({ to: undefined, accountId: undefined }),
      /no field accountId; no field to/,
    ],
    ["a number for a text", schemaOf({ text: "int" }), /text: int, and string is needed/],
    ["no record", { type: "array", items: "string" }, /it is array, and a record SendRequest is needed/],
  ])("is refused, saying what to change: %s", async (_, schema, detail) => {
    const writers = new WriterSchemas(async () => ({ state: "loaded", schema: readSchema(schema) }));
    await writers.load(12);
    const codec = new AvroCodec<SendRequest>({ schema: contract, schemaId: OWN, slab: new Slab(), writers });
    expect(detailOf(codec.decode(Buffer.from([0, 0, 0, 0, 12, 0])))).toMatch(detail);
  });

  it("names the field whose null cannot be taken", async () => {
    const schema = schemaOf({ text: ["null", "string"] });
    const written = { ...sample, text: null };
    expect(detailOf(await read(schema, written))).toMatch(/text: null, and string is needed \(schema 12\)/);
  });

  it("never throws, whatever its bytes, and gives back what it was for any value", async () => {
    const schema = schemaOf({
      from: ["string", "null"],
      extra: { type: "array", items: ["null", "string", "double"] },
    });
    const writers = new WriterSchemas(async () => ({ state: "loaded", schema: readSchema(schema) }));
    await writers.load(12);
    const codec = new AvroCodec<SendRequest>({ schema: contract, schemaId: OWN, slab: new Slab(), writers });
    const head = Buffer.from([0, 0, 0, 0, 12]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof codec.decode(Buffer.concat([head, bytes])).ok).toBe("boolean");
      }),
      { numRuns: 2_000 },
    );
    const type = avsc.Type.forSchema(schema as never, { wrapUnions: true });
    const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
    const value = fc.record(
      {
        messageId: optional(fc.string()),
        accountId: fc.string(),
        to: fc.string(),
        from: optional(fc.string()),
        text: fc.string({ unit: "grapheme" }),
        validitySeconds: optional(fc.integer()),
        reference: optional(fc.string()),
        callbackUrl: optional(fc.string()),
        metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        // avsc writes no larger number exactly.
        acceptedAt: optional(fc.integer({ min: -(2 ** 51), max: 2 ** 51 })),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(value, (one) => {
        const bytes = type.toBuffer({ ...wrapped(one), extra: [null, { string: "x" }, { double: 1 }] });
        expect(codec.decode(Buffer.concat([head, bytes]))).toEqual({
          ok: true,
          value: { ...one, transliterate: false, sendAt: null, receiptTo: null },
        });
      }),
    );
  });
});

describe("bytes in another format", () => {
  const codec = new AvroCodec<SendRequest>({
    schema: contract,
    schemaId: OWN,
    slab: new Slab(),
    writers: new WriterSchemas(async () => undefined),
  });
  it.each([
    ["nothing", Buffer.alloc(0), /^empty/],
    ["JSON", Buffer.from('{"to":"491700000012","text":"the secret"}'), /^JSON, not Avro.*zero byte/],
    ["JSON behind a byte-order mark", Buffer.from('\ufeff [{"to":1}]'), /^JSON, not Avro/],
    [
      "an id of eight bytes",
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2]),
      /eight bytes.*Apicurio.*Legacy4ByteIdHandler/,
    ],
    ["a container file", Buffer.from("Obj\u0001xxxx"), /container file/],
    ["Glue", Buffer.concat([Buffer.from([3, 0]), Buffer.alloc(20, 7)]), /Glue/],
    ["a schema's GUID", Buffer.concat([Buffer.from([1]), Buffer.alloc(20, 7)]), /GUID/],
    ["single objects", Buffer.from([0xc3, 0x01, 1, 2, 3]), /single-object/],
    ["Avro without a header", Buffer.from([8, 97, 99, 109, 101]), /without its header/],
    ["no id at all", Buffer.from([0, 255, 255, 255, 255, 0]), /schema id -1 is none/],
  ])("is named, with what to change: %s", (_, bytes, detail) => {
    const decoded = codec.decode(bytes);
    expect(detailOf(decoded)).toMatch(detail);
    expect(detailOf(decoded)).not.toContain("secret");
  });
});
