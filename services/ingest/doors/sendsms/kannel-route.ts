import type { IncomingMessage } from "node:http";
import { parseDestination } from "../../../../domain/numbers/destination.ts";
import { KANNEL_MASK_LABEL } from "../../../../pipeline/records/report-labels.ts";
import { extractTrace } from "../../../../platform/telemetry/trace-context.ts";
import type { AcceptOutcome, Results } from "../../acceptance/accept-outcome.ts";
import type { RejectedMessage } from "../../acceptance/intake.ts";
import type { Account } from "../../access/api-keys.ts";
import { decode, type Fields, idempotencyKeyOf, withFields } from "./fields.ts";
import { laneOfPriority, usualLane } from "./priority-lane.ts";
import { keyConflict, Refusal, requireAdmitted, requireEnded, unavailable } from "./refusal.ts";
import { sendingAccount } from "./sending-account.ts";
import type { SendSmsContext } from "./sendsms-context.ts";

/** Recipients of one request. */
const MOST_RECIPIENTS = 100;
const MINUTE_MS = 60_000;
const LATER = "Temporal failure, try again later.";
const SAID = { closed: LATER, throttled: `${LATER} The account's message rate is used up.` };

const NAMES: ReadonlySet<string> = new Set([
  ...[
    "username",
    "user",
    "password",
    "pass",
    "from",
    "to",
    "text",
    "charset",
    "coding",
    "validity",
    "deferred",
    "priority",
  ],
  ...["dlr-mask", "dlrmask", "dlr-url", "dlrurl", "smsc", "account", "binfo"],
  ...["udh", "mclass", "mwi", "compress", "pid", "alt-dcs", "rpi", "meta-data"],
]);

/** What a message would be with these, and is not here; `no`: a value by which they ask for nothing. */
const REFUSED: Readonly<Record<string, { readonly no?: string; readonly why: string }>> = {
  udh: { why: "user data headers are Sluice's own: long texts are split by it" },
  mclass: { why: "message classes are not sent" },
  mwi: { why: "message waiting is not signalled" },
  compress: { no: "0", why: "texts are not compressed" },
  pid: { no: "0", why: "protocol identifiers are not sent" },
  "alt-dcs": { no: "0", why: "Sluice chooses the data coding" },
  rpi: { no: "0", why: "there is no return path" },
  "meta-data": { why: "optional parameters of SMPP are not handed through" },
};

/** An answer in plain text, and the ids of what was accepted, in the order of the recipients. */
export interface KannelAnswer {
  readonly status: 202;
  readonly text: string;
  readonly ids: readonly string[];
}

/**
 * `GET` and `POST /cgi-bin/sendsms` as Kannel's user guide describes it (docs/from-kannel.md).
 * @throws Refusal with Kannel's words, where it has some
 */
export async function sendsms(context: SendSmsContext, request: IncomingMessage): Promise<KannelAnswer> {
  return await withFields(request, context.bodies, LATER, async (fields) => {
    const account = sendingAccount(context, request, {
      user: fields.text("username", "user"),
      password: fields.text("password", "pass"),
      said: "Authorization failed for sendsms",
    });
    requireAdmitted(context.acceptor.admit(account, 0), SAID);
    const recipients = recipientsOf(fields);
    const { deferred, ...message } = readMessage(fields, account, context.suppressions.now());
    const key = idempotencyKeyOf(request);
    requireAdmitted(context.acceptor.charge(account, recipients.length), SAID);
    const trace = recipients.length === 1 ? extractTrace(request.headers) : undefined;
    const offers = recipients.map((to) => ({
      message: { ...message, to },
      key: key === undefined ? undefined : `${key}\n${numberIn(to)}`,
      trace,
      timeGiven: deferred === 0 ? undefined : `deferred ${deferred}`,
    }));
    return answerOf(recipients, deferred > 0, await context.acceptor.accept(account, offers));
  });
}

/** Kannel has them with blanks between; a plus that was not escaped is a blank as well. */
function recipientsOf(fields: Fields): string[] {
  const to = fields.octets("to");
  if (to === undefined) throw new Refusal(400, "Missing receiver number, rejected");
  const recipients = [
    ...new Set(
      to
        .toString("utf8")
        .split(/\s+/)
        .filter((one) => one !== ""),
    ),
  ];
  if (recipients.length === 0) throw new Refusal(400, "Empty receiver number not allowed, rejected");
  if (recipients.length > MOST_RECIPIENTS)
    throw new Refusal(400, `Too many receivers, rejected: ${MOST_RECIPIENTS} at the most in one request`);
  return [...new Map(recipients.map((one) => [numberIn(one), one])).values()];
}

/** What a receiver is the same by, however it is written: with a plus, with 00, or with neither. */
function numberIn(written: string): string {
  const parsed = parseDestination(written);
  return parsed.ok ? parsed.e164 : written;
}

function readMessage(fields: Fields, account: Account, now: number) {
  const stranger = fields.unknown(NAMES);
  if (stranger !== undefined) throw new Refusal(400, `${stranger}: there is no such field here, rejected`);
  for (const [name, { no, why }] of Object.entries(REFUSED)) {
    const value = fields.octets(name)?.toString("latin1") ?? "";
    if (value !== "" && value !== no) throw new Refusal(400, `${name}: ${why}, rejected`);
  }
  const from = fields.text("from");
  if (from === undefined && account.from === undefined)
    throw new Refusal(400, "Sender missing and no global set, rejected");
  const priority = fields.text("priority");
  const lane = priority === undefined ? usualLane(account) : laneOfPriority(priority);
  if (lane === undefined) throw new Refusal(400, "Priority field misformed, rejected: 0 to 3");
  const validity = numberOf(fields, "validity", "Validity");
  const deferred = numberOf(fields, "deferred", "Deferred") ?? 0;
  return {
    deferred,
    from,
    lane,
    text: textOf(fields),
    callbackUrl: callbackOf(fields, account),
    validity: validity === undefined ? undefined : validity * 60,
    sendAt: deferred === 0 ? undefined : timeText(now + deferred * MINUTE_MS),
    metadata: labelsOf(fields, account),
  };
}

/** A time too far to be written is too far ahead, which the acceptor says. */
function timeText(time: number): string {
  return new Date(Math.min(time, Date.UTC(9_999, 0, 1))).toISOString();
}

/** What only Kannel's own routes and logs read: labels, by which the catalog's routes can choose. */
function labelsOf(fields: Fields, account: Account): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  // As there, nothing is reported without a mask.
  if (tellsAsKannel(account)) labels[KANNEL_MASK_LABEL] = String(maskOf(fields) ?? 0);
  for (const name of ["smsc", "account", "binfo"]) {
    const value = fields.text(name);
    if (value !== undefined) labels[name] = value;
  }
  return Object.keys(labels).length === 0 ? undefined : labels;
}

function textOf(fields: Fields): string {
  const coding = numberOf(fields, "coding", "Coding") ?? 0;
  if (coding === 1) throw new Refusal(400, "coding: 8-bit content is not sent, rejected");
  if (coding > 2) throw new Refusal(400, "Coding field misformed, rejected: 0 or 2");
  const octets = fields.octets("text");
  if (octets === undefined || octets.length === 0) throw new Refusal(400, "Empty text not allowed, rejected");
  const charset = fields.text("charset") ?? (coding === 2 ? "utf-16be" : "utf-8");
  const text = decode(octets, charset);
  if (text === undefined)
    throw new Refusal(400, "Charset or body misformed, rejected: the charset is not known, or the text is not in it");
  return text;
}

function tellsAsKannel({ callbacks }: Account): boolean {
  return callbacks?.form === "kannel";
}

function maskOf(fields: Fields): number | undefined {
  return numberOf(fields, "dlr-mask", "DLR-Mask", "dlrmask");
}

/**
 * Kannel's report is a GET whose address has the report in escapes such as %d. An account with another form has reports posted to an address as it stands, so
 * that one with escapes would be called with these letters in it: it is refused.
 */
function callbackOf(fields: Fields, account: Account): string | undefined {
  const url = fields.text("dlr-url", "dlrurl");
  if (tellsAsKannel(account)) return url;
  if (url === undefined || maskOf(fields) === 0) return undefined;
  if (/%[A-Za-z]/.test(url))
    throw new Refusal(
      400,
      "dlr-url: escapes such as %d are filled in for accounts with callbacks of the form kannel alone, rejected; reports of this one are posted in its own form, to an address without escapes",
    );
  return url;
}

function numberOf(fields: Fields, name: string, shown: string, ...others: string[]): number | undefined {
  const text = fields.text(name, ...others);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Refusal(400, `${shown} field misformed, rejected`);
}

function answerOf(recipients: readonly string[], deferred: boolean, accepted: AcceptOutcome): KannelAnswer {
  requireEnded(accepted, LATER);
  if (accepted.outcome === "unknown" && accepted.results.some(({ status }) => status === "accepted"))
    throw unavailable(
      `${LATER} It is not known whether this was accepted: with the same Idempotency-Key it is not sent twice.`,
    );
  const ids = accepted.results.flatMap((one) => (one.status === "accepted" ? [one.id] : []));
  if (ids.length === 0) throw refusedAs(accepted.results);
  const denied = recipients.filter((_, i) => accepted.results[i]!.status === "rejected");
  const text = deferred ? "3: Queued for later delivery" : "0: Accepted for delivery";
  return { status: 202, ids, text: denied.length === 0 ? text : `${text} Denied receivers are: ${denied.join(" ")}` };
}

function refusedAs(results: Results): Refusal {
  const { kind, problems } = results[0] as RejectedMessage;
  if (kind !== "invalid") return keyConflict();
  const [{ field, message }] = problems as [(typeof problems)[number]];
  return new Refusal(400, `${NAMES_OF[field] ?? field}: ${message}, rejected`);
}

/** Our fields by Kannel's names, where they differ. */
const NAMES_OF: Readonly<Record<string, string>> = { callbackUrl: "dlr-url", sendAt: "deferred", lane: "priority" };
