import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Manifest } from "../../../../services/cli/archive/manifest.ts";
import { removeOthers } from "../../../../services/cli/archive/replaced-archive.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-replaced-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("removes the files of earlier runs, and none that is younger than its own", () => {
  const names = ["old.parquet", "left.part", "first.parquet", "second.parquet", "younger.parquet", "younger.part"];
  for (const [index, name] of [...names, "old.txt"].entries()) {
    writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), 1_000 + index, 1_000 + index);
  }
  removeOthers(folder, { files: [{ name: "second.parquet" }, { name: "first.parquet" }] } as Manifest);
  const kept = ["first.parquet", "old.txt", "second.parquet", "younger.parquet", "younger.part"];
  expect(readdirSync(folder).sort()).toEqual(kept);
});
