import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { demoMessages } from "../../../infra/demo/demo-messages.ts";
import { planRequests, runHttpClients } from "../../../infra/demo/http-clients.ts";

const messages = [...demoMessages(3, 500)];
const servers: ReturnType<typeof createServer>[] = [];

interface Seen {
  readonly path: string;
  readonly key: string;
  readonly items: { idempotencyKey: string; metadata: Record<string, string> }[];
}

/** An ingest that answers with `statuses` one after the other, and then 202. */
async function ingest(...statuses: number[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    seen.push({ path: request.url!, key: request.headers.authorization!, items: body.messages ?? [body] });
    response.writeHead(statuses.shift() ?? 202).end("{}");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const options = {
  apiKeys: { acme: "key-a", nordbank: "key-n" },
  messages,
  rate: 1_000_000,
  run: "r1",
  clients: 3,
  batchSize: 40,
  singleShare: 0.1,
};

describe("the demo's HTTP clients", () => {
  it("put every message into exactly one request, of one account each", () => {
    const requests = planRequests(options);
    expect(
      requests
        .flat()
        .map(({ index }) => index)
        .sort((a, b) => a - b),
    ).toEqual(messages.map(({ index }) => index));
    for (const request of requests) {
      expect(new Set(request.map(({ account }) => account)).size).toBe(1);
      expect(request.length).toBeLessThanOrEqual(40);
    }
    expect(requests.filter((request) => request.length === 1).length).toBeGreaterThanOrEqual(50);
  });

  it("hand all of them in with the account's key and the run's label", async () => {
    const { url, seen } = await ingest();
    let accepted = 0;
    await runHttpClients({
      ...options,
      ingestUrl: url,
      onAccepted: (count) => {
        accepted += count;
      },
    });
    expect(accepted).toBe(messages.length);
    const items = seen.flatMap((request) => request.items);
    expect(new Set(items.map((item) => item.idempotencyKey)).size).toBe(messages.length);
    expect(items.every((item) => item.metadata.run === "r1")).toBe(true);
    expect(new Set(seen.map((request) => request.key))).toEqual(new Set(["Bearer key-a", "Bearer key-n"]));
    expect(new Set(seen.map((request) => request.path))).toEqual(new Set(["/v1/messages", "/v1/messages/batch"]));
  });

  it("repeat what was answered with 'try again', and count it once", async () => {
    const { url, seen } = await ingest(503, 429);
    const counts: number[] = [];
    const two = { ...options, messages: messages.slice(0, 2), singleShare: 1, clients: 1 };
    await runHttpClients({ ...two, ingestUrl: url, onAccepted: (count) => counts.push(count) });
    expect(counts).toEqual([1, 1]);
    expect(seen.map(({ items }) => items[0]!.idempotencyKey)).toEqual(["r1/0", "r1/0", "r1/0", "r1/1"]);
  });

  it("stop at a refusal, and say which", async () => {
    const { url } = await ingest(401);
    const running = runHttpClients({ ...options, ingestUrl: url, clients: 1, onAccepted: () => {} });
    await expect(running).rejects.toThrow("answers 401");
  });
});
