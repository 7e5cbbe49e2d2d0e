import { destinationAddress, type SmppAddresses, USUAL_ADDRESSES } from "../../domain/catalog/smpp-addresses.ts";
import { readSender, type SenderKind } from "../../domain/message/sender-id.ts";
import { receiptRequested, udhIndicator } from "../../domain/smpp/esm-class.ts";
import type { OutgoingShortMessage } from "../../domain/smpp/pdu.ts";
import { type ValidityPeriod, validityPeriodOf } from "../../domain/smpp/time-format.ts";
import type { DefaultAlphabet } from "../../domain/text/data-coding.ts";
import { type Encoding, encodePart } from "../../domain/text/encoding.ts";
import { type Segmentation, segmentText } from "../../domain/text/segments.ts";
import { concatenationHeader } from "../../domain/text/user-data-header.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";
import { ConcatenationReferences } from "./concatenation-references.ts";

/** The most parts that a concatenation header can count. */
const MAX_PARTS = 255;
/** data_coding (SMPP 3.4, 5.2.19): the SMSC default alphabet, which is a setting, and UCS-2. */
const DATA_CODING: Readonly<Record<Encoding, number>> = { gsm7: 0, ucs2: 8 };

/** No address: type of number and numbering plan are unknown (5.2.5, 5.2.6). */
const UNKNOWN = { ton: 0, npi: 0 };

/** How a provider wants its submissions; what is left out is as most centres have it. */
export interface SubmitTerms {
  /** What its octets under data_coding 0 are. */
  readonly defaultAlphabet?: DefaultAlphabet;
  /** In what form it takes validity_period. */
  readonly validityPeriod?: ValidityPeriod;
  /** The longest validity that it takes; longer ones are cut to it. */
  readonly maxValiditySeconds?: number | undefined;
  /** How it wants addresses. */
  readonly addresses?: SmppAddresses;
  readonly references?: ConcatenationReferences;
}

/**
 * The submit_sm of a message, one a part; or a code that says why there are none. Octets go out as GSM 03.38 of one septet an
 * octet, or in the centre's own default alphabet, or as UTF-16. `clientReferenceTlv`: the vendor TLV that carries our message
 * id. `now`: epoch ms.
 */
export function submitSmOf(
  dispatch: Dispatch,
  now: number,
  clientReferenceTlv: number | undefined,
  terms: SubmitTerms = {},
): OutgoingShortMessage[] | string {
  const { defaultAlphabet = "gsm", addresses = USUAL_ADDRESSES, references } = terms;
  const { facts, text } = dispatch;
  const split = splitFor(text, defaultAlphabet);
  if (!split.ok) return split.code;
  const { parts, encoding } = split;
  const sender = facts.sentAs ?? facts.from;
  const reference =
    parts.length === 1 ? 0 : (references ?? new ConcatenationReferences(1)).of(sender, facts.to, facts.messageId);
  const messages: OutgoingShortMessage[] = [];
  const source = sourceOf(sender, addresses);
  const validity = validityOf(terms, facts.expiresAt, now);
  const tlvs = clientReferenceTlv === undefined ? undefined : [{ tag: clientReferenceTlv, value: facts.messageId }];
  for (let i = 0; i < parts.length; i++) {
    const content = encodeFor(parts[i]!, encoding, defaultAlphabet);
    messages.push({
      serviceType: addresses.serviceType,
      sourceAddrTon: source.ton,
      sourceAddrNpi: source.npi,
      sourceAddr: source.address,
      destAddrTon: addresses.destination.ton,
      destAddrNpi: addresses.destination.npi,
      destinationAddr: destinationAddress(facts.to, addresses),
      esmClass: parts.length > 1 ? udhIndicator : 0,
      validityPeriod: validity,
      registeredDelivery: receiptRequested,
      dataCoding: DATA_CODING[encoding],
      shortMessage: parts.length === 1 ? content : withHeader(content, reference, parts.length, i + 1),
      ...(tlvs === undefined ? {} : { tlvs }),
    });
  }
  return messages;
}

function validityOf(
  { validityPeriod = "relative", maxValiditySeconds = Number.POSITIVE_INFINITY }: SubmitTerms,
  expiresAt: number,
  now: number,
): string {
  return validityPeriodOf(validityPeriod, Math.min(expiresAt, now + maxValiditySeconds * 1_000), now);
}

/** Highest character of an alphabet that the centre turns into GSM itself. */
const HIGHEST: Readonly<Record<Exclude<DefaultAlphabet, "gsm">, number>> = { latin1: 0xff, ascii: 0x7f };

/**
 * The parts of a text, cut as it is counted on the air. A text of the GSM alphabet that the centre's own alphabet does not hold
 * whole (Latin-1 has no euro sign) goes out as UCS-2, in as many parts as that takes.
 */
function splitFor(text: string, alphabet: DefaultAlphabet): Segmentation {
  const split = segmentText(text, { maxParts: MAX_PARTS });
  if (alphabet === "gsm" || split.encoding === "ucs2") return split;
  const highest = HIGHEST[alphabet];
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) > highest) return segmentText(text, { maxParts: MAX_PARTS, encoding: "ucs2" });
  return split;
}

function encodeFor(part: string, encoding: Encoding, alphabet: DefaultAlphabet): Uint8Array {
  return alphabet === "gsm" || encoding === "ucs2" ? encodePart(part, encoding) : Buffer.from(part, "latin1");
}

const NUMBERING: Readonly<Record<SenderKind, "international" | "shortCode" | "alphanumeric">> = {
  international: "international",
  "short-code": "shortCode",
  alphanumeric: "alphanumeric",
};

/** The source address; a dispatch that an earlier version has written may have a sender as its request had it. */
function sourceOf(from: string | null, addresses: SmppAddresses): { ton: number; npi: number; address: string } {
  if (from === null) return { ...UNKNOWN, address: "" };
  const read = readSender(from);
  if (!read.ok) return { ...addresses.alphanumeric, address: from };
  const { kind, sender } = read;
  return { ...addresses[NUMBERING[kind]], address: kind === "international" ? sender.replace("+", "") : sender };
}

function withHeader(content: Uint8Array, reference: number, total: number, sequence: number): Uint8Array {
  const header = concatenationHeader({ reference, referenceBits: 8, total, sequence });
  const octets = new Uint8Array(header.length + content.length);
  octets.set(header);
  octets.set(content, header.length);
  return octets;
}
