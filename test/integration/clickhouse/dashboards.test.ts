import { afterAll, beforeAll, expect, it } from "vitest";
import { BOARDS } from "../../../infra/grafana/boards/boards.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "dashboards");
  const base = {
    facts: facts({ acceptedAt: Date.now() }),
    route: "de",
    provider: "alpha",
    currency: "EUR",
    price: 7_500,
  };
  const at = Date.now();
  await db.insert(
    [
      event({ ...base, type: "routed", at, attempt: 1 }),
      event({ ...base, type: "submitted", at, submittedAt: at, attempt: 1, cost: 7_500, providerMessageIds: ["1"] }),
      event({
        ...base,
        type: "final",
        at,
        submittedAt: at,
        attempt: 1,
        cost: 7_500,
        state: "delivered",
        receiptAt: at,
      }),
    ],
    "dashboards",
  );
});
afterAll(() => db?.drop());

const queries = Object.entries(BOARDS).flatMap(([name, { rows }]) =>
  rows
    .flatMap(({ panels }) => panels)
    .filter(({ source }) => source === "clickhouse")
    .flatMap((panel) => panel.queries.map(({ text }) => [`${name}: ${panel.title}`, text] as const)),
);

it.each(queries)("%s is answered by the tables", async (title, text) => {
  const sql = text.replaceAll(
    /\$__timeFilter\((\w+)\)/g,
    "$1 >= now() - INTERVAL 1 HOUR AND $1 <= now() + INTERVAL 1 HOUR",
  );
  const rows = await db.rows<Record<string, unknown>>(sql);
  // There are no dead letters here.
  if (!title.includes("Dead letters")) expect(rows.length).toBeGreaterThan(0);
});
