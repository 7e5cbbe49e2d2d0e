import { z } from "zod";
import { delaySchema } from "../behaviour/delay.ts";
import { share } from "../behaviour/live-settings.ts";

const weight = z.number().min(0).default(0);
const finalState = z.enum(["delivered", "undelivered", "failed"]);

const callbacks = z.strictObject({
  /** From the request to the final status. */
  delay: delaySchema.default({ kind: "lognormal", medianMs: 1_500, p95Ms: 5_000, maxMs: 30_000 }),
  /** Weights of the final statuses; they need not add up to 1. */
  states: z
    .strictObject({ delivered: weight, undelivered: weight, failed: weight })
    .refine((states) => Object.values(states).some((w) => w > 0), "needs one weight above 0")
    .default({ delivered: 0.97, undelivered: 0.02, failed: 0.01 }),
  /** ErrorCode of undelivered and failed, chosen evenly. */
  errorCodes: z.array(z.number().int().min(30_000).max(39_999)).min(1).default([30_003, 30_005, 30_008]),
  /** Messages whose final callback never comes. */
  lossShare: share.default(0),
  /** Messages whose final callback comes twice. */
  duplicateShare: share.default(0),
  /** Messages with a `sent` callback beside the final one. */
  intermediateShare: share.default(0.1),
  /** Of those, the ones whose `sent` comes after the final callback. */
  disorderShare: share.default(0),
  /** Messages whose final callback is posted before the request is answered. */
  beforeResponseShare: share.default(0),
  /** Time for one callback request, ms. */
  timeoutMs: z.number().int().min(50).max(60_000).default(5_000),
  /** Wait before the first repeat of a failed callback, ms; it doubles with each. */
  retryMs: z.number().int().min(10).max(600_000).default(1_000),
  /** Times a callback is posted before it is given up. */
  maxAttempts: z.number().int().min(1).max(1_000).default(20),
});

/** What may change while the simulator runs. */
export const httpBehaviourSchema = z.strictObject({
  response: z
    .strictObject({
      delay: delaySchema.default({ kind: "lognormal", medianMs: 30, p95Ms: 90, maxMs: 2_000 }),
      /** Requests that are taken, and whose answer never comes. */
      lostShare: share.default(0),
      /** Requests that are taken, and whose connection is cut instead of an answer. */
      cutShare: share.default(0),
    })
    .prefault({}),
  rate: z
    .strictObject({
      /** Segments accepted in any one second; 0 for no limit. */
      segmentsPerSecond: z.number().int().min(0).max(1_000_000).default(0),
      /** What goes above the limit before it answers 429, as a share of it. */
      tolerance: share.default(0.05),
      /** Retry-After of the 429 answers, seconds; centuries are possible, as providers have sent them. */
      retryAfterSeconds: z.number().int().min(0).max(1e10).default(1),
    })
    .prefault({}),
  errors: z
    .strictObject({
      permanentShare: share.default(0),
      /** Twilio error codes, answered with 400. */
      permanentCodes: z.array(z.number().int().min(10_000).max(99_999)).min(1).default([21_211]),
      temporaryShare: share.default(0),
      temporaryStatuses: z.array(z.number().int().min(500).max(599)).min(1).default([503]),
      /** Answered with 429 whatever the rate. */
      throttledShare: share.default(0),
    })
    .prefault({}),
  callbacks: callbacks.prefault({}),
  /** Destinations (digits, no plus) with a fate of their own; the first prefix that matches counts. */
  rules: z
    .array(
      z.strictObject({
        prefix: z.string().regex(/^\d{1,15}$/),
        /** Refused with this Twilio error code. */
        code: z.number().int().min(10_000).max(99_999).optional(),
        state: finalState.optional(),
        loseCallback: z.boolean().optional(),
      }),
    )
    .max(100)
    .default([]),
  dark: z
    .strictObject({
      /** While silent: requests that are taken (and get their callbacks later) although no answer comes. */
      acceptShare: share.default(0),
    })
    .prefault({}),
});

export type HttpBehaviour = z.infer<typeof httpBehaviourSchema>;
export type FinalState = z.infer<typeof finalState>;

const port = z.number().int().min(0).max(65_535);

/** All settings of the HTTP provider simulator; everything beside `behaviour` holds from the start on. */
export const httpProviderSettingsSchema = z.strictObject({
  name: z.string().min(1).default("http-provider"),
  host: z.string().min(1).default("127.0.0.1"),
  port: port.default(12_777),
  controlPort: port.default(12_787),
  /** Start of the random decisions. */
  seed: z.number().int().default(1),
  accounts: z
    .array(z.strictObject({ sid: z.string().min(1).max(64), authToken: z.string().min(1).max(128) }))
    .min(1)
    .default([{ sid: "AC00000000000000000000000000000001", authToken: "sluice-demo-token" }]),
  /** Query parameter of StatusCallback that carries the message reference. */
  referenceParameter: z.string().min(1).max(64).default("m"),
  /** Connections to each callback receiver. */
  callbackConnections: z.number().int().min(1).max(1_000).default(16),
  /** Callbacks that may be waiting for their time, and for a connection. */
  maxPendingCallbacks: z.number().int().min(1).max(5_000_000).default(500_000),
  ledgerCapacity: z.number().int().min(1).max(10_000_000).default(2_000_000),
  behaviour: httpBehaviourSchema.prefault({}),
});

export type HttpProviderSettings = z.infer<typeof httpProviderSettingsSchema>;
