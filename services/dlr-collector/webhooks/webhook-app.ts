import express, { type Express, type Request, type Response } from "express";
import type { HttpProvider } from "../../../domain/catalog/provider.ts";
import { methodNotAllowed, notFound, problemHandler } from "../../../platform/http/express-problems.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { type DeliveredCodecs, DeliveredRecords } from "../../../schemas/delivered-records.ts";
import { readTwilioCallback } from "./twilio-callback.ts";
import { type FormParameters, isSignedBy } from "./twilio-signature.ts";

export interface WebhookOptions {
  readonly providers: ReadonlyMap<string, HttpProvider>;
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

/** What the provider is told to wait before it repeats a callback, seconds. */
const RETRY_AFTER_SECONDS = "2";

/** The webhooks as an Express application: nothing is answered with success before it is stored. */
export function webhookApp(options: WebhookOptions): Express {
  const callbacks = options.metrics.counter("webhook_callbacks_total", {
    help: "Callbacks of providers, by what became of them",
  });
  const counts = {
    receipt: callbacks.with({ outcome: "receipt" }),
    inbound: callbacks.with({ outcome: "inbound" }),
    unusable: callbacks.with({ outcome: "unusable" }),
    forged: callbacks.with({ outcome: "forged" }),
    unstored: callbacks.with({ outcome: "unstored" }),
  };

  const records = new DeliveredRecords(options.codecs, options.partitions);
  const twilio = async (request: Request, response: Response) => {
    const provider = options.providers.get(request.params.provider as string);
    if (provider === undefined)
      throw new ProblemError({ status: 404, code: "UNKNOWN_PROVIDER", title: "No such provider" });
    const form = (request.body ?? {}) as FormParameters;
    const url = (options.publicUrl ?? new URL(provider.http.statusCallbackUrl).origin) + request.originalUrl;
    if (!isSignedBy(provider.http.authToken, url, form, request.get("x-twilio-signature"))) {
      counts.forged.add();
      throw forged(options, provider, request);
    }
    const callback = readTwilioCallback(provider.id, form, request.query, options.now());
    if (callback.kind === "unusable") {
      // The signature is right, so it is the provider's: an error would only make it repeat the same.
      const { field } = callback;
      options.log.every("unusable", 5_000).warn({ provider: provider.id, field }, "a callback cannot be used");
    } else {
      try {
        const record =
          callback.kind === "receipt"
            ? records.receipt(callback.receipt)
            : records.inbound(callback.inbound, callback.id);
        await storeWithin(options, record);
      } catch (cause) {
        counts.unstored.add();
        throw unstored(cause);
      }
    }
    counts[callback.kind].add();
    response.status(204).end();
  };

  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app
    .route("/webhooks/twilio/:provider")
    .post(express.urlencoded({ extended: false, limit: BODY_LIMIT_BYTES, parameterLimit: 200 }), twilio)
    .all(methodNotAllowed(["POST"]));
  app.use(notFound);
  app.use(problemHandler(options.log));
  return app;
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
    detail: "sign the full public URL and the form's parameters with the account's auth token",
  });
}
