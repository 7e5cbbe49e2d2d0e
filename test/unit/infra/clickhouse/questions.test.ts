import { expect, it } from "vitest";
import { parseQuestion } from "../../../../infra/clickhouse/questions.ts";

it("reads question, explanation, statement and parameters", () => {
  const text =
    "-- Who are\n-- you?\n--\n-- Read it\n-- so.\nSELECT {a:String},\n    -- why\n    {b:UInt8}, {a:String}\n";
  expect(parseQuestion("x", text)).toEqual({
    name: "x",
    question: "Who are you?",
    reading: "Read it so.",
    sql: "SELECT {a:String},\n    -- why\n    {b:UInt8}, {a:String}",
    parameters: [
      { name: "a", type: "String" },
      { name: "b", type: "UInt8" },
    ],
  });
});

it.each(["SELECT 1\n", "-- No question.\n--\n-- x\nSELECT 1\n", "-- Why?\nSELECT 1\n"])("refuses %j", (text) => {
  expect(() => parseQuestion("x", text)).toThrow(/queries\/x\.sql/);
});
