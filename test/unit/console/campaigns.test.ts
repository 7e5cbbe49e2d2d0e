import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { campaignQuestions } from "../../../services/console/campaign-questions.ts";
import { CachedAnswers } from "../../../services/console/read/cached-answers.ts";
import { consoleWorld } from "./console-world.ts";

/** What ClickHouse answers, as it does over HTTP; texts of queries that came. */
let answer: { readonly status: number; readonly body: string };
let asked: string[];
let server: Server;
let reader: ClickhouseReader;
let world: Awaited<ReturnType<typeof consoleWorld>>;

const tooMany = (code: number, name: string) => ({
  status: 500,
  body: `Code: ${code}. DB::Exception: Limit for rows (controlled by 'max_rows_to_read' setting) exceeded. (${name}) (version 26.1.1.1)`,
});

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      asked.push(text);
      response.writeHead(answer.status, { "content-type": "text/plain" });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  reader = new ClickhouseReader({ url, user: "reader", password: "", database: "sluice", most: 1 });
  const answers = new CachedAnswers(() => 0);
  world = await consoleWorld(campaignQuestions({ clickhouse: reader, campaignReader: reader, answers }));
});
afterEach(async () => {
  await world.stop();
  await reader.close();
  server.close();
});

const ask = (span: string) => world.ask("viewer", `/api/campaigns?span=${span}&label=campaign`);

test("more messages than one question may read are told in words, with a shorter time to ask for", async () => {
  for (const [code, name] of [
    [158, "TOO_MANY_ROWS"],
    [159, "TIMEOUT_EXCEEDED"],
    [241, "MEMORY_LIMIT_EXCEEDED"],
  ] as const) {
    answer = tooMany(code, name);
    expect(await ask("24h")).toMatchObject({
      status: 422,
      body: {
        code: "TOO_MUCH_FOR_ONE_QUESTION",
        detail: "the last 24h have more messages than one question may read: choose a shorter time, such as 6h",
      },
    });
  }
  expect((await ask("1h")).body.detail).toMatch(/^the last hour alone has more messages than one question may read/);
  // Nothing of it is kept: a refusal may be over in a moment.
  answer = { status: 200, body: "" };
  expect(await ask("24h")).toMatchObject({ status: 200, body: { value: [] } });
});

test("another fault is one that may be tried again", async () => {
  answer = tooMany(60, "UNKNOWN_TABLE");
  expect(await ask("24h")).toMatchObject({ status: 503 });
});

test("few of them run at once", async () => {
  answer = { status: 200, body: "" };
  const both = await Promise.all([ask("24h"), ask("7d")]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 429]);
});

test("reads what has a message once, within bounds of rows, time and memory, and no event", async () => {
  const row = { label: "spring", account: "acme", messages: 3, delivered: 2, undelivered: 1, failed: 0 };
  const costs = { EUR: "0.15" };
  answer = { status: 200, body: `${JSON.stringify({ ...row, expired: 0, rejected: 0, unknown: 0, costs })}\n` };
  expect((await ask("6h")).body.value).toEqual([
    {
      ...{ label: "spring", account: "acme", messages: 3, costs },
      ended: { delivered: 2, undelivered: 1, failed: 0, expired: 0, rejected: 0, unknown: 0 },
    },
  ]);
  expect(asked[0]).toMatch(/max_rows_to_read = \d+, max_execution_time = \d+, max_memory_usage = \d+/);
  expect(asked[0]).not.toMatch(/FROM events/);
});
