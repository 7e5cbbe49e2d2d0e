import { globSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { BOARDS } from "../../../../infra/grafana/boards/boards.ts";
import { dashboardJson } from "../../../../infra/grafana/dashboard-json.ts";
import { metricsOf } from "../../../../infra/grafana/metrics-of.ts";
import type { Panel } from "../../../../infra/grafana/panel.ts";
import { panelFaults } from "../../../../infra/grafana/panel-faults.ts";
import { REPLAY_REASONS } from "../../../../pipeline/dead-letters/replay-mark.ts";

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

test("a panel that asks for labels that no series has is named, and what has no series yet is not", () => {
  const page = [
    'sent_total{provider="a",result="ok"} 1',
    'limit{provider="a, b\\"}",x="1"} 5',
    "plain 2",
    'late_seconds_bucket{le="+Inf",lane="otp"} 3',
  ].join("\n");
  const faults = (text: string, legend = "") =>
    panelFaults([{ title: "T", source: "prometheus", queries: [{ text, legend }] } as unknown as Panel], [page]);
  const good =
    'sum by (provider, service) (rate(sent_total{result=~"$r", job="sluice"}[5m])) / on (provider) group_left (x) max by (provider) (limit)';
  expect(faults(good, "{{provider}} {{x}}")).toEqual([]);
  expect(faults("histogram_quantile(0.9, sum by (le, lane) (rate(late_seconds_bucket[5m])))", "{{lane}}")).toEqual([]);
  expect(faults('sent_total{lane="otp", result!="x"}')).toEqual(["T: sent_total has no label lane"]);
  expect(faults("sum by (network) (limit)")).toEqual(["T: nothing that it asks for has the label network"]);
  expect(faults("plain", "{{instance}} {{lane}}")).toEqual(["T: nothing that it asks for has the label lane"]);
  expect(faults('sum by (network) (absent_total{lane="otp"})')).toEqual([]);
});

test("no panel shows the mark of a replay as a dead letter", () => {
  const panels = Object.values(BOARDS).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  const asked = panels
    .flatMap(({ queries }) => queries.map(({ text }) => text))
    .filter((text) => /sink_dead_letters_total|FROM dead_letters/.test(text));
  expect(asked).toHaveLength(2);
  for (const text of asked)
    for (const reason of Object.values(REPLAY_REASONS))
      expect(text).toMatch(new RegExp(`reason(!~"| NOT IN \\().*\\b${reason}\\b`));
});

test("no panel takes what several processes have together for a share of what one of them has", () => {
  const panels = Object.values(BOARDS).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  const texts = panels.flatMap(({ queries }) => queries.map(({ text }) => text));
  expect(texts.filter((text) => /^sum by .* \/ (max|min) by /.test(text))).toEqual([]);
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
