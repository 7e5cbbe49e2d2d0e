import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import { methodNotAllowed, notFound, problemHandler } from "../../../../platform/http/express-problems.ts";
import { ProblemError, problem } from "../../../../platform/http/problem.ts";
import { type Log, silentLog } from "../../../../platform/log/log.ts";

const logged: unknown[] = [];
const log: Log = {
  ...silentLog,
  every: () => ({ ...silentLog, error: (fields: unknown) => void logged.push(fields) }),
};

let server: Server;
let base: string;

beforeAll(async () => {
  const app = express();
  app.use(express.json({ limit: 100 }));
  app.post("/echo", (request, response) => void response.json(request.body));
  app.all("/echo", methodNotAllowed(["POST"]));
  const thrown: Record<string, () => unknown> = {
    field: () =>
      new ProblemError({
        status: 400,
        code: "INVALID_FIELD",
        title: "A field is invalid",
        errors: [{ field: "to", code: "NOT_E164", message: "must be an E.164 number" }],
      }),
    limited: () => new ProblemError({ status: 429, code: "RATE", title: "Slow" }, { headers: { "retry-after": "7" } }),
    transient: () => new SluiceError("broker 10.0.0.3 away", { code: "AWAY", class: "transient" }),
    throttled: () => new SluiceError("queue full", { code: "FULL", class: "throttled" }),
    bug: () => new TypeError("cannot read secretThing of undefined"),
    text: () => "a thrown text",
  };
  app.get("/throw/:what", async (request) => {
    throw thrown[request.params.what]!();
  });
  app.get("/suppressions/:number", () => {
    throw new TypeError("a bug");
  });
  app.get("/late", (_, response) => {
    response.write("half");
    throw new Error("after the head");
  });
  app.use(notFound);
  app.use(problemHandler(log));
  await new Promise<void>((resolve) => {
    server = app.listen(0, "127.0.0.1", () => resolve());
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`${base}${path}`, { headers: { "content-type": "application/json" }, ...init });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: JSON.parse(text) as Record<string, unknown>,
  };
}

test("the body is RFC 9457 with code and errors", () => {
  const errors = [{ field: "to", code: "MISSING", message: "is required" }];
  const extra = { retryAfterSeconds: 5, status: 999 };
  expect(problem({ status: 400, code: "INVALID_FIELD", title: "T", detail: "D", errors, extra })).toEqual({
    type: "urn:sluice:problem:invalid-field",
    title: "T",
    status: 400,
    code: "INVALID_FIELD",
    detail: "D",
    errors,
    retryAfterSeconds: 5,
  });
  expect(Object.keys(problem({ status: 404, code: "X", title: "T" }))).toEqual(["type", "title", "status", "code"]);
});

test("a good request passes", async () => {
  expect((await ask("/echo", { method: "POST", body: '{"a":1}' })).body).toEqual({ a: 1 });
});

test.each<[string, RequestInit, number, string]>([
  ["broken JSON", { body: '{"to": hunter2' }, 400, "INVALID_JSON"],
  ["a body too large", { body: JSON.stringify("x".repeat(200)) }, 413, "BODY_TOO_LARGE"],
  [
    "an unknown encoding",
    { body: "x", headers: { "content-type": "application/json", "content-encoding": "zip" } },
    415,
    "UNSUPPORTED_ENCODING",
  ],
  [
    "an unknown charset",
    { body: "x", headers: { "content-type": "application/json; charset=klingon" } },
    415,
    "UNSUPPORTED_ENCODING",
  ],
])("%s", async (_, init, status, code) => {
  const answer = await ask("/echo", { method: "POST", ...init });
  expect(answer).toMatchObject({ status, body: { status, code } });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.text).not.toContain("hunter2");
});

test("unknown paths and methods", async () => {
  expect(await ask("/nowhere")).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
  const answer = await ask("/echo", { method: "DELETE" });
  expect(answer).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
  expect(answer.headers.get("allow")).toBe("POST");
});

test("a malformed path is the client's fault", async () => {
  expect(await ask("/throw/%E0%A4%A")).toMatchObject({ status: 400, body: { code: "BAD_REQUEST" } });
});

test("a problem that a handler throws is the answer", async () => {
  expect(await ask("/throw/field")).toMatchObject({
    status: 400,
    body: { code: "INVALID_FIELD", errors: [{ field: "to" }] },
  });
  expect((await ask("/throw/limited")).headers.get("retry-after")).toBe("7");
});

test.each([
  ["transient", 503, "1"],
  ["throttled", 429, "1"],
  ["bug", 500, null],
  ["text", 500, null],
])("a %s fault becomes %d, and tells nothing of the inside", async (what, status, retryAfter) => {
  logged.length = 0;
  const answer = await ask(`/throw/${what}`);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("retry-after")).toBe(retryAfter);
  expect(answer.text).not.toMatch(/10\.0\.0\.3|secretThing|thrown text/);
  expect(logged).toHaveLength(status >= 500 ? 1 : 0);
});

test("a fault after the answer has begun cuts it off", async () => {
  await expect(fetch(`${base}/late`).then((response) => response.text())).rejects.toThrow();
});

test.each(["491713920012", "%2B491713920012"])("a number in a path is not logged: %s", async (number) => {
  logged.length = 0;
  expect((await ask(`/suppressions/${number}`)).status).toBe(500);
  expect(logged).toMatchObject([{ path: expect.stringMatching(/^\/suppressions\//) }]);
  expect(JSON.stringify(logged)).not.toContain("1713920012");
});
