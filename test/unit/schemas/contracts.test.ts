import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { avroType } from "../../../platform/codec/avro-types.ts";
import { type AvroRecord, type AvroSchema, isUnion } from "../../../schemas/avro-schema.ts";
import { composeContracts, readContracts } from "../../../schemas/contracts.ts";
import { typescriptTypes } from "../../../schemas/typescript-types.ts";

const contracts = readContracts();
const composed = composeContracts(contracts);

describe("the contracts", () => {
  test("are whole: each can be compiled alone", () => {
    expect([...composed.keys()].sort()).toEqual([
      "BudgetWord",
      "Callback",
      "Cancel",
      "Consent",
      "Control",
      "Conversion",
      "ConversionCounts",
      "DeadLetter",
      "Dispatch",
      "Event",
      "Frequency",
      "Health",
      "Inbound",
      "NumberNetwork",
      "Quality",
      "Receipt",
      "Received",
      "RequestKeys",
      "Retry",
      "SendRequest",
      "SmppBinds",
      "SmppPart",
      "SmppReceipt",
      "SubmissionIndex",
      "Suspicion",
      "UploadBlock",
      "Usage",
    ]);
    for (const [name, schema] of composed) expect(avroType(schema).name).toBe(`sluice.${name}`);
  });

  test("say of every record and field what it is", () => {
    for (const record of contracts.values()) {
      expect(record.doc, record.name).toMatch(/\.$/);
      for (const field of record.fields) expect(field.doc, `${record.name}.${field.name}`).toMatch(/\.$/);
    }
  });

  test("hold times as timestamp-millis and money as decimal(18, 6)", () => {
    for (const record of contracts.values()) {
      for (const field of record.fields) {
        const types = JSON.stringify(field.type);
        if (field.name === "at" || field.name.endsWith("At")) expect(types, field.name).toContain("timestamp-millis");
        if (["price", "cost"].includes(field.name))
          expect(types, field.name).toContain('"logicalType":"decimal","precision":18,"scale":6');
      }
    }
  });

  test("give every optional field the default null, first in its union", () => {
    for (const record of contracts.values()) {
      for (const field of record.fields) {
        if (!isUnion(field.type)) continue;
        expect([field.type[0], field.default], `${record.name}.${field.name}`).toEqual(["null", null]);
      }
    }
  });
});

describe("composing", () => {
  const record = (name: string, ...types: AvroSchema[]): AvroRecord => ({
    type: "record",
    name,
    fields: types.map((type, index) => ({ name: `f${index}`, type })),
  });

  test("puts a part at its first use and names it afterwards, also in lists, maps and options", () => {
    const attempt = record("Attempt", { type: "enum", name: "Colour", symbols: ["red"] });
    const whole = record(
      "Whole",
      { type: "array", items: "Attempt" },
      ["null", "Attempt"],
      { type: "map", values: "Attempt" },
      {
        type: "enum",
        name: "Colour",
        symbols: ["red"],
      },
    );
    const composedWhole = composeContracts(new Map([attempt, whole].map((each) => [each.name, each]))).get("Whole");
    expect(composedWhole?.fields.map((field) => field.type)).toEqual([
      { type: "array", items: attempt },
      ["null", "Attempt"],
      { type: "map", values: "Attempt" },
      "Colour",
    ]);
    expect(() => avroType(composedWhole!)).not.toThrow();
  });
});

describe("the TypeScript types", () => {
  test("are current; if not: node schemas/generate.ts", () => {
    const file = join(import.meta.dirname, "../../../schemas/generated/types.ts");
    expect(readFileSync(file, "utf8")).toBe(typescriptTypes(contracts));
  });

  test("refuse what the codec would not convert, and one name with two meanings", () => {
    const withType = (name: string, type: AvroSchema) =>
      new Map([[name, { type: "record", name, fields: [{ name: "x", type }] } as AvroRecord]]);
    expect(() => typescriptTypes(withType("A", { type: "long", logicalType: "timestamp-micros" }))).toThrow(
      /timestamp-micros/,
    );
    const colour = (symbol: string): AvroSchema => ({ type: "enum", name: "Colour", symbols: [symbol] });
    const two = new Map([...withType("A", colour("red")), ...withType("B", colour("blue"))]);
    expect(() => typescriptTypes(two)).toThrow(/Colour is defined twice/);
  });
});
