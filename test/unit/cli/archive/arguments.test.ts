import { expect, it } from "vitest";
import { readArchiveArguments, readDays, readRestoreArguments } from "../../../../services/cli/archive/arguments.ts";
import { UsageError } from "../../../../services/cli/command.ts";

it("reads a day, or all days from one to another", () => {
  expect(readDays("2026-11-01")).toEqual(["2026-11-01"]);
  expect(readDays("2026-02-27..2026-03-01")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  const asked = readArchiveArguments(["--day", "2026-11-01", "--to", "a", "--drop"]);
  expect(asked).toMatchObject({ folder: "a", drop: true, replace: false, json: false, named: false });
  expect(asked.tables.map(({ name }) => name)).toEqual(["events", "dead_letters", "conversions"]);
});

it.each([
  [["--to", "a"], "--day"],
  [["--day", "2026-11-01"], "--to"],
  [["--day", "2026-02-30", "--to", "a"], "--day 2026-02-30"],
  [["--day", "yesterday", "--to", "a"], "--day yesterday"],
  [["--day", "2026-11-02..2026-11-01", "--to", "a"], "is after"],
  [["--day", "2020-01-01..2026-11-01", "--to", "a"], "more than 1000 days"],
  [["--day", "2026-11-01..2026-11-02..2026-11-03", "--to", "a"], "--day"],
  [["--day", "2026-11-01", "--to", "a", "--table", "minutes"], "--table minutes"],
])("names what is wrong: %j", (args, told) => {
  expect(() => readArchiveArguments(args)).toThrow(UsageError);
  expect(() => readArchiveArguments(args)).toThrow(told);
});

it("tells tables that were named from those taken by default", () => {
  const asked = readArchiveArguments(["--day", "2026-11-01", "--to", "a", "--table", "conversions"]);
  expect(asked).toMatchObject({ named: true, tables: [{ name: "conversions" }] });
});

it("restores one table into another", () => {
  const day = ["--day", "2026-11-01", "--from", "a"];
  expect(readRestoreArguments([...day, "--table", "events", "--into", "old_events"])).toMatchObject({
    into: "old_events",
  });
  expect(() => readRestoreArguments([...day, "--into", "old_events"])).toThrow("one table");
  expect(() => readRestoreArguments([...day, "--table", "events", "--into", "a b"])).toThrow("--into a b");
});
