import type { Board, Panel } from "./panel.ts";

const SOURCES = {
  prometheus: { type: "prometheus", uid: "sluice-prometheus" },
  clickhouse: { type: "grafana-clickhouse-datasource", uid: "sluice-clickhouse" },
} as const;
const COLUMNS = 24;
const HEIGHT = 8;

/** A board as Grafana's file provider reads it: the same for the same board, so that a difference is one of content. */
export function dashboardJson(board: Board): string {
  const panels: unknown[] = [];
  let y = 0;
  for (const row of board.rows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
      panels: [],
    });
    const width = COLUMNS / Math.min(3, row.panels.length);
    row.panels.forEach((panel, i) => {
      const place = {
        x: (i * width) % COLUMNS,
        y: y + Math.floor((i * width) / COLUMNS) * HEIGHT,
        w: width,
        h: HEIGHT,
      };
      panels.push(panelJson(panel, panels.length + 1, place));
    });
    y += Math.ceil((row.panels.length * width) / COLUMNS) * HEIGHT;
  }
  const { uid, title, variable } = board;
  const choice = variable && {
    name: variable.name,
    type: "query",
    datasource: SOURCES.prometheus,
    query: `label_values(${variable.metric}, ${variable.name})`,
    includeAll: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
  };
  const time = { from: "now-1h", to: "now" };
  const links = [{ type: "dashboards", tags: ["sluice"], title: "Sluice", asDropdown: true }];
  const content = { uid, title, schemaVersion: 41, refresh: "15s", time, tags: ["sluice"], links };
  return `${JSON.stringify({ ...content, templating: { list: choice ? [choice] : [] }, panels }, null, 2)}\n`;
}

function panelJson({ title, source, kind, unit, queries, description }: Panel, id: number, gridPos: object): object {
  const words = [description, ...new Set(queries.map(({ empty }) => empty && `Empty ${empty}`))]
    .filter(Boolean)
    .join(". ");
  const datasource = SOURCES[source];
  const curve = { fillOpacity: 10, showPoints: "never" };
  const targets = queries.map(({ text, legend }, i) => {
    const refId = String.fromCharCode(65 + i);
    if (source === "clickhouse")
      return { refId, datasource, editorType: "sql", queryType: kind, format: kind === "table" ? 1 : 0, rawSql: text };
    return { refId, datasource, expr: text, ...(legend === undefined ? {} : { legendFormat: legend }) };
  });
  return {
    id,
    type: kind,
    title,
    ...(words === "" ? {} : { description: words }),
    gridPos,
    datasource,
    fieldConfig: { defaults: { unit, ...(kind === "timeseries" ? { min: 0, custom: curve } : {}) }, overrides: [] },
    options:
      kind === "timeseries"
        ? { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } }
        : kind === "stat"
          ? { reduceOptions: { calcs: ["lastNotNull"] } }
          : {},
    targets,
  };
}
