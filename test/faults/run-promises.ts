/**
 * `make faults`: every promise in its long form, one after the other, then a table of figures and one line. `PROMISES=1,7`
 * runs some of them, `FORM=short` the form that CI runs. Exit code 0 when all hold.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runVitest } from "../run-vitest.ts";
import { PROMISES, type PromiseOfSluice } from "./promises.ts";
import type { Figure } from "./report.ts";

interface Verdict extends PromiseOfSluice {
  readonly held: boolean;
  readonly seconds: number;
  readonly figures: readonly Figure[];
}

const folder = mkdtempSync(join(tmpdir(), "sluice-faults-"));
const short = process.env.FORM === "short";

async function run(promise: PromiseOfSluice): Promise<Verdict> {
  const report = join(folder, `${promise.number}.jsonl`);
  console.log(`\n== promise ${promise.number}: ${promise.title} (test/invariants/${promise.file}.test.ts)`);
  const began = performance.now();
  const code = await runVitest(["--project", "invariants", "--project", "patient", `/${promise.file}.test.ts`], {
    SLUICE_FAULTS: short ? "short" : "long",
    SLUICE_FAULTS_REPORT: report,
  });
  const lines = existsSync(report) ? readFileSync(report, "utf8").split("\n") : [];
  const figures = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Figure);
  return { ...promise, held: code === 0, seconds: Math.round((performance.now() - began) / 1_000), figures };
}

function table(verdicts: readonly Verdict[]): string {
  return verdicts
    .flatMap(({ number, title, held, seconds, figures }) => [
      `${String(number).padStart(3)}  ${held ? "held  " : "BROKEN"}  ${title} (${seconds} s)`,
      ...figures.map(({ name, value }) => `${" ".repeat(13)}${name}: ${value}`),
    ])
    .join("\n");
}

const chosen = (process.env.PROMISES ?? "").split(",").filter((text) => text !== "");
const unknown = chosen.filter((text) => !PROMISES.some(({ number }) => String(number) === text));
if (unknown.length > 0) {
  console.error(
    `PROMISES=${process.env.PROMISES}: no promise ${unknown.join(", ")}; there are 1 to ${PROMISES.length}`,
  );
  process.exit(64);
}
const verdicts: Verdict[] = [];
for (const promise of PROMISES)
  if (chosen.length === 0 || chosen.includes(String(promise.number))) verdicts.push(await run(promise));
rmSync(folder, { recursive: true, force: true });
const held = verdicts.filter((verdict) => verdict.held).length;
console.log(`\nThe promises, ${short ? "short" : "long"} form:\n${table(verdicts)}\n`);
console.log(`promises: held=${held} broken=${verdicts.length - held}`);
process.exitCode = held === verdicts.length ? 0 : 1;
