import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";

/** Takes queries, and answers none. */
let server: Server;
let asked: URL[];
let reader: ClickhouseReader;

beforeEach(async () => {
  asked = [];
  server = createServer((request) => {
    asked.push(new URL(request.url!, "http://127.0.0.1"));
    request.resume();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const target = { url: `http://127.0.0.1:${port}`, user: "default", password: "", database: "sluice" };
  reader = new ClickhouseReader({ ...target, timeoutMs: 300, most: 1 });
});
afterEach(async () => {
  await reader.close();
  server.closeAllConnections();
  server.close();
});

it("has ClickHouse end a query soon after nobody waits for it any more, and says that it did not answer", async () => {
  const first = reader.lookUp((rows) => rows("SELECT 1", {}));
  await expect(reader.lookUp((rows) => rows("SELECT 2", {}))).rejects.toMatchObject({ code: "LOOKUPS_FULL" });
  await expect(first).rejects.toMatchObject({ code: "STATUS_UNAVAILABLE", class: "transient" });
  expect(asked).toHaveLength(1);
  const seconds = Number(asked[0]!.searchParams.get("max_execution_time"));
  // Not before: what the query is refused for is another answer than that it took too long.
  expect(seconds).toBeGreaterThan(0.3);
  expect(seconds).toBeLessThanOrEqual(2);
});
