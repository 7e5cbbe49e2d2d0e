import { join } from "node:path";
import { startHttpServer } from "../../../platform/http/http-server.ts";
import { type Log, silentLog } from "../../../platform/log/log.ts";
import { Gate } from "../../../services/console/access/gate.ts";
import type { Role } from "../../../services/console/access/roles.ts";
import { Sessions } from "../../../services/console/access/sessions.ts";
import { Users } from "../../../services/console/access/users.ts";
import { consoleApp, type Question } from "../../../services/console/http/console-app.ts";
import { LiveStream } from "../../../services/console/http/live-stream.ts";
import { SessionCookie } from "../../../services/console/http/session-cookie.ts";

/** A line of a log that remembers; of what may repeat, the first line a key. */
export interface Told {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly words: string;
}

export function rememberingLog(): { readonly log: Log; readonly told: Told[] } {
  const told: Told[] = [];
  const say = (level: string) => (fields: unknown, words?: string) =>
    void told.push({ level, fields: fields as Told["fields"], words: words ?? "" });
  const levels = { info: say("info"), warn: say("warn"), error: say("error") };
  const keys = new Set<string>();
  const every = (key: string) => {
    const known = keys.has(key);
    keys.add(key);
    return known ? silentLog : log;
  };
  const log: Log = { ...silentLog, ...levels, every, child: () => log } as Log;
  return { log, told };
}

export const OWN = { "content-type": "application/json", "x-sluice-console": "1" };

/** The console's HTTP with these questions, and people who are logged in. Call `stop` at the end. */
export async function consoleWorld(questions: readonly Question[], log: Log = silentLog) {
  const sessions = new Sessions({ max: 10, idleMs: 60_000, longestMs: 60_000 });
  const cookie = new SessionCookie(false);
  const now = () => performance.now();
  const live = new LiveStream({ state: () => "{}", everyMs: 500, max: 2, now });
  const oneTimeFile = join(import.meta.dirname, "no-such-login");
  const gate = new Gate({ sessions, users: new Users(undefined), cookie, oneTimeFile, log, now, wallClock: Date.now });
  const app = consoleApp({ gate, cookie, live, log, page: new Map(), questions });
  const limits = { maxConnections: 50, requestTimeoutMs: 5_000 };
  const server = await startHttpServer(app, { name: "page server", host: "127.0.0.1", port: 0, ...limits });
  const url = `http://127.0.0.1:${server.port}`;
  const headersOf = (role: Role | undefined): Record<string, string> =>
    role === undefined ? {} : { cookie: `sluice=${sessions.begin({ name: `${role}-anna`, role }, now())}` };
  return {
    url,
    /** @returns status and body */
    async ask(role: Role | undefined, path: string, body?: unknown, headers: Record<string, string> = OWN) {
      const answer = await fetch(`${url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { ...(body === undefined ? {} : headers), ...headersOf(role) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const retryAfter = answer.headers.get("retry-after") ?? undefined;
      const { status } = answer;
      return { status, body: (await answer.json()) as Record<string, unknown>, ...(retryAfter && { retryAfter }) };
    },
    stop: () => server.drain(50),
  };
}
