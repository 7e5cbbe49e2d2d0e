import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const PROJECT = resolve(import.meta.dirname, "../../../..");
const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

test("every metric on the dashboard is one that a service has", () => {
  const source = globSync("{services,platform}/**/*.ts", { cwd: PROJECT }).map(read).join("\n");
  const { panels } = JSON.parse(read("infra/grafana/dashboards/services.json")) as Dashboard;
  const expressions = panels.flatMap(({ targets }) => targets ?? []).map(({ expr }) => expr.replaceAll(/"[^"]*"/g, ""));
  // A metric's name has an underscore; functions are followed by a parenthesis, labels stand in braces or after `by`.
  const names = expressions.flatMap((expr) =>
    [...expr.matchAll(/\b[a-z]+(?:_[a-z]+)+\b(?!\s*\()/g)].map(([name]) => name.replace(/_bucket$/, "")),
  );
  expect(names.length).toBeGreaterThan(20);
  expect([...new Set(names)].filter((name) => !source.includes(`"${name}"`))).toEqual([]);
});
