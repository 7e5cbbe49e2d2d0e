import { normaliseProviderMessageId } from "../../domain/receipts/provider-message-id.ts";
import { parseSmppReceipt } from "../../domain/receipts/smpp-receipt.ts";
import { hasUserDataHeader, isDeliveryReceipt } from "../../domain/smpp/esm-class.ts";
import type { DeliverSmPdu } from "../../domain/smpp/pdu.ts";
import { findTlv, tlvInteger, tlvTag, tlvText } from "../../domain/smpp/tlv.ts";
import { decodeGsm7Unpacked, decodeUcs2 } from "../../domain/text/encoding.ts";
import { readUserData } from "../../domain/text/user-data-header.ts";
import { WHOLE_TEXT } from "../../schemas/delivered-records.ts";
import type { Inbound, Receipt } from "../../schemas/generated/types.ts";

export type Delivered =
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "inbound"; readonly inbound: Inbound }
  /** It says nothing that we could use, however often it comes. */
  | { readonly kind: "unusable"; readonly code: string };

/** What a deliver_sm says (SMPP 3.4, 4.6.1). `receiptIdFormat`: the notation of ids in receipts. `now`: epoch ms. */
export function readDeliverSm(
  pdu: DeliverSmPdu,
  provider: string,
  receiptIdFormat: "as-is" | "hex" | "decimal",
  now: number,
): Delivered {
  const peer = digitsOf(pdu.sourceAddr);
  if (peer === "") return { kind: "unusable", code: "source-without-digits" };
  if (!isDeliveryReceipt(pdu.esmClass)) {
    const inbound = {
      ...WHOLE_TEXT,
      provider,
      from: peer,
      to: pdu.destinationAddr,
      text: textOf(pdu),
      receivedAt: now,
    };
    return { kind: "inbound", inbound };
  }
  const { tlvs } = pdu;
  const networkError = tlvs.length === 0 ? undefined : findTlv(tlvs, tlvTag.network_error_code);
  const parsed = parseSmppReceipt({
    text: contentOf(pdu).toString("latin1"),
    messageState: tlvInteger(tlvs, tlvTag.message_state),
    receiptedMessageId: tlvText(tlvs, tlvTag.receipted_message_id),
    networkErrorCode: networkError?.length === 3 ? networkError.readUInt16BE(1) : undefined,
  });
  if (!parsed.ok) return { kind: "unusable", code: parsed.code };
  const { providerMessageId, state, errorCode, doneAt } = parsed.receipt;
  return {
    kind: "receipt",
    receipt: {
      provider,
      providerMessageId: normaliseProviderMessageId(providerMessageId, receiptIdFormat),
      to: peer,
      messageId: null,
      // The provider's own queue is on the way as well.
      state: state === "queued" ? "enroute" : state,
      errorCode: errorCode ?? null,
      doneAt: doneAt ?? null,
      receivedAt: now,
      inbound: null,
      parts: null,
    },
  };
}

/** An address as E.164 digits: some centres write a plus or an international prefix of zeros. */
function digitsOf(address: string): string {
  if (/^[1-9]\d*$/.test(address)) return address;
  return address.replace(/\D/g, "").replace(/^0+/, "");
}

function contentOf(pdu: DeliverSmPdu): Buffer {
  if (pdu.shortMessage.length > 0) return pdu.shortMessage;
  return findTlv(pdu.tlvs, tlvTag.message_payload) ?? pdu.shortMessage;
}

function textOf(pdu: DeliverSmPdu): string {
  let content: Uint8Array = contentOf(pdu);
  if (hasUserDataHeader(pdu.esmClass)) {
    const data = readUserData(content);
    if (data.ok) content = data.payload;
  }
  if ((pdu.dataCoding & 0x0f) === 0x08) return decodeUcs2(content);
  // 1 and 3 are IA5 and Latin-1 (5.2.19); all else is taken for the default alphabet.
  if (pdu.dataCoding === 1 || pdu.dataCoding === 3) return Buffer.from(content).toString("latin1");
  return decodeGsm7Unpacked(content);
}
