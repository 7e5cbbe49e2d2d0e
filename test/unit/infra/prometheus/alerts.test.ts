import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ruleFile } from "../../../../infra/prometheus/rule-file.ts";
import { ALERT_RULES } from "../../../../pipeline/alerts/alert-rules.ts";
import { labelsOf } from "../../../../pipeline/alerts/expression.ts";
import { OBJECTIVES } from "../../../../pipeline/alerts/rules/lane-rules.ts";
import { STAGE_BOUNDS } from "../../../../pipeline/measure/stage-seconds.ts";
import { LANES } from "../../../../schemas/topics.ts";

const PROJECT = resolve(import.meta.dirname, "../../../..");
const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");

test("the rule file is what pipeline/alerts says (make alerts)", () => {
  expect(read("infra/prometheus/rules/sluice.yml")).toBe(ruleFile());
});

test("every alert has its entry in the runbook, and the runbook no other", () => {
  const entries = [...read("docs/runbook.md").matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
  expect(entries.sort()).toEqual([...new Set(ALERT_RULES.map(({ name }) => name))].sort());
});

test("the commands of the runbook exist", () => {
  const runbook = read("docs/runbook.md");
  const makefile = read("Makefile");
  const targets = [...runbook.matchAll(/`?make ([a-z-]+)/g)].map(([, name]) => name!);
  expect(targets.length).toBeGreaterThan(5);
  for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}:`, "m"));
  const commands = read("services/cli/sluice.ts");
  for (const [, command] of runbook.matchAll(/sluice\.ts ([a-z-]+)/g)) expect(commands).toContain(`${command}Command`);
  for (const [, file] of runbook.matchAll(/\]\(([\w./-]+\.md)/g))
    expect(read(join("docs", file!)).length).toBeGreaterThan(0);
});

test("a sentence names only labels that its alert has", () => {
  for (const { name, summary, when, labels } of ALERT_RULES) {
    const known = [...labelsOf(when[0].left), ...Object.keys(labels ?? {}), "value"];
    for (const [, label] of summary.matchAll(/\{(\w+)\}/g)) expect(known, name).toContain(label);
  }
});

test("every lane has an objective, at a bound of the histogram that it is read from", () => {
  expect(OBJECTIVES.map(({ lane }) => lane)).toEqual([...LANES]);
  for (const { seconds } of OBJECTIVES) expect(STAGE_BOUNDS).toContain(seconds);
});
