import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, expect, test } from "vitest";
import { clusterFiles } from "../../../infra/clickhouse/cluster-tables.ts";
import { splitStatements } from "../../../infra/clickhouse/migrate.ts";
import { clickhouseOptions } from "../../fixture/cluster-handle.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";

const clickhouse = createClient({ ...clickhouseOptions(sharedCluster()), log: { level: ClickHouseLogLevel.OFF } });
afterAll(() => clickhouse.close());

async function parsed(sql: string): Promise<string> {
  const query = "SELECT formatQuerySingleLine({sql:String}) AS text";
  const result = await clickhouse.query({ query, query_params: { sql }, format: "JSONEachRow" });
  return (await result.json<{ text: string }>())[0]!.text;
}

test("ClickHouse understands every statement of the tables for a cluster", async () => {
  for (const { name, sql } of clusterFiles())
    for (const statement of splitStatements(sql))
      expect(await parsed(statement), `${name}: ${statement.slice(0, 80)}`).toContain("ON CLUSTER `{cluster}`");
  await expect(parsed("CREATE TABLE t ON CLUSTER '{cluster}' (a UInt8) ENGINE ==")).rejects.toThrow();
});
