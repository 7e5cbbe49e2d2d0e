import type { LookupAddress } from "node:dns";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { AddressGuard, type Lookup } from "../../../../platform/http/address-guard.ts";
import { checkWebhook, signWebhook } from "../../../../platform/http/signed-webhook.ts";
import { type CallTerms, WebhookClient, type WebhookClientOptions } from "../../../../platform/http/webhook-client.ts";

const NOW = 1_764_000_000_000;
const BODY = '{"events":[]}';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An address that answers so, and what it was sent. */
async function address(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: WebhookClientOptions = {},
) {
  const requests: { path: string; body: string; signed: boolean }[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const signed = checkWebhook("geheim", request.headers, body, NOW).ok;
    requests.push({ path: `${request.method} ${request.url}`, body: body.toString(), signed });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new WebhookClient({ now: () => NOW, ...options });
  closing.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const headers = signWebhook("geheim", "id-1", NOW, BODY);
  const call = (terms: CallTerms, body = "") =>
    client.post("acme", `http://127.0.0.1:${port}/hooks?a=1`, {}, body, terms);
  const post = (host = "127.0.0.1") => client.post("acme", `http://${host}:${port}/hooks?a=1`, headers, BODY);
  return { requests, post, call };
}

const taking = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(204).end();

it("posts what is signed, and is content with any answer from 200 to 299", async () => {
  const { requests, post } = await address(taking);
  expect(await post()).toEqual({ taken: true });
  expect(requests).toEqual([{ path: "POST /hooks?a=1", body: BODY, signed: true }]);
});

it("gets where that is asked for, and takes no other answer than the one that is wanted", async () => {
  const answers = ["ACK/Jasmin", "\n ACK/Jasmin \n", "OK", "", `ACK/Jasmin${"x".repeat(2_000_000)}`];
  const { requests, call } = await address((_, response) => void response.writeHead(200).end(answers.shift()));
  const wanted = { method: "GET", answer: "ACK/Jasmin" } as const;
  expect(await call(wanted)).toEqual({ taken: true });
  expect(await call({ answer: "ACK/Jasmin" }, "id=1")).toEqual({ taken: true });
  for (let i = 0; i < 3; i++)
    expect(await call(wanted)).toMatchObject({ taken: false, kind: "status", why: "answered without ACK/Jasmin" });
  expect(requests.map(({ path, body }) => `${path} ${body}`)).toEqual([
    "GET /hooks?a=1 ",
    "POST /hooks?a=1 id=1",
    ...Array.from({ length: 3 }, () => "GET /hooks?a=1 "),
  ]);
});

it("follows no redirect, which could lead anywhere", async () => {
  const { requests, post } = await address((_, response) => response.writeHead(307, { location: "/other" }).end());
  expect(await post()).toEqual({ taken: false, kind: "status", status: 307, why: "answered 307" });
  expect(requests).toHaveLength(1);
});

it("says why in a word, without the address", async () => {
  const broken = await address((request) => request.socket.destroy());
  expect(await broken.post()).toEqual({ taken: false, kind: "connection", why: "UND_ERR_SOCKET" });
});

it("waits no longer than its time for an answer, and for no end of one whose status has been said", async () => {
  const silent = await address(() => {}, { answerTimeoutMs: 50 });
  expect(await silent.post()).toEqual({ taken: false, kind: "timeout", why: "no answer in time" });
  const endless = await address((_, response) => void response.writeHead(200).write("x"), { answerTimeoutMs: 1_000 });
  expect(await endless.post()).toEqual({ taken: true });
  const large = await address((_, response) => void response.writeHead(500).end("x".repeat(1_000_000)));
  expect(await large.post()).toMatchObject({ status: 500 });
});

it.each([
  ["7", 7_000],
  [new Date(NOW + 9_000).toUTCString(), 9_000],
  ["99999999", 86_400_000],
  ["soon", undefined],
])("reads Retry-After: %s", async (text, pauseMs) => {
  const { post } = await address((_, response) => response.writeHead(429, { "retry-after": text }).end());
  expect(await post()).toEqual({
    taken: false,
    kind: "status",
    status: 429,
    why: "answered 429",
    ...(pauseMs === undefined ? {} : { pauseMs }),
  });
});

/** Names as a resolver gives them, one answer after the other. */
function resolver(...answers: string[][]): Lookup & { asked: number } {
  const lookup = Object.assign(
    (_: string, __: unknown, callback: (error: null, found: LookupAddress[]) => void) =>
      callback(
        null,
        answers[Math.min(lookup.asked++, answers.length - 1)]!.map((address) => ({
          address,
          family: address.includes(":") ? 6 : 4,
        })),
      ),
    { asked: 0 },
  );
  return lookup as never;
}

const REFUSED = { taken: false, kind: "address", why: "the host has an address that is not for the public" };

it("connects to no address that is not for the public, named or written out", async () => {
  const guard = new AddressGuard([], resolver(["127.0.0.1"]));
  const { requests, post } = await address(taking, { guard });
  for (const host of [
    "127.0.0.1",
    "localhost",
    "customer.example",
    "0x7f.1",
    "2130706433",
    "[::ffff:127.0.0.1]",
    "[::1]",
  ])
    expect(await post(host), host).toEqual(REFUSED);
  expect(requests).toEqual([]);
});

it("connects to what was checked: a name that is another address at its next look-up changes nothing", async () => {
  // First what may be reached, then what may not: the name is asked for once a connection.
  const lookup = resolver(["127.0.0.1"], ["127.0.0.2"]);
  const { requests, post } = await address(
    (request, response) => {
      response.writeHead(200, { connection: "close" }).end();
      void request;
    },
    { guard: new AddressGuard(["127.0.0.1/32"], lookup) },
  );
  expect(await post("customer.example")).toEqual({ taken: true });
  expect(lookup.asked).toBe(1);
  expect(await post("customer.example")).toEqual(REFUSED);
  expect(requests).toHaveLength(1);
});

it("refuses a host of which any address is not for the public", async () => {
  const guard = new AddressGuard(["127.0.0.1/32"], resolver(["127.0.0.1", "10.0.0.1"]));
  const { requests, post } = await address(taking, { guard });
  expect(await post("customer.example")).toEqual(REFUSED);
  expect(requests).toEqual([]);
});

it("connects to a private address that a setting allows", async () => {
  const { post } = await address(taking, { guard: new AddressGuard(["127.0.0.0/8"]) });
  expect(await post()).toEqual({ taken: true });
});
