import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "sluice-manifest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MODULE = resolve(import.meta.dirname, "../../../../services/cli/archive/manifest.ts");
/** Writes a manifest of about 40 kB in a process whose files may have `most` KiB. */
function write(most: number) {
  const files = `Array.from({ length: 400 }, () => ({ name: "f".repeat(80) + ".parquet" }))`;
  const script = `import { writeManifest } from "${MODULE}"; writeManifest("${folder}", { files: ${files} });`;
  const command = `ulimit -f ${most}; exec "$0" --input-type=module --eval "$1"`;
  return spawnSync("bash", ["-c", command, process.execPath, script], { encoding: "utf8" });
}

it("puts no part of a manifest into the place of a whole one where the disk has no room for all of it", () => {
  expect(write(1_000)).toMatchObject({ status: 0, stderr: "" });
  const whole = readFileSync(join(folder, "manifest.json"), "utf8");
  expect(JSON.parse(whole).files).toHaveLength(400);
  const full = write(16);
  expect(full.status).not.toBe(0);
  expect(full.stderr).toContain("EFBIG");
  expect(readFileSync(join(folder, "manifest.json"), "utf8")).toBe(whole);
}, 30_000);
