import { receiptDate } from "../../domain/smpp/server/receipt-message.ts";
import type { InboundData } from "../../pipeline/records/inbound-data.ts";
import { KANNEL_MASK_LABEL } from "../../pipeline/records/report-labels.ts";
import type { StatusData } from "./status-callback.ts";

/**
 * Reports and messages as Kannel calls an address for them: a GET, with what is to be said in escapes of the address (Kannel's User Guide 1.4.5, "Parameters
 * (escape codes)"; what its source does, gw/urltrans.c, where the guide leaves it open).
 */

/** Kinds of reports, by which dlr-mask chooses: delivered, not delivered, taken by a provider, taken by none. 4, buffered, is not told. */
const DELIVERED = 1;
const NOT_DELIVERED = 2;
const AT_PROVIDER = 8;
const REFUSED = 16;
/** Without a mask, as messages that did not come in Kannel's form have none. */
const ALL = 31;

/** The kind of a status; undefined: Kannel has none for it. */
function kindOf({ status, submittedAt }: StatusData): number | undefined {
  if (status === "sent") return AT_PROVIDER;
  if (status === "delivered") return DELIVERED;
  if (status === "unknown" || status === "queued") return undefined;
  return submittedAt === null ? REFUSED : NOT_DELIVERED;
}

/** The address to call for a status; undefined: it is not told. `at`: when it happened, epoch ms. */
export function kannelReportUrl(url: string, data: StatusData, at: number): string | undefined {
  const kind = kindOf(data);
  const mask = Number(data.metadata[KANNEL_MASK_LABEL] ?? ALL);
  if (kind === undefined || (mask & kind) === 0) return undefined;
  return filled(url, {
    ...moments(at),
    ...addresses(data.from ?? "", data.to),
    d: String(kind),
    A: replyOf(kind, data, at),
    I: data.id,
    F: data.id,
    n: data.account,
    i: data.metadata.smsc ?? "",
    o: data.metadata.account ?? "",
    B: data.metadata.binfo ?? "",
    c: "0",
    C: "UTF-8",
    O: "00",
  });
}

/** The address to call for a message from a handset, as the get-url of a sms-service is. */
export function kannelInboundUrl(url: string, data: InboundData, at: number): string {
  const words = data.text.split(/\s+/).filter((word) => word !== "");
  return filled(url, {
    ...moments(at),
    ...addresses(data.from, data.to),
    a: words.join(" "),
    b: data.binary === null ? data.text : Buffer.from(data.binary, "hex"),
    k: words[0] ?? "",
    r: words.slice(1).join(" "),
    s: words.slice(1),
    I: data.id,
    n: data.account,
    c: data.binary === null ? "0" : "1",
    C: data.binary === null ? "UTF-8" : "8-BIT",
    O: "00",
  });
}

function moments(at: number): Record<string, string> {
  const time = new Date(at).toISOString();
  return { t: `${time.slice(0, 10)} ${time.slice(11, 19)}`, T: String(Math.floor(at / 1_000)) };
}

/** Who the message is from, and to whom; numbers here never begin with 00. */
function addresses(from: string, to: string): Record<string, string> {
  return { p: from, q: from, P: to, Q: to };
}

/** What Kannel has from a message centre: its answer to the submission, or the text of its receipt (SMPP 3.4, appendix B). */
function replyOf(kind: number, data: StatusData, at: number): string {
  if (kind === AT_PROVIDER) return "ACK/";
  if (kind === REFUSED) return `NACK/${data.errorCode ?? ""}/${data.errorClass ?? ""}`;
  return receiptTextOf(data, at);
}

function receiptTextOf(data: StatusData, at: number): string {
  const { id, sub, dlvrd, subdate, donedate, stat, err } = receiptFields(data, at);
  return `id:${id} sub:${sub} dlvrd:${dlvrd} submit date:${subdate} done date:${donedate} stat:${stat} err:${err} text:`;
}

const STATES: Readonly<Record<string, string>> = {
  ...{ delivered: "DELIVRD", undelivered: "UNDELIV", failed: "UNDELIV", expired: "EXPIRED", rejected: "REJECTD" },
};

/** What receipts say of a status, in their words. */
export function receiptFields({ id, status, submittedAt, acceptedAt, doneAt, errorCode }: StatusData, at: number) {
  const delivered = status === "delivered";
  return {
    id,
    sub: "001",
    dlvrd: delivered ? "001" : "000",
    subdate: receiptDate(Date.parse(submittedAt ?? acceptedAt)),
    donedate: receiptDate(doneAt === null ? at : Date.parse(doneAt)),
    stat: STATES[status] ?? "UNKNOWN",
    err: delivered ? "000" : /^\d{1,3}$/.test(errorCode ?? "") ? errorCode!.padStart(3, "0") : "999",
  };
}

/** Escapes that have nothing to say here, and are taken out. */
const EMPTY = new Set("AaBbdDfFiIkmMnoprRsSuvV");

/** With the escapes filled in; what is none stays as it is. Several texts under one letter go one after the other. */
function filled(url: string, values: Readonly<Record<string, string | Buffer | readonly string[]>>): string {
  const taken = new Map<string, number>();
  return url.replace(/%(.)/gs, (whole, letter: string) => {
    if (letter === "%") return "%";
    const value = Object.hasOwn(values, letter) ? values[letter]! : undefined;
    if (value === undefined) return EMPTY.has(letter) ? "" : whole;
    if (Buffer.isBuffer(value)) return [...value].map((octet) => `%${octet.toString(16).padStart(2, "0")}`).join("");
    // Colons stand there as they are.
    if (letter === "t") return encoded(value as string).replaceAll("%3A", ":");
    if (typeof value === "string") return encoded(value);
    const at = taken.get(letter) ?? 0;
    taken.set(letter, at + 1);
    return encoded((value as readonly string[])[at] ?? "");
  });
}

/** As forms have it: a blank is a plus. A text that breaks off in half a character has a question mark there. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("%20", "+").replaceAll("'", "%27");
}
