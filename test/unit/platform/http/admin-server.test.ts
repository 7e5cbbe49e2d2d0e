import { afterEach, expect, test } from "vitest";
import { type AdminServer, type AdminServerOptions, startAdminServer } from "../../../../platform/http/admin-server.ts";

let server: AdminServer | undefined;
afterEach(async () => {
  await server?.close();
});

async function start(options: Partial<AdminServerOptions> = {}) {
  server = await startAdminServer({
    host: "127.0.0.1",
    port: 0,
    health: () => ({ ok: true, body: { status: "alive" } }),
    ready: async () => ({ ok: false, body: { notReady: { kafka: "no partitions" } } }),
    metrics: (_, response) => void response.end("up 1\n"),
    ...options,
  });
  const { port } = server;
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

test("health and readiness answer 200 or 503 with the reason", async () => {
  const get = await start();
  const health = await get("/healthz?verbose");
  expect([health.status, await health.json()]).toEqual([200, { status: "alive" }]);
  const ready = await get("/readyz");
  expect([ready.status, await ready.json()]).toEqual([503, { notReady: { kafka: "no partitions" } }]);
  expect(ready.headers.get("cache-control")).toBe("no-store");
  expect(ready.headers.get("x-content-type-options")).toBe("nosniff");
});

test("metrics come from their handler", async () => {
  expect(await (await (await start())("/metrics")).text()).toBe("up 1\n");
});

test("a verdict that throws is a 503, never a hang", async () => {
  const get = await start({
    health: () => {
      throw new Error("broken");
    },
  });
  const response = await get("/healthz");
  expect([response.status, await response.json()]).toEqual([503, { error: "broken" }]);
});

test("other paths and methods are problems", async () => {
  const get = await start();
  expect((await get("/")).status).toBe(404);
  const post = await get("/metrics", { method: "POST" });
  expect([post.status, post.headers.get("allow"), post.headers.get("content-type")]).toEqual([
    405,
    "GET, HEAD",
    "application/problem+json",
  ]);
});

test("a busy port is explained", async () => {
  await start();
  const second = startAdminServer({
    host: "127.0.0.1",
    port: server!.port,
    health: () => ({ ok: true, body: {} }),
    ready: () => ({ ok: true, body: {} }),
    metrics: () => {},
  });
  await expect(second).rejects.toMatchObject({
    code: "PORT_UNAVAILABLE",
    message: expect.stringContaining("another process has it"),
  });
});
