import { expect, test } from "vitest";
import { usedAgain } from "../../../../pipeline/control/used-again.ts";
import { tellUsedAgain } from "../../../../services/cli/catalog/apply-command.ts";

const providers = (...list: object[]) => ({ providers: list });
const before = providers({ id: "a", use: "drain" }, { id: "b", use: "none" }, { id: "c" }, { id: "d", use: "normal" });

test("a provider that was out of use and is not any more, with the field or without, is told; what goes or stays out is not", () => {
  expect(usedAgain(before, providers({ id: "a" }, { id: "b", use: "normal" }, { id: "c" }, { id: "d" }))).toEqual([
    { id: "a", was: "drain" },
    { id: "b", was: "none" },
  ]);
  expect(usedAgain(before, providers({ id: "a", use: "none" }, { id: "c", use: "drain" }, { id: "e" }))).toEqual([]);
  expect(usedAgain(before, {})).toEqual([]);
  expect(usedAgain({}, before)).toEqual([]);
});

test("the warning names each provider, its use and the version that says so", () => {
  const told: string[] = [];
  const host = { tell: (line: string) => void told.push(line) };
  const current = { version: 7, source: before };
  expect(tellUsedAgain(current, providers({ id: "a" }, { id: "b", use: "none" }), host)).toBe(true);
  expect(told).toEqual(["WARNING: provider a is out of use in version 7 (use: drain), and would be used again"]);
  expect(tellUsedAgain(current, before, host)).toBe(false);
  expect(tellUsedAgain(undefined, before, host)).toBe(false);
  expect(told.length).toBe(1);
});
