import { stringify } from "yaml";
import { ALERT_GROUPS } from "../../pipeline/alerts/alert-rules.ts";
import { annotationOf, durationText, promqlOf } from "../../pipeline/alerts/promql.ts";

/** Where the runbook's entries are, from the root of the project. */
const RUNBOOK = "docs/runbook.md";

/** The file infra/prometheus/rules/sluice.yml, from pipeline/alerts. */
export function ruleFile(): string {
  const groups = Object.entries(ALERT_GROUPS).map(([name, rules]) => ({
    name: `sluice-${name}`,
    rules: rules.map((rule) => ({
      alert: rule.name,
      expr: promqlOf(rule),
      for: durationText(rule.forSeconds),
      labels: { severity: rule.severity, ...rule.labels },
      annotations: { summary: annotationOf(rule), runbook: `${RUNBOOK}#${rule.name.toLowerCase()}` },
    })),
  }));
  const head = "# Generated from pipeline/alerts by `make alerts`; edit the rules there.\n";
  return head + stringify({ groups }, { lineWidth: 0 });
}
