import { performance } from "node:perf_hooks";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import type { Route } from "../../answer-metrics.ts";
import { send } from "./jasmin-route.ts";
import { sendsms } from "./kannel-route.ts";
import { Refusal } from "./refusal.ts";
import type { SendSmsContext } from "./sendsms-context.ts";

const KANNEL = "/cgi-bin/sendsms";
const JASMIN = "/send";
/** What Jasmin has beside it, and cannot be answered truthfully: which provider a message will have and what it costs is decided when it is routed. */
const UNANSWERED = ["/rate", "/balance"];
const PATHS: ReadonlySet<string> = new Set([KANNEL, JASMIN, ...UNANSWERED]);

/** Whether a request's address is one of these forms'. */
export function isSendSms(url: string): boolean {
  const at = url.indexOf("?");
  return PATHS.has(at < 0 ? url : url.slice(0, at));
}

/** Messages in the forms of Kannel (docs/from-kannel.md) and Jasmin (docs/from-jasmin.md) as an Express application. */
export function sendSmsApp(context: SendSmsContext): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  app.set("strict routing", true);
  const kannel: RequestHandler = async (request, response) => {
    const { status, text, ids } = await sendsms(context, request);
    plain(response, status, text, { "x-sluice-message-ids": ids.join(",") });
  };
  const jasmin: RequestHandler = async (request, response) => {
    plain(response, 200, `Success "${await send(context, request)}"`);
  };
  app.all(
    KANNEL,
    observed(context, "kannel"),
    taking("GET", "POST"),
    kannel,
    faultHandler(context, (text) => text),
  );
  const quoted = (text: string) => `Error "${text}"`;
  app.all(JASMIN, observed(context, "jasmin"), taking("GET", "POST"), jasmin, faultHandler(context, quoted));
  app.all(UNANSWERED, observed(context, "jasmin"), (_request, response) => {
    plain(
      response,
      404,
      quoted("This is not answered here: what a message costs and what is left is decided when it is routed"),
    );
  });
  return app;
}

function observed({ metrics }: SendSmsContext, route: Route): RequestHandler {
  return (_request, response, next) => {
    const began = performance.now();
    response.once("finish", () => metrics.answered(route, response.statusCode, (performance.now() - began) / 1_000));
    next();
  };
}

function taking(...methods: string[]): RequestHandler {
  return ({ method }, _response, next) => {
    if (!methods.includes(method))
      throw new Refusal(405, `${method} is not possible here`, { allow: methods.join(", ") });
    next();
  };
}

/** `form`: how a form writes what was refused. What is no fault of the request is logged, and not shown. */
function faultHandler({ log }: SendSmsContext, form: (text: string) => string): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof Refusal) return plain(response, error.status, form(error.message), error.headers);
    log
      .every("sendsms-failed", 1_000)
      .error({ err: error, method: request.method, path: request.path }, "request failed");
    plain(response, 500, form("The service failed: the cause is in its log"));
  };
}

function plain(response: Response, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const payload = Buffer.from(text);
  response.writeHead(status, {
    ...headers,
    "content-type": "text/plain; charset=utf-8",
    "content-length": payload.length,
    "cache-control": "no-store",
  });
  response.end(payload);
}
