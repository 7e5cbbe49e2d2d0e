import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { openapi } from "../../../../../services/ingest/doors/rest/openapi.ts";
import {
  type Harness,
  type HarnessOptions,
  KEY,
  MESSAGE,
  OTHER_KEY,
  PATIENT,
  startIngest,
} from "../../ingest-harness.ts";

let ingest: Harness;
const start = async (options: HarnessOptions = {}) => {
  ingest = await startIngest(options);
};
afterEach(() => ingest.close());

describe("API keys", () => {
  it.each([undefined, "Bearer wrong", `Basic ${KEY}`, "Bearer", `Bearer ${"x".repeat(10_000)}`, `Bearer ${KEY} x`])(
    "answers 401 to Authorization %s",
    async (authorization) => {
      await start();
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await ingest.call("/v1/messages", { key: undefined, headers, body: MESSAGE });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer /);
      expect(answer.body.code).toBe("UNAUTHORIZED");
      expect(ingest.writer.sends).toEqual([]);
    },
  );

  it("takes the key as a bearer token, in any case of the word, and as X-API-Key", async () => {
    await start();
    for (const headers of [{ authorization: `bearer ${KEY}` }, { "x-api-key": KEY }] as Record<string, string>[]) {
      expect((await ingest.call("/v1/messages", { key: undefined, headers, body: MESSAGE })).status).toBe(202);
    }
  });

  it("guards every route of the API, and not the description", async () => {
    await start();
    const id = "0197a000-0000-7000-8000-000000000000";
    for (const [method, path] of [
      ["POST", "/v1/messages"],
      ["POST", "/v1/messages/batch"],
      ["GET", `/v1/messages/${id}`],
    ] as const) {
      expect((await ingest.call(path, { method, key: undefined })).status, path).toBe(401);
    }
    const welcome = await ingest.call("/", { key: undefined });
    expect(welcome.text).toContain("/openapi.json");
    expect((await ingest.call("/openapi.json", { key: undefined })).body.openapi).toBe("3.1.0");
  });
});

describe("query parameters", () => {
  const id = "0197a000-0000-7000-8000-000000000000";
  const publicPages = ["/", "/openapi.json"];
  const gets = Object.entries(openapi.paths).flatMap(([path, operations]): [string, string][] => {
    if (!("get" in operations) || publicPages.includes(path)) return [];
    const taken = (operations.get as { parameters?: { name: string; in: string }[] }).parameters ?? [];
    const names = taken.filter((one) => one.in === "query").map(({ name }) => name);
    return [[path.replace("{id}", id).replace("{number}", "491701234567"), names.join(", ")]];
  });

  it.each(publicPages)("are no matter of %s, which is the same for all", async (path) => {
    await start();
    expect((await ingest.call(`${path}?v=2`)).status).toBe(200);
  });

  it.each(gets)("that GET %s does not have are refused, by name", async (path, taken) => {
    await start();
    const message = `this request takes ${taken === "" ? "no query parameters" : taken}`;
    const errors = ["acount", "account"].map((field) => ({ field, code: "field-unknown", message }));
    const answer = await ingest.call(`${path}?acount=x${taken.includes("limit") ? "&limit=1" : ""}&account=y`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "INVALID_QUERY", errors });
    expect((await ingest.call(`${path}?acount=x`, { method: "HEAD" })).status).toBe(400);
    expect((await ingest.call(`${path}?`)).status).not.toBe(400);
  });

  it("are not told of to who has no key, and a body is the POST's own affair", async () => {
    await start();
    expect(gets.map(([path]) => path)).toContain(`/v1/messages/${id}`);
    expect((await ingest.call(`/v1/messages/${id}?acount=x`, { key: undefined })).status).toBe(401);
    expect((await ingest.call("/v1/messages?acount=x", { body: MESSAGE })).status).toBe(202);
  });
});

describe("bodies", () => {
  const send = (body: string | Buffer, headers: Record<string, string> = {}, path = "/v1/messages") =>
    ingest.call(path, { method: "POST", body, headers });

  it.each([
    ['{"to":"+491701234567",\n "text":}', 2, 9],
    ["", undefined, undefined],
    ['{"to":"+49', 1, 11],
    ["{} {}", 1, 4],
    ["[1,]", 1, 4],
  ])("names the place where %j is not JSON", async (body, line, column) => {
    await start();
    const answer = await send(Buffer.from(body));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "INVALID_JSON", ...(line === undefined ? {} : { line, column }) });
  });

  it("refuses what is not UTF-8", async () => {
    await start();
    const answer = await send(Buffer.from('{"to":"+491701234567","text":"caf\xe9"}', "latin1"));
    expect(answer.body.detail).toContain("UTF-8");
  });

  it.each([
    ["text/plain", "text/plain"],
    ["application/x-www-form-urlencoded", "is not JSON"],
    ["application/json; charset=utf-16", '"utf-16" is not UTF-8'],
    ["application/json; charset=GBK", '"GBK" is not UTF-8'],
    ["application/json; charset=iso-8859-1", '"iso-8859-1" is not UTF-8'],
    ["application/json; charset=utf-8; charset=utf-16", '"utf-16" is not UTF-8'],
    ["", "no Content-Type"],
  ])("answers 415 to the type %j, and says why", async (type, detail) => {
    await start();
    const answer = await send(JSON.stringify(MESSAGE), { "content-type": type });
    expect(answer).toMatchObject({ status: 415, body: { code: "UNSUPPORTED_MEDIA_TYPE" } });
    expect(answer.body.detail).toContain(detail);
    expect(answer.body.detail).toContain("Content-Type: application/json");
  });

  it.each([
    "application/json; charset=utf8",
    "application/json;charset=UTF8",
    'application/json ; charset = "utf-8" ; odata=verbose',
    "application/vnd.acme.sms+json; profile=\"a;b\"; charset='UTF-8'",
  ])("takes the type %j", async (type) => {
    await start();
    expect((await send(JSON.stringify(MESSAGE), { "content-type": type })).status).toBe(202);
  });

  it("ignores one byte order mark, plain and zipped, and counts the places of errors behind it", async () => {
    await start();
    const marked = Buffer.from(`\ufeff${JSON.stringify(MESSAGE)}`);
    expect((await send(marked)).status).toBe(202);
    expect((await send(gzipSync(marked), { "content-encoding": "x-gzip" })).status).toBe(202);
    expect((await send(Buffer.from("\ufeff"))).body).toMatchObject({
      code: "INVALID_JSON",
      detail: "the body is empty",
    });
    expect((await send(Buffer.from("\ufeff[1,]"))).body).toMatchObject({ line: 1, column: 4, position: 3 });
    expect((await send(Buffer.from(`\ufeff\ufeff${JSON.stringify(MESSAGE)}`))).status).toBe(400);
  });

  it.each(["\ufeff", ""])("says that a body is UTF-16 (mark: %j)", async (mark) => {
    await start();
    const body = Buffer.from(mark + JSON.stringify(MESSAGE), "utf16le");
    for (const octets of [body, Buffer.from(body).swap16()]) {
      const answer = await send(octets);
      expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_JSON" } });
      expect(answer.body.detail).toContain("UTF-16");
    }
  });

  it("takes application/json with a charset, and gzip", async () => {
    await start();
    const body = JSON.stringify(MESSAGE);
    const type = { "content-type": 'application/json; charset="UTF-8"' };
    expect((await send(body, type)).status).toBe(202);
    expect((await send(gzipSync(body), { "content-encoding": "gzip" })).status).toBe(202);
    expect((await send(body, { "content-encoding": "gzip, br" })).status).toBe(415);
    expect((await send(body, { "content-encoding": "constructor" })).status).toBe(415);
    expect((await send(body, { "content-encoding": "gzip" })).body.code).toBe("BODY_INCOMPLETE");
  });

  it.each([
    ["deflate", deflateSync],
    ["BR", brotliCompressSync],
  ] as const)("takes %s, and of what it comes to no more than of a plain body", async (encoding, pack) => {
    await start();
    const headers = { "content-encoding": encoding };
    expect((await send(pack(JSON.stringify(MESSAGE)), headers)).status).toBe(202);
    expect(await send(pack("x".repeat(2 * 1024 * 1024)), headers)).toMatchObject({
      status: 413,
      body: { code: "BODY_TOO_LARGE" },
    });
    expect((await send("{}", headers)).body.code).toBe("BODY_INCOMPLETE");
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("answers 413 beyond 1 MiB and 16 MiB, declared, chunked or unpacked", async () => {
    await start();
    const single = JSON.stringify({ ...MESSAGE, text: "x".repeat(1024 * 1024) });
    const batch = JSON.stringify({ messages: ["x".repeat(16 * 1024 * 1024)] });
    const packed = { "content-encoding": "gzip" };
    const answers = [
      await send(single),
      await send(single, { "transfer-encoding": "chunked" }),
      await send(gzipSync(single), packed),
      await send(batch, {}, "/v1/messages/batch"),
      await send(gzipSync(batch), packed, "/v1/messages/batch"),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 413, body: { code: "BODY_TOO_LARGE" } });
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("answers 503 when the bodies of all requests together are too large, and gives the room back", async () => {
    await start({ bodyBudget: 1_000 });
    const answer = await send(JSON.stringify({ ...MESSAGE, metadata: { a: "x".repeat(2_000) } }));
    expect(answer).toMatchObject({ status: 503, body: { code: "BUSY" } });
    expect(answer.headers["retry-after"]).toBe("1");
    expect((await send(JSON.stringify(MESSAGE))).status).toBe(202);
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("counts the messages of a batch, however short they are, and gives the room back", async () => {
    await start({ bodyBudget: 1_000_000 });
    const batch = (count: number) =>
      send(JSON.stringify({ messages: Array.from({ length: count }, () => MESSAGE) }), {}, "/v1/messages/batch");
    const large = await batch(1_000);
    expect(large).toMatchObject({ status: 503, body: { code: "BUSY" } });
    expect(ingest.writer.sends).toEqual([]);
    expect((await batch(900)).status).toBe(202);
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("reads no body of more values than messages can have: they take many times their octets", async () => {
    await start();
    const hostile = (value: string, count: number) =>
      send(`{"messages":[{"metadata":[${`${value},`.repeat(count)}0]}]}`, {}, "/v1/messages/batch");
    for (const value of ["{}", "[]", "1"])
      expect(await hostile(value, 600_000)).toMatchObject({ status: 413, body: { code: "BODY_TOO_LARGE" } });
    // What stands in a text is no value.
    expect((await hostile(JSON.stringify('",[{'.repeat(300_000)), 1)).status).toBe(207);
    expect(ingest.context.bodies.held).toBe(0);
  });

  it("gives the room back when a client goes away in the middle", async () => {
    await start();
    const socket = connect(ingest.server.port, "127.0.0.1");
    socket.write(
      `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"to":',
    );
    await expect.poll(() => ingest.context.bodies.held, PATIENT).toBeGreaterThan(0);
    socket.destroy();
    await expect.poll(() => ingest.context.bodies.held, PATIENT).toBe(0);
    expect(ingest.writer.sends).toEqual([]);
  });
});

describe("what a request is called", () => {
  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it("is what the client calls it, in the answer and in a problem", async () => {
    await start();
    const headers = { "x-request-id": "Root=1-67891233-abcdef012345678912345678" };
    for (const body of [MESSAGE, {}]) {
      const answer = await ingest.call("/v1/messages", { body, headers });
      expect(answer.headers["x-request-id"]).toBe(headers["x-request-id"]);
      if (answer.status === 400) expect(answer.body.requestId).toBe(headers["x-request-id"]);
      else expect(answer.status).toBe(202);
    }
    expect((await ingest.call("/v2", { headers })).body.requestId).toBe(headers["x-request-id"]);
  });

  it.each([undefined, "", "a b", 'a"b', "x".repeat(129)])("is a UUID for %j", async (given) => {
    await start();
    const answer = await ingest.call("/v1/messages", {
      body: {},
      headers: given === undefined ? {} : { "x-request-id": given },
    });
    expect(answer.headers["x-request-id"]).toMatch(UUID);
    expect(answer.body.requestId).toBe(answer.headers["x-request-id"]);
  });
});

describe("the account's rate", () => {
  it("is told in each answer with what is left of it, once it has been charged", async () => {
    await start();
    const body = { messages: Array.from({ length: 4 }, () => MESSAGE) };
    const answer = await ingest.call("/v1/messages/batch", { key: OTHER_KEY, body });
    expect(answer.status).toBe(202);
    expect(answer.headers["ratelimit-policy"]).toBe('"messages";q=10;w=1');
    // What has come back meanwhile is as the machine is quick.
    expect(answer.headers.ratelimit).toMatch(/^"messages";r=[6-9];t=0$/);
    const large = { messages: Array.from({ length: 40 }, () => MESSAGE) };
    expect((await ingest.call("/v1/messages/batch", { key: OTHER_KEY, body: large })).headers.ratelimit).toMatch(
      /^"messages";r=0;t=[234]$/,
    );
    const refused = await ingest.call("/v1/messages", { key: OTHER_KEY, body: MESSAGE });
    expect(refused.status).toBe(429);
    expect(refused.headers.ratelimit).toMatch(/^"messages";r=0;t=[1234]$/);
  });

  it("is not told where there is none", async () => {
    await start();
    const { headers } = await ingest.call("/v1/messages", { body: MESSAGE });
    expect(headers).not.toHaveProperty("ratelimit");
    expect(headers).not.toHaveProperty("ratelimit-policy");
  });
});

describe("paths and methods", () => {
  it("answers 404 and 405 as problems", async () => {
    await start();
    expect(await ingest.call("/v2/messages")).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
    for (const [method, path, allow] of [
      ["PUT", "/v1/messages", "GET, HEAD, POST"],
      ["GET", "/v1/messages/batch", "POST"],
      ["PUT", "/v1/messages/0197a000-0000-7000-8000-000000000000", "GET, HEAD, DELETE"],
    ] as const) {
      const answer = await ingest.call(path, { method });
      expect(answer, path).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
      expect(answer.headers.allow).toBe(allow);
    }
  });

  it("answers a broken path as the client's mistake", async () => {
    await start();
    expect((await ingest.call("/v1/messages/%E0%A4%A")).status).toBe(400);
  });
});

describe("the end", () => {
  it("finishes the requests at hand when it is told to stop, and takes no more", async () => {
    await start();
    let acknowledge: () => void = () => {};
    ingest.writer.onSend = () => new Promise((resolve) => (acknowledge = resolve));
    const agent = new Agent({ keepAlive: true });
    const { port } = ingest.server;
    const answer = new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
      const request = httpRequest(
        { host: "127.0.0.1", port, path: "/v1/messages", method: "POST", agent, headers },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode, connection: response.headers.connection });
        },
      );
      request.once("error", reject).end(JSON.stringify(MESSAGE));
    });
    await expect.poll(() => ingest.writer.sends.length, PATIENT).toBe(1);
    let drained = false;
    const stop = ingest.server.drain(10_000).then(() => {
      drained = true;
    });
    await expect(ingest.call("/")).rejects.toThrow(/ECONNREFUSED/);
    expect(drained).toBe(false);
    acknowledge();
    expect(await answer).toEqual({ status: 202, connection: "close" });
    await stop;
    agent.destroy();
  });
});
