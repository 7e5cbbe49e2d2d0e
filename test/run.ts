/**
 * `make test`: the test projects, then one line with the counts of all of them. Arguments are the projects to run, one
 * after the other; default all, the promises in their short form (`make faults` runs the long one).
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

/** One list of projects after the other; what a list has in several rows runs beside each other, each row in its order. */
type Stage = readonly (readonly string[])[];
/**
 * Unit tests use every core, and what the invariants judge by the clock would suffer from company. The rest mostly waits:
 * for processes to start, for receipts, for deadlines.
 */
const ALL: readonly Stage[] = [
  [["unit"]],
  [
    ["integration", "e2e"],
    ["stored", "patient"],
  ],
  [["invariants"]],
];

const folder = mkdtempSync(join(tmpdir(), "sluice-report-"));
const given = process.argv.slice(2);
const stages: readonly Stage[] = given.length > 0 ? given.map((name) => [[name]]) : ALL;

/** How many files are named that took longest. */
const SLOWEST = 12;

let passed = 0;
let failed = 0;
let skipped = 0;
const took: { readonly name: string; readonly seconds: number }[] = [];
for (const stage of stages)
  await Promise.all(
    stage.map(async (row) => {
      for (const name of row) await run(name);
    }),
  );
rmSync(folder, { recursive: true, force: true });
took.sort((a, b) => b.seconds - a.seconds);
console.log("\nThe slowest files, seconds without their clusters' start:");
for (const { name, seconds } of took.slice(0, SLOWEST)) console.log(`${String(seconds).padStart(6)}  ${name}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Runs one project, and adds what its report counts. */
async function run(name: string): Promise<void> {
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
