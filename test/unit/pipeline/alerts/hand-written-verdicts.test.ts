import { globSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { AlertEvaluator } from "../../../../pipeline/alerts/alert-evaluator.ts";
import { ALERT_RULES } from "../../../../pipeline/alerts/alert-rules.ts";
import { readRuleTests, samplesAt } from "./promtool-file.ts";

const FOLDER = resolve(import.meta.dirname, "../../../../infra/prometheus/tests");
const files = globSync("*.test.yml", { cwd: FOLDER });
const tests = files.flatMap((file) => readRuleTests(join(FOLDER, file)));

/** The same files are run by `promtool test rules` (make alerts). */
describe("without Prometheus the verdict is the one that is written down for promtool", () => {
  test.each(tests.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const evaluator = new AlertEvaluator(ALERT_RULES);
    const end = Math.max(...one.expected.map(({ atSeconds }) => atSeconds));
    let step = 0;
    for (let at = 0; at <= end; at += one.evaluationSeconds) {
      for (; step * one.intervalSeconds <= at; step++)
        evaluator.observe(step * one.intervalSeconds * 1_000, "test", samplesAt(one, step));
      const alerts = evaluator.evaluate(at * 1_000).filter(({ state }) => state !== "resolved");
      const told = alerts.map(({ name, severity, state, labels }) => ({
        alertname: name,
        alertstate: state as string,
        severity: severity as string,
        ...labels,
      }));
      for (const { alert, atSeconds, samples } of one.expected) {
        if (atSeconds < at || atSeconds >= at + one.evaluationSeconds) continue;
        const found = told.filter((labels: Record<string, string>) =>
          alert.every(({ label, test: matches }) => matches(labels[label] ?? "")),
        );
        expect(found, `at ${atSeconds} s`).toEqual(samples);
      }
    }
  });
});

test("every rule is seen to fire, and every test file has rules that do not", () => {
  const fired = new Set(
    tests.flatMap(({ expected }) => expected.flatMap(({ samples }) => samples.map((s) => s.alertname))),
  );
  expect(ALERT_RULES.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
  const quiet = tests.flatMap(({ expected }) => expected.filter(({ samples }) => samples.length === 0));
  const silent = (name: string) =>
    quiet.some(({ alert }) => alert.every((m) => m.label !== "alertname" || m.test(name)));
  // Beside these, those whose fires-test names only one of several providers show it there.
  expect(ALERT_RULES.map(({ name }) => name).filter((name) => !silent(name))).toEqual([
    "ProviderRefusesAccount",
    "ProviderQuotaReached",
  ]);
});
