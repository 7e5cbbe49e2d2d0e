/**
 * `make test`: the test projects one after the other, then one line with the counts of all of them. Arguments are the
 * projects to run; default unit, integration, e2e and the short form of the invariants (`make faults` runs their long form).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

const project = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "sluice-report-"));
const names = process.argv.length > 2 ? process.argv.slice(2) : ["unit", "integration", "e2e", "invariants"];

function vitest(name: string, outputFile: string): Promise<number> {
  const reporters = ["--reporter=default", "--reporter=json"];
  const args = ["node_modules/vitest/vitest.mjs", "run", "--project", name, ...reporters];
  const child = spawn(process.execPath, [...args, `--outputFile.json=${outputFile}`], {
    cwd: project,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((done) => child.once("close", (code) => done(code ?? 1)));
}

let passed = 0;
let failed = 0;
let skipped = 0;
for (const name of names) {
  const file = join(folder, `${name}.json`);
  const code = await vitest(name, file);
  try {
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    // A file that could not even be loaded has no failed test to be counted.
    const broken = report.testResults.filter(
      (f) => f.status === "failed" && f.assertionResults.every((t) => t.status !== "failed"),
    );
    passed += report.numPassedTests;
    skipped += report.numPendingTests;
    const failures = report.numFailedTests + broken.length;
    failed += code !== 0 && failures === 0 ? 1 : failures;
  } catch {
    console.error(`${name}: vitest ended with ${code} and without a report`);
    failed++;
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
