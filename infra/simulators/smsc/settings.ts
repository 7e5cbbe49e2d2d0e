import { z } from "zod";
import { type CommandStatusName, commandStatus } from "../../../domain/smpp/command-status.ts";
import { firstVendorTag, lastVendorTag } from "../../../domain/smpp/tlv.ts";
import { delaySchema } from "../behaviour/delay.ts";
import { share } from "../behaviour/live-settings.ts";
import { malformedKinds } from "./malformed-pdu.ts";

const statusName = z.enum(Object.keys(commandStatus) as [CommandStatusName, ...CommandStatusName[]]);
const weight = z.number().min(0).default(0);
const idFormat = z.enum(["hex", "decimal"]);

const receipts = z.strictObject({
  /** From the submit to the final receipt. */
  delay: delaySchema.default({ kind: "lognormal", medianMs: 1_500, p95Ms: 5_000, maxMs: 30_000 }),
  /** Weights of the final states; they need not add up to 1. */
  states: z
    .strictObject({
      DELIVRD: weight,
      UNDELIV: weight,
      EXPIRED: weight,
      DELETED: weight,
      REJECTD: weight,
      UNKNOWN: weight,
    })
    .refine((states) => Object.values(states).some((w) => w > 0), "needs one weight above 0")
    .default({ DELIVRD: 0.97, UNDELIV: 0.02, EXPIRED: 0.01, DELETED: 0, REJECTD: 0, UNKNOWN: 0 }),
  /** Messages whose final receipt never comes. */
  lossShare: share.default(0),
  /** Messages whose final receipt comes twice, the second after another delay. */
  duplicateShare: share.default(0),
  /** Messages with an ENROUTE receipt beside the final one. */
  intermediateShare: share.default(0),
  /** Of those, the ones whose ENROUTE comes after the final receipt. */
  disorderShare: share.default(0),
  /** Messages whose final receipt has a text without id and state, and no TLVs: nobody can tell what it is about. */
  malformedShare: share.default(0),
  /** Messages whose final receipt leaves before the submit's own response. */
  beforeResponseShare: share.default(0),
  /** Receipts sent on another bind than the submit's, when there is one. */
  otherBindShare: share.default(0),
  /** `text`: appendix B in short_message; `tlv`: receipted_message_id and message_state only; `both`. */
  format: z.enum(["text", "tlv", "both"]).default("both"),
  /** Repeat the message reference in the receipt's vendor TLV. Few SMSCs do. */
  echoReference: z.boolean().default(false),
  /** Wait before a receipt is sent again after a refusal or a time-out, ms. */
  retryMs: z.number().int().min(10).max(3_600_000).default(1_000),
  /** Times a receipt is sent before it is given up. */
  maxAttempts: z.number().int().min(1).max(10_000).default(100),
});

const response = z.strictObject({
  delay: delaySchema.default({ kind: "lognormal", medianMs: 15, p95Ms: 40, maxMs: 1_000 }),
  /** Submits that are handled as usual, and whose response never comes. */
  lostShare: share.default(0),
  /** Responses that take so much longer than `delay`: let it be more than the ESME waits. */
  lateShare: share.default(0),
  lateMs: z.number().int().min(0).max(3_600_000).default(15_000),
  /** Responses that come twice. */
  twiceShare: share.default(0),
  /** Responses are kept until a bind has so many of them, or 300 ms long, and leave in a random order; 0 and 1 keep none. */
  shuffled: z.number().int().min(0).max(10_000).default(0),
  /** Responses before which another one comes, with a sequence number that was never used. */
  strangeShare: share.default(0),
  /** Responses in whose place, or before which, a PDU of one of the kinds `malformed` comes (malformed-pdu.ts). */
  malformedShare: share.default(0),
  malformed: z
    .array(z.enum(malformedKinds))
    .min(1)
    .default([...malformedKinds]),
});

const links = z.strictObject({
  /** New binds: `answer` them; `silent`: TCP is taken, nothing said; `refuse` them with ESME_RBINDFAIL; `deaf`: no word after the response. */
  bind: z.enum(["answer", "silent", "refuse", "deaf"]).default("answer"),
  /** Submits get no response, and a bind with so many of them is cut; 0 never. */
  cutAt: z.number().int().min(0).max(65_536).default(0),
  /** Of the submits without response before a cut, the ones that are taken. */
  cutAcceptShare: share.default(0.5),
});

/** What may change while the simulator runs. */
export const smscBehaviourSchema = z.strictObject({
  response: response.prefault({}),
  links: links.prefault({}),
  rate: z
    .strictObject({
      /** Segments accepted in any one second; 0 for no limit. */
      segmentsPerSecond: z.number().int().min(0).max(1_000_000).default(0),
      /** What goes above the limit before it throttles, as a share of it: the network moves segments between seconds. */
      tolerance: share.default(0.05),
      status: statusName.default("ESME_RTHROTTLED"),
    })
    .prefault({}),
  errors: z
    .strictObject({
      permanentShare: share.default(0),
      permanentStatuses: z.array(statusName).min(1).default(["ESME_RINVDSTADR"]),
      temporaryShare: share.default(0),
      temporaryStatuses: z.array(statusName).min(1).default(["ESME_RSYSERR"]),
      /** Throttled whatever the rate. */
      throttledShare: share.default(0),
      throttledStatuses: z.array(statusName).min(1).default(["ESME_RTHROTTLED", "ESME_RMSGQFUL"]),
    })
    .prefault({}),
  ids: z
    .strictObject({
      response: idFormat.default("hex"),
      receipt: idFormat.default("hex"),
      /** So many different ids, which come again and again, as of a centre whose counter is short; 0: none comes again. */
      wrapAt: z.number().int().min(0).max(2_147_483_647).default(0),
    })
    .prefault({}),
  receipts: receipts.prefault({}),
  /** Destinations with a fate of their own; the first prefix that matches counts. */
  rules: z
    .array(
      z.strictObject({
        prefix: z.string().regex(/^\d{1,15}$/),
        status: statusName.optional(),
        state: z.enum(["DELIVRD", "UNDELIV", "EXPIRED", "DELETED", "REJECTD", "UNKNOWN"]).optional(),
        loseReceipt: z.boolean().optional(),
        /** Country and network code that its receipts name, in vendor TLV 0x1403. */
        network: z
          .string()
          .regex(/^\d{5,6}$/)
          .optional(),
        /** How long its submits wait for their response, where it differs: a slow network behind this centre. */
        responseDelay: delaySchema.optional(),
      }),
    )
    .max(100)
    .default([]),
  dark: z
    .strictObject({
      /** While silent, and on deaf binds: submits that are taken (and get their receipts later) although no response comes. */
      acceptShare: share.default(0),
    })
    .prefault({}),
});

export type SmscBehaviour = z.infer<typeof smscBehaviourSchema>;
export type FinalState = keyof SmscBehaviour["receipts"]["states"];

const port = z.number().int().min(0).max(65_535);

/** All settings of the SMSC simulator; everything beside `behaviour` holds from the start on. */
export const smscSettingsSchema = z.strictObject({
  name: z.string().min(1).default("smsc-a"),
  host: z.string().min(1).default("127.0.0.1"),
  port: port.default(12_775),
  controlPort: port.default(12_785),
  /** Start of the random decisions. */
  seed: z.number().int().default(1),
  /** ESMEs that may bind. */
  accounts: z
    .array(
      z.strictObject({
        systemId: z.string().min(1).max(15),
        password: z.string().max(64),
        maxBinds: z.number().int().min(1).max(1_000).default(16),
      }),
    )
    .min(1)
    .default([{ systemId: "sluice", password: "secret", maxBinds: 16 }]),
  /** Vendor TLV of submit_sm that carries the message reference. */
  clientReferenceTlv: z.number().int().min(firstVendorTag).max(lastVendorTag).default(0x1500),
  /** deliver_sm without an answer, a bind, at a time. */
  deliverWindow: z.number().int().min(1).max(65_536).default(500),
  /** A deliver_sm without an answer for this long is sent again, ms; enquire_link without one ends the bind. */
  ackTimeoutMs: z.number().int().min(50).max(600_000).default(10_000),
  /** A bind without traffic for this long is probed, ms; 0 never. */
  enquireLinkMs: z.number().int().min(0).max(3_600_000).default(30_000),
  /** Receipts that may be waiting for their time, and for a bind. */
  maxPendingReceipts: z.number().int().min(1).max(5_000_000).default(1_000_000),
  ledgerCapacity: z.number().int().min(1).max(10_000_000).default(2_000_000),
  behaviour: smscBehaviourSchema.prefault({}),
});

export type SmscSettings = z.infer<typeof smscSettingsSchema>;
