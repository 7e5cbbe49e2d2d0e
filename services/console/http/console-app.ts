import express, { type Express, type Request, type Response } from "express";
import { methodNotAllowed, notFound, problemHandler } from "../../../platform/http/express-problems.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Gate } from "../access/gate.ts";
import type { Person, Role } from "../access/roles.ts";
import type { LiveStream } from "./live-stream.ts";
import { type PageFile, servePage } from "./page-files.ts";
import { securityHeaders } from "./security-headers.ts";
import type { SessionCookie } from "./session-cookie.ts";

/** A question of the page. */
export interface Question {
  readonly method: "get" | "post";
  /** `/api/…` */
  readonly path: string;
  /** Who may ask it. */
  readonly role: Role;
  /** @returns what is answered as JSON. @throws ProblemError, or SluiceError of class transient or throttled */
  readonly answer: (person: Person, request: Request) => Promise<object> | object;
}

export interface ConsoleApp {
  readonly gate: Gate;
  readonly cookie: SessionCookie;
  readonly live: LiveStream;
  readonly questions: readonly Question[];
  readonly page: ReadonlyMap<string, PageFile>;
  readonly log: Log;
}

/** A login, or a question with a message's fields. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** The console as an Express application; it listens to nothing by itself. */
export function consoleApp({ gate, cookie, live, questions, page, log }: ConsoleApp): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(securityHeaders);
  const body = express.json({ limit: BODY_LIMIT_BYTES });
  const own = (request: Request, _response: Response, next: () => void) => {
    gate.requireThisPage(request);
    next();
  };
  access(app, { gate, cookie, own, body });
  app
    .route("/api/live")
    .get((request, response) => {
      gate.personOf(request, "viewer");
      if (live.open(response, () => gate.sessionOf(request) !== undefined)) return;
      const detail = "close another one, or raise SLUICE_CONSOLE_CLIENTS";
      const retry = { headers: { "retry-after": "10" } };
      throw new ProblemError({ status: 503, code: "TOO_MANY_PAGES", title: "Too many pages are open", detail }, retry);
    })
    .all(methodNotAllowed(["GET"]));
  for (const { method, path, role, answer } of questions) {
    const handle = async (request: Request, response: Response) => {
      sendJson(response, await answer(gate.personOf(request, role), request));
    };
    if (method === "get")
      app
        .route(path)
        .get(handle)
        .all(methodNotAllowed(["GET", "HEAD"]));
    else
      app
        .route(path)
        .post(own, body, handle)
        .all(methodNotAllowed(["POST"]));
  }
  app.use(servePage(page));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

interface Access extends Pick<ConsoleApp, "gate" | "cookie"> {
  readonly own: express.RequestHandler;
  readonly body: express.RequestHandler;
}

/** Login, logout, and who one is. */
function access(app: Express, { gate, cookie, own, body }: Access): void {
  app
    .route("/api/login")
    .post(own, body, async (request, response) => {
      const { person, token } = await gate.logIn(request.body, request.socket.remoteAddress ?? "");
      response.setHeader("set-cookie", cookie.give(token));
      sendJson(response, person);
    })
    .all(methodNotAllowed(["POST"]));
  app
    .route("/api/logout")
    .post(own, (request, response) => {
      gate.logOut(request);
      response.setHeader("set-cookie", cookie.take());
      sendJson(response, {});
    })
    .all(methodNotAllowed(["POST"]));
  app
    .route("/api/session")
    .get((request, response) => sendJson(response, gate.personOf(request, "viewer")))
    .all(methodNotAllowed(["GET", "HEAD"]));
}

function sendJson(response: Response, answer: object): void {
  const payload = Buffer.from(JSON.stringify(answer));
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("content-length", payload.length);
  response.setHeader("cache-control", "no-store");
  response.end(payload);
}
