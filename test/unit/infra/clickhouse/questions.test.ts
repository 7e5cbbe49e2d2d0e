import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { parseQuestion, questions } from "../../../../infra/clickhouse/questions.ts";
import { REPLAY_REASONS } from "../../../../pipeline/dead-letters/replay-mark.ts";

const PROJECT = resolve(import.meta.dirname, "../../../..");

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

it("what is asked up to `to`, which is out, is stated by the rates of the day before it", () => {
  const stated = questions().filter(({ sql }) => sql.includes("stated_rates("));
  for (const { name, sql, parameters } of stated) {
    const day = parameters.some((parameter) => parameter.name === "to")
      ? "{to:DateTime('UTC')} - INTERVAL 1 SECOND"
      : "now('UTC')";
    const days = [...sql.matchAll(/stated_rates\(day = toDate\((.+)\)\)\) AS/g)].map(([, said]) => said);
    expect(days, name).toEqual([day, day]);
  }
  expect(stated.length).toBeGreaterThan(9);
});

it.each(["infra/clickhouse/queries/dead-letters.sql", "docs/runbook.md", "README.md"])(
  "%s shows no mark of a replay as a dead letter",
  (file) => {
    const marks = Object.values(REPLAY_REASONS).map((reason) => `'${reason}'`);
    const asked = readFileSync(resolve(PROJECT, file), "utf8").match(/FROM (?:sluice\.)?dead_letters[^;`]*/g) ?? [];
    expect(asked).not.toEqual([]);
    for (const sql of asked) expect(sql).toContain(`reason NOT IN (${marks.join(", ")})`);
  },
);
