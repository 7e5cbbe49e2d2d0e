import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lookupSchema } from "../../../../domain/catalog/lookup.ts";
import { HttpLookup } from "../../../../services/router/lookups/http-lookup.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const NUMBER = "4915112345678";
let server: Server;
let handle: Handler;
const asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
let lookup: HttpLookup | undefined;

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      asked.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      handle(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await lookup?.close();
  lookup = undefined;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(change: object = {}): HttpLookup {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/v1/{number}?full=1`;
  lookup = new HttpLookup(
    lookupSchema.parse({ id: "l", kind: "http", url, answer: { mccMnc: "net" }, timeoutMs: 300, ...change }),
  );
  return lookup;
}

describe("a question over HTTP", () => {
  it("goes to the address with the number, with the headers of the catalog", async () => {
    handle = (_, response) => response.end('{"net":"26203"}');
    const secretHeaders = { Authorization: "Bearer geheim" };
    const reply = await open({ headers: { "X-Client": "sluice" }, secretHeaders }).ask(NUMBER);
    expect(reply).toEqual({ kind: "answer", status: 200, text: '{"net":"26203"}', pauseMs: 0 });
    expect(asked).toMatchObject([
      {
        method: "GET",
        url: `/v1/${NUMBER}?full=1`,
        headers: { "x-client": "sluice", authorization: "Bearer geheim", accept: "application/json" },
        body: "",
      },
    ]);
  });

  it("may be a POST with the number in its body", async () => {
    handle = (_, response) => response.end("{}");
    const { port } = server.address() as AddressInfo;
    const body = '{"numbers":["+{number}"]}';
    await open({ method: "POST", url: `http://127.0.0.1:${port}/query`, body }).ask(NUMBER);
    expect(asked).toMatchObject([
      {
        method: "POST",
        url: "/query",
        headers: { "content-type": "application/json" },
        body: `{"numbers":["+${NUMBER}"]}`,
      },
    ]);
  });

  it("keeps its connections", async () => {
    const ports = new Set<number | undefined>();
    handle = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end("{}");
    };
    const client = open();
    for (let n = 0; n < 5; n++) await client.ask(NUMBER);
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});

describe("a look-up service that behaves badly", () => {
  it("is waited for no longer than the time-out: no answer, half an answer, a drop at a time", async () => {
    const drip = (response: ServerResponse) => {
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    };
    const ways: Handler[] = [
      () => {},
      (_, response) => response.writeHead(200, { "content-length": "100" }).write("{"),
      (_, response) => drip(response.writeHead(200)),
    ];
    const client = open();
    for (const way of ways) {
      handle = way;
      const start = performance.now();
      expect(await client.ask(NUMBER)).toEqual({ kind: "timed-out" });
      const took = performance.now() - start;
      expect(took).toBeGreaterThanOrEqual(290);
      expect(took).toBeLessThan(1_500);
    }
    handle = (_, response) => response.end("{}");
    expect(await client.ask(NUMBER)).toMatchObject({ kind: "answer", status: 200 });
  });

  it("is given up when its answer is huge", async () => {
    handle = (_, response) => response.end("x".repeat(1 << 20));
    expect(await open().ask(NUMBER)).toMatchObject({ kind: "failed", reason: "UND_ERR_RES_EXCEEDED_MAX_SIZE" });
  });

  it("is not followed elsewhere", async () => {
    handle = (_, response) => response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await open({ secretHeaders: { authorization: "geheim" } }).ask(NUMBER)).toMatchObject({ status: 302 });
    expect(asked).toHaveLength(1);
  });

  it("may break the connection, speak no HTTP, or not be there", async () => {
    const client = open();
    handle = (request) => request.socket.resetAndDestroy();
    expect(await client.ask(NUMBER)).toMatchObject({ kind: "failed" });
    handle = (request) => request.socket.end("220 smtp.example.net ready\r\n");
    expect(await client.ask(NUMBER)).toMatchObject({ kind: "failed" });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await client.ask(NUMBER)).toEqual({ kind: "failed", reason: "ECONNREFUSED" });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  it.each([
    [429, "7", 7_000, 7_000],
    [429, undefined, 1_000, 1_000],
    [429, "soon", 1_000, 1_000],
    [503, "2", 2_000, 2_000],
    [503, undefined, 0, 0],
    [500, "9", 0, 0],
    [429, new Date(Date.now() + 30_000).toUTCString(), 20_000, 30_000],
  ])("asks to be left alone by status %i with Retry-After %s", async (status, after, least, most) => {
    handle = (_, response) => response.writeHead(status, after === undefined ? {} : { "retry-after": after }).end();
    const reply = await open().ask(NUMBER);
    if (reply.kind !== "answer") throw new Error(reply.kind);
    expect(reply.status).toBe(status);
    expect(reply.pauseMs).toBeGreaterThanOrEqual(least);
    expect(reply.pauseMs).toBeLessThanOrEqual(most);
  });
});
