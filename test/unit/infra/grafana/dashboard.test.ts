import { globSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { BOARDS } from "../../../../infra/grafana/boards/boards.ts";
import { dashboardJson } from "../../../../infra/grafana/dashboard-json.ts";
import { metricsOf } from "../../../../infra/grafana/metrics-of.ts";

const PROJECT = resolve(import.meta.dirname, "../../../..");
const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");
const FOLDER = "infra/grafana/dashboards";

test("the dashboards are what infra/grafana/boards says (make dashboards), and no others are there", () => {
  expect(readdirSync(join(PROJECT, FOLDER)).sort()).toEqual(
    Object.keys(BOARDS)
      .map((name) => `${name}.json`)
      .sort(),
  );
  for (const [name, board] of Object.entries(BOARDS)) {
    // Formatted as the project's JSON is, which may put a list in one line.
    expect(JSON.parse(read(`${FOLDER}/${name}.json`)), name).toEqual(JSON.parse(dashboardJson(board)));
  }
});

test("the metrics of a query are found among functions and labels", () => {
  const query =
    'sum by (a, b) (rate(x_total{c="d_e", f=~"$g"}[$__rate_interval])) / on (a) group_left () max(y) > 0 or vector(0)';
  expect(metricsOf(query)).toEqual(["x_total", "y"]);
  expect(metricsOf("histogram_quantile(0.95, sum by (le) (rate(z_seconds_bucket{}[5m])))")).toEqual([
    "z_seconds_bucket",
  ]);
});

test("every metric on a dashboard is one that a service makes (the end-to-end tests ask the services themselves)", () => {
  const source = globSync("{services,platform,pipeline}/**/*.ts", { cwd: PROJECT }).map(read).join("\n");
  const panels = Object.values(BOARDS).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  const queries = panels.filter(({ source }) => source === "prometheus").flatMap((panel) => panel.queries);
  const names = new Set(queries.flatMap(({ text }) => metricsOf(text)));
  expect(names.size).toBeGreaterThan(40);
  const made = (name: string) => name === "ALERTS" || source.includes(`"${name.replace(/_bucket$/, "")}"`);
  expect([...names].filter((name) => !made(name))).toEqual([]);
});

test("panels have places of their own and a board's uid is its own", () => {
  const uids = Object.values(BOARDS).map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  for (const board of Object.values(BOARDS)) {
    const { panels } = JSON.parse(dashboardJson(board)) as {
      panels: { gridPos: Record<"x" | "y" | "w" | "h", number> }[];
    };
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size, board.uid).toBe(cells.length);
  }
});
