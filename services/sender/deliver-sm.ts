import { joinMccMnc, readMccMnc } from "../../domain/numbers/network-code.ts";
import {
  type AddressTerms,
  type Handset,
  mayBeHandset,
  type ProviderAddress,
  placeReceipt,
  senderOf,
} from "../../domain/receipts/handset-address.ts";
import { type IdFormat, normaliseProviderMessageId } from "../../domain/receipts/provider-message-id.ts";
import { receiptTextOf } from "../../domain/receipts/receipt-octets.ts";
import { parseSmppReceipt, type SmppReceipt, type SmppReceiptInput } from "../../domain/receipts/smpp-receipt.ts";
import { isReceiptText, markOf } from "../../domain/receipts/unmarked-receipt.ts";
import { concatenationOf } from "../../domain/smpp/concatenation.ts";
import { hasUserDataHeader, isDeliveryReceipt, isIntermediateNotification } from "../../domain/smpp/esm-class.ts";
import type { DeliverSmPdu } from "../../domain/smpp/pdu.ts";
import { findTlv, tlvInteger, tlvTag, tlvText } from "../../domain/smpp/tlv.ts";
import {
  alphabetIn,
  type DefaultAlphabet,
  decodePartText,
  decodeText,
  readContent,
} from "../../domain/text/data-coding.ts";
import { nationalTablesOf } from "../../domain/text/national-language.ts";
import { splitUserData } from "../../domain/text/user-data-header.ts";
import type { Inbound, Receipt } from "../../schemas/generated/types.ts";

export type Delivered =
  | {
      readonly kind: "receipt";
      readonly receipt: Receipt;
      /** False when it is not known whose number it is about: `to` holds the digits as they were given. */
      readonly placed: boolean;
      /** It gives no state that is known. */
      readonly stateUnread: boolean;
      /** Set when it shows which of two addresses this provider makes the handset's. */
      readonly handset: Handset | undefined;
    }
  | { readonly kind: "inbound"; readonly inbound: Inbound };

/** How a provider writes what it delivers. */
export interface DeliverTerms extends AddressTerms {
  readonly defaultAlphabet?: DefaultAlphabet;
  /** Vendor TLVs of receipts whose texts, one after the other, name the handset's network. */
  readonly networkTlvs?: readonly number[] | undefined;
  /** Which address earlier receipts have shown to be the handset's. */
  readonly usualHandset?: Handset | undefined;
}

/** A receipt is some 150 characters; what is longer is no text that merely reads like one. */
const MAX_LOOKALIKE = 1_000;

/**
 * What a deliver_sm or data_sm says (SMPP 3.4, 4.6.1, 4.7.1). A receipt is what is marked as one by esm_class, or by the TLVs that
 * only receipts have. What merely looks like one is kept as both: the correlator knows whether its id is ours.
 * `receiptIdFormat`: the notation of ids in receipts. `now`: epoch ms.
 */
export function readDeliverSm(
  pdu: DeliverSmPdu,
  provider: string,
  receiptIdFormat: IdFormat,
  now: number,
  terms: DeliverTerms = {},
): Delivered {
  const reads = new ReceiptReader(pdu, provider, receiptIdFormat, now, terms);
  if (isDeliveryReceipt(pdu.esmClass)) return reads.receipt(null);
  const mark = pdu.tlvs.length === 0 ? "none" : markOf(receiptInputOf(pdu));
  if (mark === "receipt") return reads.receipt(null);
  const inbound = inboundOf(pdu, provider, now, terms);
  if (mark === "either") return reads.receipt(inbound);
  const { text } = inbound;
  if (text.length > MAX_LOOKALIKE || inbound.total !== null || !isReceiptText(receiptTextOf(contentsOf(pdu)[0]!)))
    return { kind: "inbound", inbound };
  const lookalike = reads.receipt(inbound);
  // Where no handset is named there is no receipt either.
  return lookalike.placed || mayBeHandset(sourceOf(pdu)) ? lookalike : { kind: "inbound", inbound };
}

function sourceOf(pdu: DeliverSmPdu): ProviderAddress {
  return { ton: pdu.sourceAddrTon, text: pdu.sourceAddr.trim() };
}

class ReceiptReader {
  private readonly pdu: DeliverSmPdu;
  private readonly provider: string;
  private readonly idFormat: IdFormat;
  private readonly now: number;
  private readonly terms: DeliverTerms;

  constructor(pdu: DeliverSmPdu, provider: string, idFormat: IdFormat, now: number, terms: DeliverTerms) {
    this.pdu = pdu;
    this.provider = provider;
    this.idFormat = idFormat;
    this.now = now;
    this.terms = terms;
  }

  receipt(inbound: Inbound | null): Extract<Delivered, { kind: "receipt" }> {
    const { pdu, terms } = this;
    const read = this.read();
    const id = read?.providerMessageId ?? "";
    const destination = { ton: pdu.destAddrTon, text: pdu.destinationAddr.trim() };
    const place = placeReceipt(id, sourceOf(pdu), destination, terms, terms.usualHandset);
    const final = read === undefined || isIntermediateNotification(pdu.esmClass) ? "enroute" : read.state;
    return {
      kind: "receipt",
      // One that names no message is nobody's, whatever its number.
      placed: place.ok && id !== "",
      stateUnread: read === undefined || read.stateUnread === true,
      handset: place.ok ? place.handset : undefined,
      receipt: {
        provider: this.provider,
        providerMessageId: normaliseProviderMessageId(id, this.idFormat),
        to: place.ok ? place.to : place.digits,
        messageId: null,
        // The provider's own queue is on the way as well.
        state: final === "queued" ? "enroute" : final,
        errorCode: read?.errorCode ?? null,
        doneAt: read?.doneAt ?? null,
        receivedAt: this.now,
        inbound,
        parts: read?.parts ?? null,
        network: networkIn(pdu, terms.networkTlvs),
      },
    };
  }

  private read(): SmppReceipt | undefined {
    const parsed = parseSmppReceipt(receiptInputOf(this.pdu));
    return parsed.ok ? parsed.receipt : undefined;
  }
}

/** Mobile country and network code in one; null where the receipt names none, or nothing that is one. */
function networkIn({ tlvs }: DeliverSmPdu, tags: readonly number[] | undefined): string | null {
  if (tags === undefined || tlvs.length === 0) return null;
  const [first = "", second] = tags.map((tag) => tlvText(tlvs, tag)?.trim() ?? "");
  if (second === undefined) return readMccMnc(first) ?? null;
  return /^\d{3}$/.test(first) && /^\d{1,3}$/.test(second) ? joinMccMnc(first, second) : null;
}

function receiptInputOf(pdu: DeliverSmPdu): SmppReceiptInput {
  const { tlvs } = pdu;
  const networkError = tlvs.length === 0 ? undefined : findTlv(tlvs, tlvTag.network_error_code);
  return {
    text: contentsOf(pdu).map(receiptTextOf).join("\n"),
    messageState: tlvInteger(tlvs, tlvTag.message_state),
    receiptedMessageId: tlvText(tlvs, tlvTag.receipted_message_id),
    networkErrorCode: networkError?.length === 3 ? networkError.readUInt16BE(1) : undefined,
  };
}

function inboundOf(pdu: DeliverSmPdu, provider: string, now: number, terms: DeliverTerms): Inbound {
  const { esmClass, dataCoding } = pdu;
  const { header, payload } = userDataOf(longest(contentsOf(pdu, false)), esmClass);
  const part = concatenationOf(pdu);
  const defaultAlphabet = terms.defaultAlphabet ?? "gsm";
  const { alphabet, octets } =
    part === undefined
      ? readContent(payload, dataCoding, defaultAlphabet)
      : { alphabet: alphabetIn(payload, dataCoding, defaultAlphabet), octets: payload };
  const national = alphabet === "gsm7" && header.length > 0 ? nationalTablesOf(header) : undefined;
  const source = sourceOf(pdu);
  const whole = part === undefined && READS_WHOLE.has(alphabet) && national?.complete !== false;
  return {
    provider,
    from: senderOf(source, terms) ?? asGiven(source.text),
    to: asGiven(pdu.destinationAddr.trim()),
    text: (part === undefined ? decodeText : decodePartText)(octets, alphabet, national?.tables),
    receivedAt: now,
    reference: part?.reference ?? null,
    total: part?.total ?? null,
    part: part?.part ?? null,
    alphabet,
    octets: whole ? null : viewOf(payload),
    header: header.length === 0 ? null : viewOf(header),
    dataCoding,
    media: [],
    optOut: null,
  };
}

const READS_WHOLE: ReadonlySet<string> = new Set(["gsm7", "latin1", "ascii", "ucs2"]);

/** As the provider wrote it; a number without its plus, as everywhere here. */
function asGiven(address: string): string {
  return /^\+\d+$/.test(address) ? address.slice(1) : address;
}

const NOTHING = Buffer.alloc(0);

/** short_message and message_payload, those that are there; by the standard only one is (5.3.2.32). Without their headers. */
function contentsOf(pdu: DeliverSmPdu, bare = true): Buffer[] {
  const payload = pdu.tlvs.length === 0 ? undefined : findTlv(pdu.tlvs, tlvTag.message_payload);
  if (payload === undefined && !hasUserDataHeader(pdu.esmClass)) return [pdu.shortMessage];
  const contents = payload === undefined || payload.length === 0 ? [pdu.shortMessage] : [pdu.shortMessage, payload];
  const filled = contents.filter(({ length }) => length > 0);
  if (filled.length === 0) return [NOTHING];
  return bare ? filled.map((content) => viewOf(userDataOf(content, pdu.esmClass).payload)) : filled;
}

/** Of two contents one is the other cut to what fits. */
function longest(contents: readonly Buffer[]): Buffer {
  return contents.reduce((best, content) => (content.length > best.length ? content : best));
}

function userDataOf(content: Buffer, esmClass: number): { header: Uint8Array; payload: Uint8Array } {
  return hasUserDataHeader(esmClass) ? splitUserData(content) : { header: NOTHING, payload: content };
}

function viewOf(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
