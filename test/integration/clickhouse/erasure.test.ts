import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { event, facts } from "../../unit/analytics-sink/events.ts";
import { type TestDatabase, testDatabase } from "./database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase(sharedCluster(), "erasure");
});
afterAll(() => db?.drop());

/** The number of the page's example, and another one. */
const [FORGOTTEN, OTHER] = ["491713920012", "491713920013"] as const;

it("what docs/security.md says takes a number out of every table that has it, and no other", async () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/security.md"), "utf8");
  const statements = [.../```sql\n(.*?)```/s.exec(page)![1]!.matchAll(/^ALTER [^;]*/gm)].map(([text]) => text);
  for (const to of [FORGOTTEN, OTHER]) {
    const about = { facts: facts({ messageId: randomUUID(), to }), attempt: 1, provider: "alpha" };
    const ended = event({ ...about, type: "final", at: Date.now() });
    await db.insert([event({ ...about, type: "routed", at: Date.now() }), ended], randomUUID());
  }
  const tables = await db.rows<{ table: string }>(
    `SELECT c.table AS table FROM system.columns AS c JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
     WHERE c.database = currentDatabase() AND c.name = 'destination' AND t.engine LIKE '%MergeTree'`,
  );
  const stored = async () => {
    const counts = tables.map(async ({ table }) => {
      const query = `SELECT DISTINCT destination FROM ${table} ORDER BY destination`;
      return [table, (await db.rows<{ destination: string }>(query)).map(({ destination }) => destination)] as const;
    });
    const key = `SELECT toUInt32(countIf(key = sipHash64('destination', '${FORGOTTEN}'))) AS forgotten,
      toUInt32(countIf(key = sipHash64('destination', '${OTHER}'))) AS other FROM message_keys`;
    return { tables: Object.fromEntries(await Promise.all(counts)), keys: await db.rows(key) };
  };
  const both = [FORGOTTEN, OTHER];
  expect(await stored()).toEqual({ tables: { events: both, recipients: both }, keys: [{ forgotten: 1, other: 1 }] });
  for (const statement of statements)
    await db.client.command({ query: statement.replaceAll("sluice.", `${db.name}.`) });
  expect(await stored()).toEqual({
    tables: { events: [OTHER], recipients: [OTHER] },
    keys: [{ forgotten: 0, other: 1 }],
  });
});
