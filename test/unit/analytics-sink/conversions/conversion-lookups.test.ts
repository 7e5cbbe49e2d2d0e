import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConversionLookups } from "../../../../services/analytics-sink/conversions/conversion-lookups.ts";

const ID = "0190a0b0-0000-7000-8000-000000000001";
const ROW = {
  account: "acme",
  provider: "alpha",
  country: "DE",
  network: "",
  lane: "otp",
  submitted: 1,
  accepted: "7",
};

let server: Server;
let asked: { readonly query: string; readonly settings: URLSearchParams }[];
let lookups: ConversionLookups;

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    const settings = new URL(request.url!, "http://127.0.0.1").searchParams;
    asked.push({ query: await text(request), settings });
    response.end(`${JSON.stringify({ id: ID, ...ROW })}\n`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const clickhouse = {
    clickhouseUrl: `http://127.0.0.1:${port}`,
    clickhouseUser: "default",
    clickhouseDatabase: "sluice",
  };
  lookups = new ConversionLookups(clickhouse);
});
afterEach(async () => {
  await lookups.close();
  server.closeAllConnections();
  server.close();
});

// What the query finds is tested with ClickHouse (test/integration/clickhouse/conversions.test.ts).
it("seeks messages by their ids and by when they were accepted, which alone says of which day they are, and not for longer than it waits", async () => {
  const way = { provider: "alpha", country: "DE", network: null, lane: "otp" };
  expect(await lookups.find([ID])).toEqual([{ messageId: ID, accountId: "acme", acceptedAt: 7, way }]);
  const [{ query, settings }] = asked as [(typeof asked)[0]];
  expect(query).toMatch(
    /FROM messages_latest\s+WHERE \(message_id, accepted_at\) IN\s+\(\s+SELECT message_id, accepted_at FROM message_keys\s/,
  );
  expect(settings.get("param_ids")).toBe(`['${ID}']`);
  expect(Number(settings.get("max_execution_time"))).toBeLessThanOrEqual(10);
  expect(Number(settings.get("max_execution_time"))).toBeGreaterThan(0);
});
