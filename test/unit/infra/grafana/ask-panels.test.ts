import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { askPanels, emptyPanels } from "../../../../infra/grafana/ask-panels.ts";
import { dashboardJson } from "../../../../infra/grafana/dashboard-json.ts";
import { type Board, curves, number, table } from "../../../../infra/grafana/panel.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers as Prometheus does: by the query, values of series, or an error. */
async function prometheusWith(answers: Readonly<Record<string, readonly string[] | string>>): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const given = answers[new URLSearchParams(body).get("query")!] ?? "unknown query";
      const result = typeof given === "string" ? [] : given.map((value) => ({ metric: {}, value: [1, value] }));
      response.end(JSON.stringify(typeof given === "string" ? { error: given } : { data: { result } }));
    });
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((done) => server.once("listening", done));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const BOARD: Board = {
  uid: "u",
  title: "T",
  variable: { name: "provider", metric: "up" },
  rows: [
    {
      title: "R",
      panels: [
        curves("Rates", "cps", [
          { text: 'sum(rate(sent_total{provider=~"$provider"}[$__rate_interval]))' },
          { text: "quiet_total", empty: "while nothing goes wrong" },
        ]),
        number("Broken", "short", "sum("),
        number("Empty", "short", "absent"),
        number("Undefined", "short", "0 / 0", "Of what ended"),
        table("Rows", "SELECT 1"),
      ],
    },
  ],
};

test("panels that are refused, that show nothing, or nothing but NaN are named; those that say when they are empty are not", async () => {
  const url = await prometheusWith({
    'sum(rate(sent_total{provider=~".*"}[1m]))': ["3", "NaN"],
    quiet_total: [],
    "sum(": "parse error: unclosed left parenthesis",
    absent: [],
    "0 / 0": ["NaN"],
  });
  expect(emptyPanels(await askPanels(url, { board: BOARD }))).toEqual([
    "board: Broken: sum(: parse error: unclosed left parenthesis",
    "board: Empty: absent: nothing",
    "board: Undefined: 0 / 0: nothing",
  ]);
});

test("who looks at a panel is told when it may be empty", () => {
  const { panels } = JSON.parse(dashboardJson(BOARD)) as { panels: { title: string; description?: string }[] };
  const descriptionOf = (title: string) => panels.find((panel) => panel.title === title)?.description;
  expect(descriptionOf("Rates")).toBe("Empty while nothing goes wrong");
  expect(descriptionOf("Undefined")).toBe("Of what ended");
  expect(descriptionOf("Broken")).toBeUndefined();
});
