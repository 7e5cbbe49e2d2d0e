import { z } from "zod";
import type { HttpMeanings } from "../message/http-answer.ts";
import { defaultInDoubtRule, type InDoubtRule, type Lane, lanes } from "../message/lane.ts";
import { answerClasses, httpAnswerClasses } from "../message/submit-answers.ts";
import { requestLimits } from "../message/validation.ts";
import { receiptErrorClasses } from "../receipts/receipt-errors.ts";
import { type CommandStatusClass, readCommandStatus } from "../smpp/command-status.ts";
import { validityPeriods } from "../smpp/time-format.ts";
import { defaultAlphabets } from "../text/data-coding.ts";
import { baseUrlProblem } from "./base-url.ts";
import { cOctets, country, currency, distinct, kebabId, lane, saying, senderId } from "./fields.ts";
import { networkRatesSchema } from "./network-rate.ts";
import { priceListSchema } from "./price-list.ts";
import { quotaSchema } from "./quota.ts";
import { smppAddresses } from "./smpp-addresses.ts";
import { volumeTermsSchema } from "./volume-terms.ts";

const milliseconds = z.int().min(1).max(3_600_000);
const inDoubtRule = z.enum(["resend", "hold"]);
const idFormat = z.enum(["as-is", "hex", "decimal"]);
/** What a centre means by a command_status of its own, or by one that it uses in its own way. */
const statuses = z.record(
  z.string().refine((key) => (readCommandStatus(key) ?? 0) !== 0, {
    error: 'a command_status by name, or as a number in quotes such as "0x00000401"',
  }),
  z.enum(answerClasses),
);
/** What a provider means by an HTTP status, or by a code of its API. */
const httpStatuses = z.record(
  z
    .string()
    .regex(
      /^(?:[345]\d\d|[1-9]\d{3,6})$/,
      'an HTTP status from 300 to 599, or a code of the API, in quotes such as "21610"',
    ),
  z.enum(httpAnswerClasses),
);
/** What a provider means by the error code of a receipt, or by a failed state without a code that is known. */
const receiptErrors = z.record(
  z.string().regex(/^[!-~]{1,32}$/, "an error code as receipts have it, or undelivered, failed, expired, rejected"),
  z.enum(receiptErrorClasses),
);
const httpUrl = z.url({ protocol: /^https?$/ });

/**
 * What a provider is used for. `normal`: for messages. `drain`: it takes nothing new, and sends what waits. `none`: what waits goes to
 * others as well, as if it had been removed. Its receipts are taken in any case.
 */
export const providerUses = ["normal", "drain", "none"] as const;
export type ProviderUse = (typeof providerUses)[number];

/** SMPP 3.4, 5.3.2: tags that are the vendors' own. */
const vendorTlv = z.int().min(0x1400).max(0x3fff);

/** How one SMPP 3.4 account is reached. */
const smppSchema = z
  .strictObject({
    host: z
      .string()
      .regex(/^[^\s/@:\p{Cc}]+$|^[0-9A-Fa-f:.]+$/u, "a host name or an address alone; the port is a field of its own"),
    port: z.int().min(1).max(65_535),
    /** SMPP 3.4, 4.1.1: at most 15 octets. */
    systemId: cOctets(15).min(1),
    /** The standard allows 8 octets (4.1.1); many centres give out longer ones. */
    password: cOctets(64),
    systemType: cOctets(12).default(""),
    /** Notation of message ids in submit responses. */
    idFormat: idFormat.default("as-is"),
    /** Notation of message ids in receipts; by default as in responses, and decimal where those are hexadecimal. */
    receiptIdFormat: idFormat.optional(),
    /** Vendor TLV (0x1400..0x3fff) in which submissions carry our message id, where the centre takes one. */
    clientReferenceTlv: vendorTlv.optional(),
    /** Vendor TLVs of receipts whose texts, one after the other, are the mobile country and network code of the handset's network. */
    networkTlvs: z.array(vendorTlv).min(1).max(2).optional(),
    /** Meaning of command_status values where it differs from the standard's; vendor codes are taken for transient otherwise. */
    statuses: statuses.default({}),
    /** The country of the numbers that the centre writes in national form, such as 01701234567. */
    country: country.optional(),
    /** Type of number, numbering plan and form of addresses, where the centre wants other ones. */
    addresses: smppAddresses.prefault({}),
    /** What the centre reads and writes under data_coding 0. */
    defaultAlphabet: z.enum(defaultAlphabets).default("gsm"),
    /** Whether the centre sends a receipt for each part of a long message, or one for all of it. */
    receiptPer: z.enum(["part", "message"]).default("part"),
    /** How submissions say until when the message is of use (5.2.16): some centres take one form only, or want the field empty. */
    validityPeriod: z.enum(validityPeriods).default("relative"),
    /** The longest validity that the centre takes; a longer one is cut to it. */
    maxValiditySeconds: z.int().min(1).max(requestLimits.maxValiditySeconds).optional(),
    /** After this time without a response a submission is in doubt. */
    responseTimeoutMs: milliseconds.default(10_000),
    bindTimeoutMs: milliseconds.default(5_000),
    enquireLinkMs: milliseconds.default(30_000),
    /** Connections bound at the same time; the window is shared among them. */
    binds: z.int().min(1).max(32).default(1),
  })
  .refine(({ validityPeriod, maxValiditySeconds }) => validityPeriod !== "none" || maxValiditySeconds === undefined, {
    path: ["maxValiditySeconds"],
    error: "means nothing with validityPeriod: none",
  });

/** How one account of a provider with Twilio's Messages contract is reached. */
const httpSchema = z
  .strictObject({
    baseUrl: httpUrl.superRefine(saying(baseUrlProblem)),
    /** Part of the address of every request. */
    accountSid: z.string().regex(/^[!-~]{1,64}$/, "1 to 64 visible ASCII characters"),
    authToken: z.string().min(1).max(128),
    /** The secret that signs callbacks, where the account has a key of its own for that. */
    sharedKeySecret: z.string().min(1).max(256).optional(),
    /** Who messages come from that name no sender: the contract has no default of its own. */
    from: senderId.optional(),
    /** The same, where the provider is to choose among the senders of a messaging service. */
    messagingServiceSid: z
      .string()
      .regex(/^[!-~]{1,64}$/, "the service's id, such as MG and 32 digits")
      .optional(),
    /** Where the provider posts statuses: the dlr-collector as the provider sees it. */
    statusCallbackUrl: httpUrl,
    /** Meaning of HTTP statuses and of the API's codes where it differs from the table's (submit-answers.json). */
    statuses: httpStatuses.default({}),
    timeoutMs: milliseconds.default(10_000),
    maxInFlight: z.int().min(1).max(10_000).default(100),
  })
  .refine(
    ({ from, messagingServiceSid }) => from === undefined || messagingServiceSid === undefined,
    "from or messagingServiceSid, not both: only one of them can say who a message comes from",
  );

const shared = {
  id: kebabId,
  use: z.enum(providerUses).default("normal"),
  /** Segments a second that the account allows. */
  rate: z.number().positive().max(100_000),
  /** Segments a second for single countries and networks, within that. */
  networkRates: networkRatesSchema.default([]),
  /** Segments a day and a month that it takes; all are counted by the clocks of this zone. */
  quota: quotaSchema.prefault({}),
  /** Submissions without a response at one time. */
  window: z.int().min(1).max(10_000).default(100),
  /** Lanes it carries. */
  lanes: distinct(lane).default([...lanes]),
  /** Shares its traffic is split into; must divide the installation's partition count. */
  partitions: z.int().min(1).max(1_024).default(1),
  prices: priceListSchema,
  /** What the prices become in a month with much traffic, and what of it is paid for in any case. */
  volume: volumeTermsSchema.optional(),
  currency,
  /** After this time without a final receipt a message ends as unknown. */
  receiptDeadlineSeconds: z.int().min(1).max(2_592_000).default(259_200),
  /** Classes of error codes in receipts, where they differ from the table for its kind (receipt-errors.json). */
  receiptErrors: receiptErrors.default({}),
  /** What to do with submissions in doubt, where it differs from the lane's own rule. */
  inDoubt: z.partialRecord(lane, inDoubtRule).default({}),
  /** How many submissions of one message may be in doubt: a copy goes only while fewer are. Where it differs from 2. */
  inDoubtLimit: z.partialRecord(lane, z.int().min(1).max(8)).default({}),
  /** The circuit opens after so many failures in a row, for so long. */
  circuit: z
    .strictObject({ failures: z.int().min(1).max(10_000).default(10), openMs: milliseconds.default(10_000) })
    .prefault({}),
};

export const providerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("smpp"), ...shared, smpp: smppSchema }),
  z.strictObject({ kind: z.literal("http-twilio"), ...shared, http: httpSchema }),
]);

export type Provider = z.output<typeof providerSchema>;
export type SmppProvider = Extract<Provider, { kind: "smpp" }>;
export type HttpProvider = Extract<Provider, { kind: "http-twilio" }>;

/** The rule for a submission in doubt: the provider's own for this lane, else the lane's. */
export function inDoubtRuleOf(provider: Provider, messageLane: Lane): InDoubtRule {
  return provider.inDoubt[messageLane] ?? defaultInDoubtRule[messageLane];
}

/** The provider without what only its sender needs to know. */
export function withoutSecrets(provider: Provider): Provider {
  if (provider.kind === "smpp") return { ...provider, smpp: { ...provider.smpp, password: "" } };
  const { sharedKeySecret: _, ...http } = provider.http;
  return { ...provider, http: { ...http, authToken: "" } };
}

/** The provider's own meanings of command_status, for `classifyCommandStatus`. */
export function statusMeaningsOf({ smpp }: SmppProvider): ReadonlyMap<number, CommandStatusClass> {
  return new Map(Object.entries(smpp.statuses).map(([key, meaning]) => [readCommandStatus(key)!, meaning]));
}

/** The provider's own meanings of HTTP statuses and codes, for `classifyHttpAnswer`. */
export function httpMeaningsOf({ http }: HttpProvider): HttpMeanings {
  return new Map(Object.entries(http.statuses).map(([key, meaning]) => [Number(key), meaning]));
}

/** The original and one copy. */
const DEFAULT_IN_DOUBT_LIMIT = 2;

/** Whether one more copy of a message may go when so many submissions of it are in doubt, the last one at this provider. */
export function copyAllowed(provider: Provider, messageLane: Lane, inDoubt: number): boolean {
  const limit = provider.inDoubtLimit[messageLane] ?? DEFAULT_IN_DOUBT_LIMIT;
  return inDoubtRuleOf(provider, messageLane) === "resend" && inDoubt < limit;
}

/** The notations of an SMPP provider's ids, for `normaliseProviderMessageId`. */
export function idFormatsOf({ smpp }: SmppProvider) {
  const receipt = smpp.receiptIdFormat ?? (smpp.idFormat === "hex" ? "decimal" : smpp.idFormat);
  return { response: smpp.idFormat, receipt };
}
