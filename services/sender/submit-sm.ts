import { senderKind } from "../../domain/message/sender-id.ts";
import { receiptRequested, udhIndicator } from "../../domain/smpp/esm-class.ts";
import type { OutgoingShortMessage } from "../../domain/smpp/pdu.ts";
import { type Encoding, encodePart } from "../../domain/text/encoding.ts";
import { segmentText } from "../../domain/text/segments.ts";
import { concatenationHeader } from "../../domain/text/user-data-header.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";

/** The most parts that a concatenation header can count. */
const MAX_PARTS = 255;
/** data_coding (SMPP 3.4, 5.2.19): the SMSC default alphabet, which is GSM 03.38 here, and UCS-2. */
const DATA_CODING: Readonly<Record<Encoding, number>> = { gsm7: 0, ucs2: 8 };

/** Type of number and numbering plan (5.2.5, 5.2.6). */
const INTERNATIONAL = { ton: 1, npi: 1 };
const ALPHANUMERIC = { ton: 5, npi: 0 };
const SHORT_CODE = { ton: 3, npi: 0 };
const UNKNOWN = { ton: 0, npi: 0 };

/**
 * The submit_sm of a message, one a part; or a code that says why there are none. Octets go out as GSM 03.38 of one septet an
 * octet, or as UTF-16. The concatenation reference is derived from the message id, so that parts sent again still fit
 * the others. `clientReferenceTlv`: the vendor TLV that carries our message id. `now`: epoch ms.
 */
export function submitSmOf(
  dispatch: Dispatch,
  now: number,
  clientReferenceTlv: number | undefined,
): OutgoingShortMessage[] | string {
  const { facts, text } = dispatch;
  const split = segmentText(text, { maxParts: MAX_PARTS });
  if (!split.ok) return split.code;
  const { parts, encoding } = split;
  const messages: OutgoingShortMessage[] = [];
  const source = facts.from === null ? UNKNOWN : numbering(facts.from);
  const sourceAddr =
    facts.from === null ? "" : source !== ALPHANUMERIC && facts.from.startsWith("+") ? facts.from.slice(1) : facts.from;
  const validity = relativeTime(facts.expiresAt - now);
  const tlvs = clientReferenceTlv === undefined ? undefined : [{ tag: clientReferenceTlv, value: facts.messageId }];
  for (let i = 0; i < parts.length; i++) {
    const content = encodePart(parts[i]!, encoding);
    messages.push({
      serviceType: "",
      sourceAddrTon: source.ton,
      sourceAddrNpi: source.npi,
      sourceAddr,
      destAddrTon: INTERNATIONAL.ton,
      destAddrNpi: INTERNATIONAL.npi,
      destinationAddr: facts.to,
      esmClass: parts.length > 1 ? udhIndicator : 0,
      validityPeriod: validity,
      registeredDelivery: receiptRequested,
      dataCoding: DATA_CODING[encoding],
      shortMessage:
        parts.length === 1 ? content : withHeader(content, referenceOf(facts.messageId), parts.length, i + 1),
      ...(tlvs === undefined ? {} : { tlvs }),
    });
  }
  return messages;
}

function numbering(sender: string): { ton: number; npi: number } {
  switch (senderKind(sender)) {
    case "international":
      return INTERNATIONAL;
    case "short-code":
      return SHORT_CODE;
    default:
      return ALPHANUMERIC;
  }
}

/** 8 bits from the end of the message id, where its random digits are; of an id in another form, a sum over it. */
function referenceOf(messageId: string): number {
  const tail = Number.parseInt(messageId.slice(-2), 16);
  if (!Number.isNaN(tail)) return tail;
  let sum = 0;
  for (let i = 0; i < messageId.length; i++) sum = (sum * 31 + messageId.charCodeAt(i)) & 0xff;
  return sum;
}

function withHeader(content: Uint8Array, reference: number, total: number, sequence: number): Uint8Array {
  const header = concatenationHeader({ reference, referenceBits: 8, total, sequence });
  const octets = new Uint8Array(header.length + content.length);
  octets.set(header);
  octets.set(content, header.length);
  return octets;
}

/** Relative time format (SMPP 3.4, 7.1.1.2): YYMMDDhhmmsstnnp, here in days to seconds, at least one second. */
export function relativeTime(ms: number): string {
  const seconds = Math.max(1, Math.floor(ms / 1_000));
  const days = Math.min(99, Math.floor(seconds / 86_400));
  const two = (n: number): string => (n < 10 ? `0${n}` : String(n));
  const hours = two(Math.floor((seconds % 86_400) / 3_600));
  return `0000${two(days)}${hours}${two(Math.floor((seconds % 3_600) / 60))}${two(seconds % 60)}000R`;
}
