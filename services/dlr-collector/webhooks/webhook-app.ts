import type { IncomingMessage } from "node:http";
import express, { type Express, type Request, type Response } from "express";
import type { HttpProvider } from "../../../domain/catalog/provider.ts";
import { type DeliveredCodecs, DeliveredRecords } from "../../../pipeline/records/delivered-records.ts";
import { methodNotAllowed, notFound, problemHandler } from "../../../platform/http/express-problems.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import { type FormParameters, isSignedBy } from "../../../platform/http/twilio-signature.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { CallbackAddress } from "./callback-address.ts";
import { readTwilioCallback, type TwilioCallback } from "./twilio-callback.ts";

export interface WebhookOptions {
  /** The provider of this id; undefined when there is none that calls back. */
  readonly provider: (id: string) => HttpProvider | undefined;
  /** Where providers reach this server, without a trailing slash; undefined: as in each provider's statusCallbackUrl. */
  readonly publicUrl: string | undefined;
  readonly partitions: number;
  readonly codecs: DeliveredCodecs;
  /** Resolves when the records are stored by all in-sync replicas; may reject at once when too much is waiting. */
  readonly store: (records: readonly OutRecord[]) => Promise<void>;
  /** How long a callback waits to be stored before the provider is asked to repeat it, milliseconds. */
  readonly storeTimeoutMs: number;
  readonly metrics: MetricRegistry;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Twilio's callbacks have some 20 short parameters; a message from a handset has 1,600 characters more. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** A body as it came, kept beside what it was parsed into: the provider signs its octets. */
interface Posted extends IncomingMessage {
  octets?: Buffer;
}

/** What the provider is told to wait before it repeats a callback, seconds. */
const RETRY_AFTER_SECONDS = "2";

/** The webhooks as an Express application: nothing is answered with success before it is stored. */
export function webhookApp(options: WebhookOptions): Express {
  const callbacks = options.metrics.counter("webhook_callbacks_total", {
    help: "Callbacks of providers, by what became of them",
  });
  const counts = {
    receipt: callbacks.with({ outcome: "receipt" }),
    unknownStatus: callbacks.with({ outcome: "unknown-status" }),
    inbound: callbacks.with({ outcome: "inbound" }),
    unusable: callbacks.with({ outcome: "unusable" }),
    forged: callbacks.with({ outcome: "forged" }),
    unstored: callbacks.with({ outcome: "unstored" }),
  };

  const records = new DeliveredRecords(options.codecs, options.partitions);
  const addresses = new WeakMap<HttpProvider, CallbackAddress>();
  const addressOf = (provider: HttpProvider): CallbackAddress => {
    const known = addresses.get(provider);
    if (known !== undefined) return known;
    const address = new CallbackAddress(provider.http.statusCallbackUrl, options.publicUrl);
    addresses.set(provider, address);
    return address;
  };
  const twilio = async (request: Request, response: Response) => {
    const provider = options.provider(request.params.provider as string);
    if (provider === undefined)
      throw new ProblemError({ status: 404, code: "UNKNOWN_PROVIDER", title: "No such provider" });
    const addressed = addressOf(provider).spellings(request.originalUrl);
    if (!isGenuine(provider, request, addressed)) {
      counts.forged.add();
      throw forged(options, provider, request);
    }
    const callback = readTwilioCallback(provider.id, parametersOf(request.body), request.query, options.now());
    if (callback.kind === "unusable") {
      // The signature is right, so it is the provider's: an error would only make it repeat the same.
      const { field } = callback;
      options.log.every("unusable", 5_000).warn({ provider: provider.id, field }, "a callback cannot be used");
    } else {
      try {
        await storeWithin(options, recordOf(records, callback));
      } catch (cause) {
        counts.unstored.add();
        throw unstored(cause);
      }
    }
    if (callback.kind === "receipt" && callback.unknownStatus !== undefined) {
      counts.unknownStatus.add();
      const status = callback.unknownStatus.slice(0, 40);
      options.log.every("unknown-status", 5_000).warn({ provider: provider.id, status }, "a status that is not known");
    } else counts[callback.kind].add();
    response.status(204).end();
  };

  const keepOctets = (request: Posted, _: unknown, octets: Buffer) => {
    request.octets = octets;
  };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app
    .route("/webhooks/twilio/:provider")
    .post(
      express.urlencoded({ extended: false, limit: BODY_LIMIT_BYTES, parameterLimit: 200, verify: keepOctets }),
      express.json({ limit: BODY_LIMIT_BYTES, verify: keepOctets }),
      twilio,
    )
    .all(methodNotAllowed(["POST"]));
  app.use(notFound);
  app.use(problemHandler(options.log));
  return app;
}

/** Whether the provider has signed this request: with its account's token, or with the key that the request says. */
function isGenuine({ http }: HttpProvider, request: Request, addresses: Iterable<string>): boolean {
  const settings = request.get("x-twilio-webhooks-signature-settings");
  const { octets = Buffer.alloc(0) } = request as Posted;
  const bodyHash: unknown = request.query.bodySHA256;
  return isSignedBy(settings === undefined ? http.authToken : (http.sharedKeySecret ?? http.authToken), {
    addresses,
    form: formOf(request),
    body: octets,
    bodyHash: typeof bodyHash === "string" ? bodyHash : Array.isArray(bodyHash) ? String(bodyHash[0]) : undefined,
    signature: request.get("x-twilio-signature"),
    settings,
  });
}

/** The form that was posted; without any body an empty one; undefined when the body is something else. */
function formOf(request: Request): FormParameters | undefined {
  if (request.is("urlencoded") || !hasBody(request)) return (request.body ?? {}) as FormParameters;
  return undefined;
}

function hasBody({ headers }: Request): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** A form as it is, and the texts and numbers at the top of a JSON object, as if they had come in a form. */
function parametersOf(body: unknown): FormParameters {
  const parameters: Record<string, string | readonly string[]> = Object.create(null);
  if (typeof body !== "object" || body === null || Array.isArray(body)) return parameters;
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === "string" || Array.isArray(value)) parameters[name] = value;
    else if (typeof value === "number") parameters[name] = String(value);
  }
  return parameters;
}

function recordOf(records: DeliveredRecords, callback: Exclude<TwilioCallback, { kind: "unusable" }>): OutRecord {
  if (callback.kind === "inbound") return records.inbound(callback.inbound, callback.id);
  return callback.placed ? records.receipt(callback.receipt) : records.unplaced(callback.receipt);
}

/** A write that is late may still succeed; the repeat that follows is then a duplicate, which changes nothing. */
async function storeWithin({ store, storeTimeoutMs }: WebhookOptions, record: OutRecord): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not stored within ${storeTimeoutMs} ms`)), storeTimeoutMs);
  });
  try {
    await Promise.race([store([record]), late]);
  } finally {
    clearTimeout(timer);
  }
}

function unstored(cause: unknown): ProblemError {
  const detail = "the callback is not stored yet; repeat it after the time in Retry-After";
  return new ProblemError(
    { status: 503, code: "UNAVAILABLE", title: "The service cannot do this at the moment", detail },
    { headers: { "retry-after": RETRY_AFTER_SECONDS }, cause },
  );
}

function forged({ log }: WebhookOptions, provider: HttpProvider, request: Request): ProblemError {
  const signed = request.get("x-twilio-signature") !== undefined;
  log
    .every(`forged-${provider.id}`, 10_000)
    .warn(
      { provider: provider.id, path: request.path, signed, remote: request.socket.remoteAddress },
      "refused a callback whose signature is wrong; if the provider sent it, check its authToken and the public URL",
    );
  return new ProblemError({
    status: 403,
    code: "SIGNATURE_INVALID",
    title: "The signature is missing or wrong",
    detail:
      "sign the address in the catalog (statusCallbackUrl) and the form's parameters with the account's auth token",
  });
}
