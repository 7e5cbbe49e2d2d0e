import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const DOCS = resolve(import.meta.dirname, "../../../../docs");
const page = readFileSync(resolve(DOCS, "interoperability.md"), "utf8");
/** Rows of the tables, without their heads; a bar within a cell is escaped. */
const rows = page
  .split("\n")
  .filter((line) => /^\| (?!-|dialect or quirk|part \|)/.test(line))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("every row of docs/interoperability.md says what Sluice does, and names a test", () => {
  expect(rows.length).toBeGreaterThan(100);
  const incomplete = rows.filter((cells) => cells.length !== 3 || cells.some((cell) => cell === ""));
  expect(incomplete).toEqual([]);
  expect(rows.filter(([, , tests]) => !/\]\(\.\.\/test\/[^)]+\.ts\)/.test(tests!))).toEqual([]);
});

test("every file that the page names is there", () => {
  const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!);
  expect(links.filter((link) => !existsSync(resolve(DOCS, link)))).toEqual([]);
});

test("no quirk stands on the page twice", () => {
  const quirks = rows.map(([quirk]) => quirk!);
  expect(quirks.filter((quirk, i) => quirks.indexOf(quirk) !== i)).toEqual([]);
});
