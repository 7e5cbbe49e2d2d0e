import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { checkWebhook } from "../../../../platform/http/signed-webhook.ts";
import { WebhookClient } from "../../../../services/dlr-collector/consent/webhook-client.ts";

const NOW = 1_764_000_000_000;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An account's address that answers so, and what it was sent. */
async function address(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: { path: string; body: string; signed: boolean }[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const signed = checkWebhook("geheim", request.headers, body, NOW).ok;
    requests.push({ path: `${request.method} ${request.url}`, body: body.toString(), signed });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new WebhookClient(() => NOW);
  closing.push(() => {
    client.close();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?a=1`;
  return { requests, post: () => client.post("acme", { url, secret: "geheim" }, "id-1", '{"events":[]}') };
}

it("posts what is signed, and is content with any answer from 200 to 299", async () => {
  const { requests, post } = await address((_, response) => response.writeHead(204).end());
  expect(await post()).toBeUndefined();
  expect(requests).toEqual([{ path: "POST /hooks?a=1", body: '{"events":[]}', signed: true }]);
});

it("follows no redirect, which could lead anywhere", async () => {
  const { requests, post } = await address((_, response) => response.writeHead(307, { location: "/other" }).end());
  expect(await post()).toBe("answered 307");
  expect(requests).toHaveLength(1);
});

it("says why in a word, without the address", async () => {
  const broken = await address((request) => request.socket.destroy());
  expect(await broken.post()).toBe("UND_ERR_SOCKET");
  const refusing = await address((_, response) => response.writeHead(500).end("x".repeat(100_000)));
  expect(await refusing.post()).not.toBeUndefined();
});
