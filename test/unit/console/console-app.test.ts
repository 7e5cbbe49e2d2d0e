import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startHttpServer } from "../../../platform/http/http-server.ts";
import { Gate } from "../../../services/console/access/gate.ts";
import { makeOneTimeLogin } from "../../../services/console/access/one-time-login.ts";
import type { Person } from "../../../services/console/access/roles.ts";
import { Sessions } from "../../../services/console/access/sessions.ts";
import { Users } from "../../../services/console/access/users.ts";
import { consoleApp } from "../../../services/console/http/console-app.ts";
import { LiveStream } from "../../../services/console/http/live-stream.ts";
import { readPage } from "../../../services/console/http/page-files.ts";
import { SessionCookie } from "../../../services/console/http/session-cookie.ts";

const PAGE = resolve(import.meta.dirname, "../../../services/console/page");
/** Read once: compressing takes a moment. */
const page = readPage(PAGE, {});
const line = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, trace() {} };
const log = { ...line, every: () => line } as never;

let folder: string;
let url: string;
let told: number;
let live: LiveStream;
let sessions: Sessions;
let stop: () => Promise<void>;
/** Where the gate's clock stands still; undefined: it goes. */
let standing: number | undefined;

beforeEach(async () => {
  standing = undefined;
  folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
  told = 0;
  sessions = new Sessions({ max: 10, idleMs: 60_000, longestMs: 60_000 });
  const cookie = new SessionCookie(false);
  const now = () => performance.now();
  live = new LiveStream({ state: () => JSON.stringify({ told: ++told }), everyMs: 500, max: 2, now });
  const oneTimeFile = join(folder, "login");
  const gate = new Gate({
    ...{ sessions, users: new Users(undefined), cookie, oneTimeFile, log, wallClock: Date.now },
    now: () => standing ?? performance.now(),
  });
  const who = (person: Person) => person;
  const app = consoleApp({
    gate,
    cookie,
    live,
    log,
    page,
    questions: [
      { method: "get", path: "/api/seen", role: "viewer", answer: who },
      { method: "get", path: "/api/run", role: "admin", answer: who },
      { method: "post", path: "/api/change", role: "viewer", answer: (_, { body }) => ({ body: body as unknown }) },
    ],
  });
  const server = await startHttpServer(app, {
    name: "page server",
    host: "127.0.0.1",
    port: 0,
    maxConnections: 50,
    requestTimeoutMs: 5_000,
  });
  url = `http://127.0.0.1:${server.port}`;
  stop = () => {
    live.close();
    return server.drain(50);
  };
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const OWN = { "content-type": "application/json", "x-sluice-console": "1" };
const post = (path: string, body: unknown, headers: Record<string, string> = OWN) =>
  fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });

async function logIn(): Promise<{ cookie: string }> {
  const answer = await post("/api/login", { token: makeOneTimeLogin(join(folder, "login")) });
  expect(answer.status).toBe(200);
  return { cookie: answer.headers.get("set-cookie")!.split(";")[0]! };
}

test("whatever is answered, the page may load nothing from elsewhere and run nothing that stands in a document", async () => {
  for (const path of ["/", "/console.js", "/api/session", "/nothing"]) {
    const { headers } = await fetch(`${url}${path}`);
    const policy = headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-powered-by")).toBeNull();
  }
});

test("without a session nothing is told but the page itself", async () => {
  for (const path of ["/api/session", "/api/seen", "/api/run", "/api/live"])
    expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 401]);
  expect((await post("/api/change", {})).status).toBe(401);
  expect((await fetch(`${url}/`)).status).toBe(200);
  expect((await fetch(`${url}/../main.ts`)).status).toBe(404);
});

test("a one-time login gives a session that logging out ends", async () => {
  const headers = await logIn();
  expect(await (await fetch(`${url}/api/session`, { headers })).json()).toMatchObject({ role: "admin" });
  expect((await fetch(`${url}/api/run`, { headers })).status).toBe(200);
  const out = await post("/api/logout", {}, { ...OWN, ...headers });
  expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  expect((await fetch(`${url}/api/session`, { headers })).status).toBe(401);
});

test("a role may not do what needs another one", async () => {
  const cookie = `sluice=${sessions.begin({ name: "anna", role: "viewer" }, performance.now())}`;
  expect((await fetch(`${url}/api/seen`, { headers: { cookie } })).status).toBe(200);
  const refused = await fetch(`${url}/api/run`, { headers: { cookie } });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: "ROLE_MAY_NOT" });
});

test("another site cannot change anything in somebody's name", async () => {
  const session = await logIn();
  const foreign: Record<string, string>[] = [
    { "content-type": "application/json" },
    { ...OWN, origin: "http://evil.example" },
    { ...OWN, "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) {
    const answer = await post("/api/change", { a: 1 }, { ...headers, ...session });
    expect(await answer.json()).toMatchObject({ status: 403, code: "OTHER_ORIGIN" });
  }
  expect(await (await post("/api/change", { a: 1 }, { ...OWN, ...session })).json()).toEqual({ body: { a: 1 } });
});

test("passwords cannot be tried without end", async () => {
  // Each attempt costs a hash, and on a busy machine so long that another may be made.
  standing = performance.now();
  const answers = [];
  for (let turn = 0; turn < 6; turn++) answers.push(await post("/api/login", { name: "anna", password: "guess" }));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
  expect(Number(answers.at(-1)!.headers.get("retry-after"))).toBeGreaterThan(0);
}, 120_000);

test("an open page is told of changes at once, and of many no more than two a second", async () => {
  const { cookie } = await logIn();
  const answer = await fetch(`${url}/api/live`, { headers: { cookie } });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const seen: { at: number; told: number }[] = [];
  const churn = setInterval(() => live.changed(), 20);
  const began = performance.now();
  while (performance.now() - began < 1_600) {
    const { value = "" } = await reader.read();
    for (const [, text] of value.matchAll(/^data: (.*)$/gm)) seen.push({ at: performance.now(), ...JSON.parse(text!) });
  }
  clearInterval(churn);
  await reader.cancel();
  expect(seen.length).toBeGreaterThanOrEqual(3);
  // The first is the state as it was; from then on at least half a second lies between two.
  expect(seen.length).toBeLessThanOrEqual(6);
});

test("there are never more open pages than the limit", async () => {
  const { cookie } = await logIn();
  const open = await Promise.all([1, 2].map(() => fetch(`${url}/api/live`, { headers: { cookie } })));
  expect(open.map(({ status }) => status)).toEqual([200, 200]);
  const third = await fetch(`${url}/api/live`, { headers: { cookie } });
  expect(third.status).toBe(503);
  await Promise.all(open.map(({ body }) => body!.cancel()));
});

test("the page's files come compressed, and once only while they stay the same", async () => {
  const first = await fetch(`${url}/console.js`, { headers: { "accept-encoding": "br" } });
  expect(first.headers.get("content-encoding")).toBe("br");
  const etag = first.headers.get("etag")!;
  expect((await fetch(`${url}/console.js`, { headers: { "if-none-match": etag } })).status).toBe(304);
  const page = await (await fetch(`${url}/`)).text();
  expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)|https?:\/\//);
});
