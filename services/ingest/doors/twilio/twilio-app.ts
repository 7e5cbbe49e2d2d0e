import { performance } from "node:perf_hooks";
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from "express";
import { mayDo, type Scope } from "../../../../domain/catalog/access-key.ts";
import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import type { Account, KnownKey } from "../../access/api-keys.ts";
import type { Route } from "../../answer-metrics.ts";
import { unavailable } from "./admission.ts";
import { createMessage } from "./create-message.ts";
import { knownCaller } from "./credentials.ts";
import { listMessages } from "./list-route.ts";
import type { TwilioContext } from "./twilio-context.ts";
import { CODES, sendFault, sendJson, TwilioFault } from "./twilio-fault.ts";
import { fetchMessage, updateMessage } from "./update-message.ts";

/** Where Twilio's API of this version stands. */
export const TWILIO_PREFIX = "/2010-04-01/";

const MESSAGES = "/2010-04-01/Accounts/:account/Messages.json";
const MESSAGE = "/2010-04-01/Accounts/:account/Messages/:message.json";
/** What both of them take (RFC 9110, 15.5.6). */
const ALLOWED = "GET, HEAD, POST";

type Handler = (request: Request, response: Response, account: Account) => Promise<void>;

/** Messages in the form of Twilio's API (docs/from-twilio.md) as an Express application. */
export function twilioApp(context: TwilioContext): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  const guarded =
    (route: Route, scope: Scope | undefined, handle: Handler) => async (request: Request, response: Response) => {
      observe(context, route, response);
      await handle(request, response, admitted(context, request, scope));
    };
  app
    .route(MESSAGES)
    .post(
      guarded("twilio-create", "send", async (request, response, account) => {
        sendJson(response, 201, await createMessage(context, account, request));
      }),
    )
    .get(
      guarded("twilio-list", "read", async (request, response, account) => {
        sendJson(response, 200, await listMessages(context, account, request));
      }),
    )
    .all(guarded("twilio-other", undefined, async () => notAllowed("Messages are created (POST) and listed (GET)")));
  app
    .route(MESSAGE)
    .get(
      guarded("twilio-fetch", "read", async (request, response, account) => {
        sendJson(response, 200, await fetchMessage(context, account, request.params.message as string));
      }),
    )
    .post(
      guarded("twilio-update", "send", async (request, response, account) => {
        const { status, body } = await updateMessage(context, account, request.params.message as string, request);
        sendJson(response, status, body);
      }),
    )
    .delete(
      guarded("twilio-other", undefined, async () => {
        const message = "A message cannot be deleted by itself: its records go with all of their day";
        throw new TwilioFault(405, CODES.notDeletable, message, { allow: ALLOWED });
      }),
    )
    .all(guarded("twilio-other", undefined, async () => notAllowed("A message is fetched (GET) or canceled (POST)")));
  app.use((request, response) => {
    observe(context, "twilio-other", response);
    const message = `There is nothing here under this path: of Twilio's API Sluice has ${MESSAGES.replace(":account", "{Sid}")} and its messages, in JSON`;
    request.resume();
    sendFault(response, new TwilioFault(404, CODES.notFound, message));
  });
  app.use(faultHandler(context));
  return app;
}

/** `scope`: what the key is needed for; undefined: there is nothing to be had. */
function admitted(context: TwilioContext, request: Request, scope: Scope | undefined): Account {
  const { account, key } = known(context, request);
  if (scope === undefined || mayDo(key, scope)) return account;
  context.metrics.forbidden.add();
  throw new TwilioFault(403, CODES.forbidden, `The key is valid, and has no scope ${scope}`);
}

function known({ keys, metrics }: TwilioContext, request: Request): KnownKey {
  try {
    return knownCaller(keys, request, request.params.account as string);
  } catch (error) {
    (error instanceof TwilioFault && error.status === 429 ? metrics.guessed : metrics.unauthorized).add();
    throw error;
  }
}

function notAllowed(message: string): never {
  throw new TwilioFault(405, CODES.methodNotAllowed, message, { allow: ALLOWED });
}

/** Whatever goes wrong is answered in Twilio's form; what is no fault of the request is logged, and not shown. */
function faultHandler({ log }: TwilioContext): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const fault = error instanceof TwilioFault ? error : faultOf(error);
    if (!(error instanceof TwilioFault) && fault.status >= 500) {
      log.every(`twilio-${fault.code}`, 1_000).error({ err: error, method: request.method }, "request failed");
    }
    sendFault(response, fault);
  };
}

function faultOf(error: unknown): TwilioFault {
  if (error instanceof SluiceError && error.class === "throttled")
    return new TwilioFault(429, CODES.tooManyRequests, "Too many look-ups at once", { "retry-after": "1" });
  if (error instanceof SluiceError && error.class === "transient")
    return unavailable("This cannot be looked up at the moment: repeat the request");
  if (error instanceof SluiceError && error.code === "LOOKUP_TOO_LARGE")
    return unavailable("It would read more than analytics allows: ask for a shorter time by DateSent> and DateSent<");
  const status = (error as { readonly status?: unknown } | null)?.status;
  if (!(error instanceof SluiceError) && typeof status === "number" && status >= 400 && status < 500)
    return new TwilioFault(status, CODES.invalidParameter, "The request cannot be read");
  return new TwilioFault(500, CODES.failed, "The service failed: the cause is in its log");
}

function observe(context: TwilioContext, route: Route, response: Response): void {
  const began = performance.now();
  response.once("finish", () => {
    context.metrics.answered(route, response.statusCode, (performance.now() - began) / 1_000);
  });
}
