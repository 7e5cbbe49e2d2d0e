import type { Board, Panel, Query } from "./panel.ts";

/** What Prometheus gives for a query of a panel. */
export interface PanelAnswer {
  readonly board: string;
  readonly panel: string;
  readonly query: Query;
  /** Curves with a value: one of nothing but NaN shows nothing. */
  readonly series: number;
  /** Why Prometheus does not take the query. */
  readonly error: string | undefined;
}

/** As Grafana fills it in for an hour on a screen of usual width and a scrape every 5 s. */
const RATE_INTERVAL = "1m";

/** A query as Prometheus takes it: with all values of the board's variable. */
export function promqlOfPanel({ text }: Query, { variable }: Pick<Board, "variable">): string {
  const filled = text.replaceAll("$__rate_interval", RATE_INTERVAL);
  return variable === undefined ? filled : filled.replaceAll(`$${variable.name}`, ".*");
}

/** Asks Prometheus (its address) for each query of the boards' panels of Prometheus, as of now. @throws when it does not answer */
export async function askPanels(url: string, boards: Readonly<Record<string, Board>>): Promise<PanelAnswer[]> {
  const asked = Object.entries(boards).flatMap(([name, board]) =>
    board.rows
      .flatMap(({ panels }) => panels)
      .filter(({ source }: Panel) => source === "prometheus")
      .flatMap((panel) => panel.queries.map((query) => ({ name, board, panel, query }))),
  );
  const answers: PanelAnswer[] = [];
  for (const { name, board, panel, query } of asked) {
    const answer = await fetch(`${url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: promqlOfPanel(query, board) }),
    });
    const { data, error } = (await answer.json()) as {
      data?: { result: { value: [number, string] }[] };
      error?: string;
    };
    const series = (data?.result ?? []).filter(({ value }) => value[1] !== "NaN").length;
    answers.push({ board: name, panel: panel.title, query, series, error });
  }
  return answers;
}

/** Queries that are refused, and those that stay empty and do not say when they may; a line each. */
export function emptyPanels(answers: readonly PanelAnswer[]): string[] {
  return answers.flatMap(({ board, panel, query, series, error }) => {
    const where = `${board}: ${panel}: ${query.text}`;
    if (error !== undefined) return [`${where}: ${error}`];
    return series === 0 && query.empty === undefined ? [`${where}: nothing`] : [];
  });
}
