import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { PROMISES } from "../../faults/promises.ts";

const project = resolve(import.meta.dirname, "../../..");

test("every promise has its file, and every file in test/invariants its promise", () => {
  const files = readdirSync(resolve(project, "test/invariants")).filter((name) => name.endsWith(".test.ts"));
  expect(files.sort()).toEqual(PROMISES.map(({ file }) => `${file}.test.ts`).sort());
});

test("docs/guarantees.md speaks of every promise, by its number and title, and names its file", () => {
  const page = readFileSync(resolve(project, "docs/guarantees.md"), "utf8");
  for (const { number, title, file } of PROMISES) {
    expect(page).toContain(`## ${number}. ${title}`);
    expect(page).toContain(`test/invariants/${file}.test.ts`);
  }
});
