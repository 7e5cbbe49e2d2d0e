import { type Alphabet, alphabetIn, type DefaultAlphabet, decodeText, readContent } from "../../text/data-coding.ts";
import { nationalTablesOf } from "../../text/national-language.ts";
import { splitUserData } from "../../text/user-data-header.ts";
import { type CommandStatusName, commandStatus } from "../command-status.ts";
import { type ConcatenatedPart, concatenationOf } from "../concatenation.ts";
import { hasUserDataHeader } from "../esm-class.ts";
import type { ShortMessage } from "../pdu.ts";
import { readTime } from "../time-format.ts";
import { findTlv, tlvInteger, tlvTag } from "../tlv.ts";
import { is50 } from "./interface-version.ts";
import { type AskedReceipts, askedReceipts } from "./registered-delivery.ts";

/** An address as it was submitted. */
export interface SubmittedAddress {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
}

/** The octets of a text or of one part of it. */
export interface SubmittedContent {
  readonly alphabet: Alphabet;
  /** The user data header with its length octet, where it names the language of the octets. */
  readonly header: Buffer | undefined;
  readonly octets: Buffer;
}

/** What a submit_sm, data_sm or submit_multi asks for; octets are copies. */
export interface Submission {
  readonly source: SubmittedAddress;
  readonly dest: SubmittedAddress;
  readonly serviceType: string;
  readonly priority: number;
  /** Undefined: the whole message. */
  readonly part: ConcatenatedPart | undefined;
  readonly content: SubmittedContent;
  /** Not before this moment, epoch ms; undefined: now. */
  readonly sendAt: number | undefined;
  /** Not after this moment, epoch ms; undefined: as long as is usual. */
  readonly expiresAt: number | undefined;
  readonly asked: AskedReceipts;
  /** user_message_reference. */
  readonly reference: number | undefined;
}

/** Why it is refused: the command_status of the answer, and the reason for people. */
export interface RefusedSubmission {
  readonly ok: false;
  readonly status: number;
  readonly reason: string;
}

export type ReadSubmission = { readonly ok: true; readonly submission: Submission } | RefusedSubmission;

export interface SubmissionTerms {
  /** What data_coding 0 means to this client. */
  readonly defaultAlphabet: DefaultAlphabet;
  readonly interfaceVersion: number;
  /** Epoch ms. */
  readonly now: number;
}

/** esm_class (SMPP 3.4, 5.2.12): bits 0 and 1 are the mode, 2 to 5 the type of message. */
const MODE = 0x03;
/** Forward (transaction) mode: the answer is to tell of the delivery. */
const TRANSACTION_MODE = 0x02;
const MESSAGE_TYPE = 0x3c;
/** Characters of an address (5.2.8): a longer one could not be put into its receipts. */
const MOST_ADDRESS = 20;
/** user_message_reference has two octets. */
const MOST_REFERENCE = 0xffff;
/** protocol_id of a short message of type 0, which handsets do not show (3GPP TS 23.040, 9.2.3.9). */
const SILENT = 0x40;
/** Information elements that say no more than how the text is to be put together and read (TS 23.040, 9.2.3.24). */
const READ_ELEMENTS: ReadonlySet<number> = new Set([0x00, 0x08, 0x24, 0x25]);

class Refusal extends Error {
  readonly status: CommandStatusName;

  constructor(status: CommandStatusName, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Reads what is submitted, with every field tested by its bits: clients set more of them than they need. */
export function readSubmission(pdu: ShortMessage, terms: SubmissionTerms): ReadSubmission {
  try {
    checkClass(pdu);
    if (pdu.sourceAddr.length > MOST_ADDRESS)
      throw new Refusal("ESME_RINVSRCADR", "source_addr: 20 characters at most");
    if (pdu.destinationAddr.length > MOST_ADDRESS)
      throw new Refusal("ESME_RINVDSTADR", "destination_addr: 20 characters at most");
    const sendAt =
      pdu.scheduleDeliveryTime === "" ? undefined : timeIn(pdu.scheduleDeliveryTime, "ESME_RINVSCHED", terms);
    const expiresAt = pdu.validityPeriod === "" ? undefined : timeIn(pdu.validityPeriod, "ESME_RINVEXPIRY", terms);
    if (expiresAt !== undefined && expiresAt <= Math.max(terms.now, sendAt ?? 0))
      throw new Refusal("ESME_RINVEXPIRY", "validity_period: it is over before the message is to be sent");
    const part = concatenationOf(pdu);
    return {
      ok: true,
      submission: {
        source: { ton: pdu.sourceAddrTon, npi: pdu.sourceAddrNpi, address: pdu.sourceAddr.trim() },
        dest: { ton: pdu.destAddrTon, npi: pdu.destAddrNpi, address: pdu.destinationAddr.trim() },
        serviceType: pdu.serviceType,
        priority: pdu.priorityFlag,
        part: part?.total === 1 ? undefined : part,
        content: contentOf(pdu, part !== undefined && part.total > 1, terms),
        sendAt,
        expiresAt,
        asked: askedReceipts(pdu.registeredDelivery, terms.interfaceVersion),
        reference: referenceOf(pdu),
      },
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, status: commandStatus[error.status], reason: error.message };
  }
}

/** It has two octets (5.3.2.17); a greater number could not be repeated, and is no reason to refuse the message. */
function referenceOf(pdu: ShortMessage): number | undefined {
  const reference = tlvInteger(pdu.tlvs, tlvTag.user_message_reference);
  return reference === undefined || reference > MOST_REFERENCE ? undefined : reference;
}

function checkClass(pdu: ShortMessage): void {
  if ((pdu.esmClass & MODE) === TRANSACTION_MODE)
    throw new Refusal("ESME_RINVESMCLASS", "esm_class: transaction mode is not offered; ask for a receipt");
  if ((pdu.esmClass & MESSAGE_TYPE) !== 0)
    throw new Refusal("ESME_RINVESMCLASS", "esm_class: only messages are taken, no acknowledgements of handsets");
  if (pdu.replaceIfPresent !== 0)
    throw new Refusal("ESME_RINVREPFLAG", "replace_if_present_flag: no message can be replaced");
  if (pdu.smDefaultMsgId !== 0)
    throw new Refusal("ESME_RINVDFTMSGID", "sm_default_msg_id: there are no predefined messages");
  if (pdu.protocolId === SILENT)
    throw new Refusal("ESME_RSUBMITFAIL", "protocol_id: messages that handsets do not show are not carried");
}

function timeIn(text: string, status: CommandStatusName, { now }: SubmissionTerms): number {
  const at = readTime(text, now);
  if (at !== undefined) return at;
  throw new Refusal(status, "a time is YYMMDDhhmmsstnnp: absolute with + or -, relative with R");
}

function contentOf(pdu: ShortMessage, isPart: boolean, terms: SubmissionTerms): SubmittedContent {
  const payload = findTlv(pdu.tlvs, tlvTag.message_payload);
  if (pdu.shortMessage.length > 0 && payload !== undefined && payload.length > 0)
    throw new Refusal("ESME_RINVMSGLEN", "short_message and message_payload are both given");
  // A copy: the receive buffer is used again, and a part is kept.
  const whole = Buffer.from(pdu.shortMessage.length > 0 ? pdu.shortMessage : (payload ?? []));
  const { header, text } = splitHeader(whole, pdu.esmClass);
  const national = header.length === 0 ? undefined : nationalTablesOf(header);
  const { alphabet, octets } = isPart
    ? { alphabet: alphabetIn(text, pdu.dataCoding, terms.defaultAlphabet), octets: text }
    : readContent(text, pdu.dataCoding, terms.defaultAlphabet);
  if (alphabet === "binary")
    throw new Refusal(
      is50(terms.interfaceVersion) ? "ESME_RINVDCS" : "ESME_RSUBMITFAIL",
      "data_coding: only text is carried, no binary content",
    );
  if (alphabet === "gsm7" && national?.complete === false)
    throw new Refusal("ESME_RSUBMITFAIL", "the header names a national language table that is not known");
  if (octets.length === 0) throw new Refusal("ESME_RINVMSGLEN", "the message is empty");
  return { alphabet, header: national === undefined ? undefined : header, octets: viewOf(octets) };
}

function splitHeader(whole: Buffer, esmClass: number): { header: Buffer; text: Buffer } {
  if (!hasUserDataHeader(esmClass)) return { header: Buffer.alloc(0), text: whole };
  const { header, payload } = splitUserData(whole);
  if (header.length === 0)
    throw new Refusal("ESME_RINVESMCLASS", "esm_class says that there is a user data header, and there is none");
  for (let at = 1; at + 1 < header.length; at += 2 + header[at + 1]!)
    if (!READ_ELEMENTS.has(header[at]!))
      throw new Refusal("ESME_RSUBMITFAIL", "the user data header has elements that are not carried, such as ports");
  return { header: viewOf(header), text: viewOf(payload) };
}

/** The text of a message, from the octets of all its parts in their order. */
export function textOf({ alphabet, header, octets }: SubmittedContent): string {
  const national = alphabet === "gsm7" && header !== undefined ? nationalTablesOf(header) : undefined;
  return decodeText(octets, alphabet, national?.tables);
}

function viewOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
