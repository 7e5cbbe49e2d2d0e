/**
 * `make test`: the test projects one after the other, then one line with the counts of all of them. Arguments are the
 * projects to run; default unit, integration, e2e and the short form of the invariants (`make faults` runs their long form).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { runVitest } from "./run-vitest.ts";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    /** Epoch, ms. */
    startTime: number;
    endTime: number;
    assertionResults: { status: string }[];
  }[];
}

const folder = mkdtempSync(join(tmpdir(), "sluice-report-"));
const names = process.argv.length > 2 ? process.argv.slice(2) : ["unit", "integration", "e2e", "invariants"];

/** How many files are named that took longest. */
const SLOWEST = 12;

let passed = 0;
let failed = 0;
let skipped = 0;
const took: { readonly name: string; readonly seconds: number }[] = [];
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
    for (const { name: path, startTime, endTime } of report.testResults)
      took.push({ name: relative(process.cwd(), path), seconds: Math.round((endTime - startTime) / 1_000) });
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
took.sort((a, b) => b.seconds - a.seconds);
console.log("\nThe slowest files, seconds without their clusters' start:");
for (const { name, seconds } of took.slice(0, SLOWEST)) console.log(`${String(seconds).padStart(6)}  ${name}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
