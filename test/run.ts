/**
 * `make test`: the test projects one after the other, then one line with the counts of all of them. Arguments are the
 * projects to run; default unit, integration, e2e and the short form of the invariants (`make faults` runs their long form).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runVitest } from "./run-vitest.ts";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

const folder = mkdtempSync(join(tmpdir(), "sluice-report-"));
const names = process.argv.length > 2 ? process.argv.slice(2) : ["unit", "integration", "e2e", "invariants"];

let passed = 0;
let failed = 0;
let skipped = 0;
for (const name of names) {
  const file = join(folder, `${name}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await runVitest(["--project", name, ...reporters]);
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
