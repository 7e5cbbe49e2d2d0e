import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { mayDo, type Scope } from "../../../../domain/catalog/access-key.ts";
import { methodNotAllowed, notFound, problemHandler } from "../../../../platform/http/express-problems.ts";
import { problem, REQUEST_ID, sendProblem } from "../../../../platform/http/problem.ts";
import type { Account } from "../../access/api-keys.ts";
import type { Route } from "../../answer-metrics.ts";
import { postBatch } from "./batch-route.ts";
import { getBudget } from "./budget-route.ts";
import { deleteMessage } from "./cancel-route.ts";
import { postConversion } from "./conversion-route.ts";
import type { ApiDocument } from "./docs/api-document.ts";
import { docsPage } from "./docs/docs-page.ts";
import { postExplain } from "./explain-route.ts";
import { listOwnInbound } from "./inbound-route.ts";
import { requireKnownQuery } from "./known-query.ts";
import { listOwnMessages } from "./list-route.ts";
import { postMessage } from "./message-route.ts";
import { requireNothingElse } from "./nothing-else.ts";
import { openapi } from "./openapi.ts";
import { nameLimit } from "./rate-limit-headers.ts";
import { apiKeyOf, requestIdOf } from "./request-headers.ts";
import type { RestContext } from "./rest-context.ts";
import { getStatus } from "./status-route.ts";
import {
  getSuppression,
  listSuppressions,
  postSuppressions,
  postWebhook,
  putSuppression,
} from "./suppression-routes.ts";
import { postUpload } from "./upload/upload-route.ts";
import { getUsage } from "./usage-route.ts";

const WELCOME = `Sluice: SMS delivery. This is the HTTP way in.

POST /v1/messages                   one message
POST /v1/messages/batch             up to 10,000 messages
POST /v1/messages/upload            a file of messages, CSV or NDJSON, of any length
GET  /v1/messages                   your messages, by number, reference, label, lane, status and time
GET  /v1/messages/{id}              status and history
DELETE /v1/messages/{id}            a message that waits for its time is not sent
POST /v1/messages/{id}/conversion   whether the recipient did what it was for
GET, PUT, DELETE /v1/suppressions/{number}   whether anything may go to a recipient
GET, POST /v1/suppressions          who is suppressed; up to 10,000 at once
POST /v1/webhooks/{account}/suppressions   the same by a CRM's webhook, which is signed and carries no key
POST /v1/routes/explain             which provider a message would have, and why
GET  /v1/inbound                    what handsets have sent to your numbers, for a week
GET  /v1/usage                      what you have used, by day and lane
GET  /v1/budget                     what you may spend, have spent and have left
GET  /docs                          all of it, to read
GET  /openapi.json                  all of it, for programs

Every /v1 request carries an API key: Authorization: Bearer <key>

Messages in the form of Twilio (/2010-04-01/Accounts/{Sid}/Messages.json), Kannel (/cgi-bin/sendsms) and Jasmin (/send): docs/from-twilio.md and others
`;

/** What a public page may do: load its style from this server, and nothing else; nobody may show it in a frame (Content Security Policy Level 3). */
const DOCS_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What a request needs its key for; of some by their method. */
type ScopeOf = Scope | ((method: string) => Scope);
/** They are seen by whoever may read, and changed by whoever may change whom the account writes to. */
const OF_SUPPRESSIONS: ScopeOf = (method) => (method === "GET" || method === "HEAD" ? "read" : "admin");

type Handler = (request: Request, response: Response, account: Account) => Promise<void>;

/** The HTTP facade as an Express application; it listens to nothing by itself. */
export function restApp(context: RestContext): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use((request, response, next) => {
    response.setHeader(REQUEST_ID, requestIdOf(request.get(REQUEST_ID)));
    next();
  });

  const guarded = (route: Route, scope: ScopeOf, handle: Handler) => (request: Request, response: Response) => {
    observe(context, route, response);
    const key = apiKeyOf(request.headers.authorization, request.get("x-api-key"));
    const admission = context.keys.admit(request, { key });
    if (admission.outcome === "throttled") return tooManyWrongKeys(context, response, admission.waitSeconds);
    if (admission.outcome === "unknown") return unauthorized(context, response);
    const { account } = admission;
    const needed = typeof scope === "string" ? scope : scope(request.method);
    if (!mayDo(admission.key, needed)) return forbidden(context, response, needed);
    nameLimit(response, account, context.acceptor);
    requireKnownQuery(request);
    return handle(request, response, account);
  };

  app
    .route("/v1/messages")
    .get(
      guarded("list", "read", async (request, response, account) => {
        sendJson(response, 200, await listOwnMessages(context, account, request.query));
      }),
    )
    .post(
      guarded("message", "send", async (request, response, account) => {
        const answer = await postMessage(context, account, request);
        response.setHeader("location", answer.location);
        sendJson(response, 202, answer.body);
      }),
    )
    .all(methodNotAllowed(["GET", "HEAD", "POST"]));
  app
    .route("/v1/messages/batch")
    .post(
      guarded("batch", "send", async (request, response, account) => {
        const answer = await postBatch(context, account, request);
        sendJson(response, answer.status, answer.body);
      }),
    )
    .all(methodNotAllowed(["POST"]));
  app
    .route("/v1/messages/upload")
    .post(guarded("upload", "send", (request, response, account) => postUpload(context, account, request, response)))
    .all(methodNotAllowed(["POST"]));
  app
    .route("/v1/messages/:id")
    .get(
      guarded("status", "read", async (request, response, account) => {
        sendJson(response, 200, await getStatus(context, account, request.params.id as string, request.query.to));
      }),
    )
    .delete(
      guarded("cancel", "send", async (request, response, account) => {
        await requireNothingElse(request, context.bodies);
        const answer = await deleteMessage(context, account, request.params.id as string);
        if (answer.location !== undefined) response.setHeader("location", answer.location);
        sendJson(response, answer.status, answer.body);
      }),
    )
    .all(methodNotAllowed(["GET", "HEAD", "DELETE"]));
  app
    .route("/v1/messages/:id/conversion")
    .post(
      guarded("conversion", "send", async (request, response, account) => {
        sendJson(response, 202, await postConversion(context, account, request.params.id as string, request));
      }),
    )
    .all(methodNotAllowed(["POST"]));
  app
    .route("/v1/routes/explain")
    .post(
      guarded("explain", "read", async (request, response, account) => {
        sendJson(response, 200, await postExplain(context, account, request));
      }),
    )
    .all(methodNotAllowed(["POST"]));
  app
    .route("/v1/inbound")
    .get(
      guarded("inbound", "read", async (request, response, account) => {
        sendJson(response, 200, await listOwnInbound(context, account, request.query));
      }),
    )
    .all(methodNotAllowed(["GET", "HEAD"]));
  app
    .route("/v1/usage")
    .get(
      guarded("usage", "read", async (request, response, account) => {
        sendJson(response, 200, await getUsage(context, account, request.query));
      }),
    )
    .all(methodNotAllowed(["GET", "HEAD"]));
  app
    .route("/v1/budget")
    .get(
      guarded("budget", "read", async (_request, response, account) =>
        sendJson(response, 200, getBudget(context, account)),
      ),
    )
    .all(methodNotAllowed(["GET", "HEAD"]));
  suppressions(app, context, guarded);
  publicPages(app);
  app.use(notFound);
  app.use(problemHandler(context.log));
  return app;
}

function suppressions(
  app: Express,
  context: RestContext,
  guarded: (route: Route, scope: ScopeOf, handle: Handler) => RequestHandler,
): void {
  app
    .route("/v1/suppressions")
    .get(
      guarded("suppressions", OF_SUPPRESSIONS, async (request, response, account) => {
        sendJson(response, 200, await listSuppressions(context, account, request.query));
      }),
    )
    .post(
      guarded("suppressions", OF_SUPPRESSIONS, async (request, response, account) => {
        sendJson(response, 200, await postSuppressions(context, account, request));
      }),
    )
    .all(methodNotAllowed(["GET", "HEAD", "POST"]));
  const one = (handle: (account: Account, number: string) => Promise<object>) =>
    guarded("suppressions", OF_SUPPRESSIONS, async (request, response, account) => {
      if (request.method === "PUT" || request.method === "DELETE") await requireNothingElse(request, context.bodies);
      sendJson(response, 200, await handle(account, request.params.number as string));
    });
  app
    .route("/v1/suppressions/:number")
    .get(one((account, number) => getSuppression(context, account, number)))
    .put(one((account, number) => putSuppression(context, account, number, true)))
    .delete(one((account, number) => putSuppression(context, account, number, false)))
    .all(methodNotAllowed(["GET", "HEAD", "PUT", "DELETE"]));
  app
    .route("/v1/webhooks/:account/suppressions")
    .post(async (request: Request, response: Response) => {
      observe(context, "webhook", response);
      sendJson(response, 200, await postWebhook(context, request.params.account as string, request));
    })
    .all(methodNotAllowed(["POST"]));
}

function publicPages(app: Express): void {
  const json = Buffer.from(JSON.stringify(openapi));
  const page = Buffer.from(docsPage(openapi as unknown as ApiDocument));
  const style = readFileSync(join(import.meta.dirname, "docs/docs.css"));
  const pages = [
    ["/openapi.json", "application/json", json],
    ["/docs", "text/html", page],
    ["/docs.css", "text/css", style],
    ["/", "text/plain", WELCOME],
  ] as const;
  for (const [path, type, body] of pages)
    app
      .route(path)
      .get((_request, response) => {
        response.setHeader("content-security-policy", DOCS_POLICY);
        response.type(type).send(body);
      })
      .all(methodNotAllowed(["GET", "HEAD"]));
}

function unauthorized(context: RestContext, response: Response): void {
  context.metrics.unauthorized.add();
  const detail = "send a valid API key as Authorization: Bearer <key>, or as X-API-Key: <key>";
  const body = problem({ status: 401, code: "UNAUTHORIZED", title: "A valid API key is needed", detail });
  sendProblem(response, body, { "www-authenticate": 'Bearer realm="sluice"' });
}

function forbidden(context: RestContext, response: Response, needed: Scope): void {
  context.metrics.forbidden.add();
  const detail = `the key is valid, and has no scope ${needed}; ask whoever issued it for another (docs/security.md)`;
  sendProblem(response, problem({ status: 403, code: "FORBIDDEN", title: "This key may not do that", detail }), {});
}

function tooManyWrongKeys(context: RestContext, response: Response, waitSeconds: number): void {
  context.metrics.guessed.add();
  const detail = "too many wrong keys have come from this address: no key is looked at until the time in Retry-After";
  const title = "Too many wrong keys";
  const body = problem({
    status: 429,
    code: "TOO_MANY_FAILURES",
    title,
    detail,
    extra: { retryAfterSeconds: waitSeconds },
  });
  sendProblem(response, body, { "retry-after": String(waitSeconds) });
}

/** Express's own `json()` computes more than an answer of megabytes needs. */
function sendJson(response: Response, status: number, body: object): void {
  const payload = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": payload.length,
    "cache-control": "no-store",
  });
  response.end(payload);
}

function observe(context: RestContext, route: Route, response: Response): void {
  const began = performance.now();
  response.once("finish", () => {
    context.metrics.answered(route, response.statusCode, (performance.now() - began) / 1_000);
  });
}
