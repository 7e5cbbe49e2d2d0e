/**
 * Our evaluator and promtool, on the same random series: both must say the same of every rule at every moment that is compared. Without promtool
 * the comparison is left out, and said so. ALERT_WORLDS=50 compares more worlds, ALERT_SEED=n begins with another one.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { promtool } from "../../../../infra/prometheus/promtool.ts";
import { AlertEvaluator } from "../../../../pipeline/alerts/alert-evaluator.ts";
import { ALERT_RULES } from "../../../../pipeline/alerts/alert-rules.ts";
import { reachOf } from "../../../../pipeline/alerts/expression.ts";
import type { Sample } from "../../../../pipeline/alerts/sample-store.ts";
import { randomOf, randomWorld, type WorldSeries } from "./random-world.ts";

const RULES = resolve(import.meta.dirname, "../../../../infra/prometheus/rules/sluice.yml");
const WORLDS = Number(process.env.ALERT_WORLDS ?? 1);
/** Of the worlds that the present rules draw, one in which most of them fire: other rules draw others. */
const SEED = Number(process.env.ALERT_SEED ?? 2);

const NAMES = [...new Set(ALERT_RULES.map(({ name }) => name))];
const HOUR = 3_600;
const looksFarBack = (name: string) => ALERT_RULES.some((rule) => rule.name === name && reachOf(rule) > HOUR);

/**
 * Two forms: an hour and more with what is read every 15 s, compared at every moment; and more than a day for the rules that look back for longer than
 * an hour. Of what is older our store keeps fewer points, so that its verdict may come some minutes later: these are compared where ours is the
 * same for a quarter of an hour around.
 */
const FORMS = [
  {
    ...{ name: "hours", intervalMs: 15_003, evaluationSeconds: 60, hours: 2, phase: [8, 90] as const, steady: 0 },
    names: NAMES.filter((name) => !looksFarBack(name)),
  },
  {
    ...{ name: "days", intervalMs: 200_003, evaluationSeconds: 300, hours: 30, phase: [10, 150] as const, steady: 3 },
    names: NAMES.filter(looksFarBack),
  },
] as const;
type Form = (typeof FORMS)[number];

interface Verdicts {
  /** At each evaluation the alerts as promtool writes them, sorted. */
  readonly at: readonly (readonly string[])[];
  readonly fired: ReadonlySet<string>;
}

// No sample stands exactly at the end of a stretch: Prometheus 2 counts it in, and Prometheus 3 does not.
// Ours stretches as Prometheus does from 2.52 on. Before, a series that began within a stretch could be stretched a little further, so that
// such a promtool may in a rare world say otherwise for a moment.
function ours(world: readonly WorldSeries[], { intervalMs, evaluationSeconds, hours }: Form): Verdicts {
  const evaluator = new AlertEvaluator(ALERT_RULES);
  const at: string[][] = [];
  const fired = new Set<string>();
  let step = 0;
  for (let now = 0; now <= hours * 3_600_000; now += evaluationSeconds * 1_000) {
    for (; step * intervalMs <= now; step++)
      // Each series is a target of its own: it may fail to be read while others are.
      world.forEach(({ name, labels, values }, i) => {
        const value = values[step];
        if (value === undefined) return;
        const samples: Sample[] = value === "stale" ? [] : [{ name, labels, value }];
        evaluator.observe(step * intervalMs, String(i), samples);
      });
    const told = evaluator.evaluate(now).filter(({ state }) => state !== "resolved");
    for (const { name, state } of told) if (state === "firing") fired.add(name);
    at.push(
      told
        .map(({ name, severity, state, labels }) => text({ alertname: name, alertstate: state, severity, ...labels }))
        .sort(),
    );
  }
  return { at, fired };
}

const text = (labels: Readonly<Record<string, string>>) =>
  `ALERTS{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`;

/** What is said of one alert, at the moments at which that stands for so many evaluations before and after. */
function steady({ at }: Verdicts, alert: string, evaluations: number): { i: number; alerts: readonly string[] }[] {
  const said = at.map((all) => all.filter((labels) => labels.includes(`{alertname="${alert}"`)));
  return said.flatMap((alerts, i) => {
    const around = said.slice(Math.max(0, i - evaluations), i + evaluations + 1);
    return around.every((other) => String(other) === String(alerts)) ? [{ i, alerts }] : [];
  });
}

interface Expected {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: 1 }[];
}

function expectedOf(verdicts: Verdicts, { names, steady: evaluations, evaluationSeconds }: Form): Expected[] {
  return names.flatMap((alert) =>
    steady(verdicts, alert, evaluations).map(({ i, alerts }) => ({
      expr: `ALERTS{alertname="${alert}"}`,
      eval_time: `${i * evaluationSeconds}s`,
      exp_samples: alerts.map((labels) => ({ labels, value: 1 })),
    })),
  );
}

function promtoolFile(world: readonly WorldSeries[], expected: readonly Expected[], form: Form): string {
  const { intervalMs, evaluationSeconds } = form;
  return stringify({
    rule_files: [RULES],
    evaluation_interval: `${evaluationSeconds}s`,
    tests: [
      {
        interval: `${intervalMs}ms`,
        input_series: world.map(({ name, labels, values }) => ({
          series: `${name}${text(labels).slice("ALERTS".length)}`,
          values: values.map((value) => value ?? "_").join(" "),
        })),
        promql_expr_test: expected,
      },
    ],
  });
}

/** Of what promtool says of a file: the alerts that only one of the two has, moment by moment; at most 20. */
function differences(said: string): string[] {
  const found = [...said.matchAll(/time: (\S+),\s+exp: ?(.*)\n\s+got: ?(.*)/g)].flatMap(
    ([, time, exp = "", got = ""]) => {
      const [mine, theirs] = [exp, got].map((side) => new Set(side.match(/\{[^}]*\}/g) ?? []));
      return [
        ...[...mine!].filter((one) => !theirs!.has(one)).map((one) => `${time} only ours: ${one}`),
        ...[...theirs!].filter((one) => !mine!.has(one)).map((one) => `${time} only promtool: ${one}`),
      ];
    },
  );
  return found.slice(0, 20);
}

const tool = promtool();

test.each(FORMS)(
  "the verdicts over $name are promtool's, where that is installed",
  (form) => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-alerts-"));
    try {
      const fired = new Set<string>();
      let [compared, telling] = [0, 0];
      for (let seed = SEED; seed < SEED + WORLDS; seed++) {
        const { intervalMs, hours, phase } = form;
        const steps = Math.ceil((hours * 3_600_000) / intervalMs);
        const world = randomWorld({ random: randomOf(seed), steps, phase, strays: 2 });
        const verdicts = ours(world, form);
        for (const name of verdicts.fired) fired.add(name);
        if (tool === undefined) continue;
        const expected = expectedOf(verdicts, form);
        compared += expected.length;
        telling += expected.filter(({ exp_samples }) => exp_samples.length > 0).length;
        const file = join(folder, `${form.name}-${seed}.yml`);
        writeFileSync(file, promtoolFile(world, expected, form));
        const { status, stdout, stderr } = spawnSync(tool, ["test", "rules", file], {
          encoding: "utf8",
          maxBuffer: 1 << 26,
        });
        expect(differences(stdout + stderr), `seed ${seed}`).toEqual([]);
        expect(status, stderr).toBe(0);
      }
      const silent = form.names.filter((name) => !fired.has(name));
      console.log(
        `${form.name}: ${WORLDS} worlds from seed ${SEED}; ${compared} verdicts compared, ${telling} of them alerts; never firing: ${silent.join(", ") || "none"}`,
      );
      expect(silent.length).toBeLessThan(form.names.length / 2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  300_000,
);
