import { deliveryReceiptType } from "../../../domain/smpp/esm-class.ts";
import type { OutgoingShortMessage } from "../../../domain/smpp/pdu.ts";
import type { SmppSession } from "../../../domain/smpp/session.ts";
import { cOctetTlv, type OutgoingTlv, octetTlv, tlvTag } from "../../../domain/smpp/tlv.ts";
import type { FinalState, SmscBehaviour } from "./settings.ts";
import { ruleFor } from "./submit-decision.ts";

/** A receipt on its way to the ESME that submitted the message. */
export interface Receipt {
  readonly id: number;
  readonly state: FinalState | "ENROUTE";
  /** The message as it was submitted; the receipt swaps the addresses. */
  readonly sourceAddrTon: number;
  readonly sourceAddrNpi: number;
  readonly sourceAddr: string;
  readonly destAddrTon: number;
  readonly destAddrNpi: number;
  readonly destinationAddr: string;
  /** Milliseconds since the epoch. */
  readonly submittedAt: number;
  readonly reference: string | undefined;
  readonly systemId: string;
  /** The bind that submitted. */
  readonly bind: SmppSession;
  readonly onOtherBind: boolean;
  readonly malformed: boolean;
  attempts: number;
}

/** message_state (section 5.2.28) and the error code that goes with each state here. */
const states: Record<Receipt["state"], { readonly code: number; readonly error: string }> = {
  ENROUTE: { code: 1, error: "000" },
  DELIVRD: { code: 2, error: "000" },
  EXPIRED: { code: 3, error: "102" },
  DELETED: { code: 4, error: "103" },
  UNDELIV: { code: 5, error: "001" },
  UNKNOWN: { code: 7, error: "255" },
  REJECTD: { code: 8, error: "099" },
};

/** A message id as the settings want it written. */
export function formatMessageId(id: number, format: "hex" | "decimal"): string {
  return id.toString(format === "hex" ? 16 : 10);
}

const minuteMs = 60_000;
let formattedMinute = -1;
let formatted = "";

/** YYMMDDhhmm in UTC (appendix B). Most receipts of a moment share their minute, so the last one is kept. */
export function receiptDate(at: number): string {
  const minute = Math.floor(at / minuteMs);
  if (minute !== formattedMinute) {
    formattedMinute = minute;
    const iso = new Date(minute * minuteMs).toISOString();
    formatted = iso.slice(2, 4) + iso.slice(5, 7) + iso.slice(8, 10) + iso.slice(11, 13) + iso.slice(14, 16);
  }
  return formatted;
}

/** The deliver_sm of a receipt: text form of appendix B, TLVs, or both. `now` is ms since the epoch. */
export function receiptMessage(
  receipt: Receipt,
  behaviour: SmscBehaviour,
  referenceTag: number,
  now: number,
): OutgoingShortMessage {
  const { format, echoReference } = behaviour.receipts;
  const id = formatMessageId(receipt.id, behaviour.ids.receipt);
  const state = states[receipt.state];
  const tlvs: OutgoingTlv[] = [];
  if (receipt.malformed && receipt.state !== "ENROUTE") return { ...addresses(receipt), shortMessage: unusableText };
  if (format !== "text") {
    tlvs.push(cOctetTlv(tlvTag.receipted_message_id, id), octetTlv(tlvTag.message_state, state.code));
  }
  if (echoReference && receipt.reference !== undefined) tlvs.push({ tag: referenceTag, value: receipt.reference });
  const network = behaviour.rules.length > 0 ? ruleFor(behaviour.rules, receipt.destinationAddr)?.network : undefined;
  if (network !== undefined) tlvs.push({ tag: NETWORK_TLV, value: network });
  return {
    ...addresses(receipt),
    shortMessage: Buffer.from(format === "tlv" ? "" : receiptText(receipt, id, state.error, now), "latin1"),
    tlvs,
  };
}

/** Where receipts name the handset's network. */
const NETWORK_TLV = 0x1403;

const unusableText = Buffer.from("id: sub:xxx dlvrd: submit date:99 stat:\xff err:\x00", "latin1");

function addresses(receipt: Receipt) {
  return {
    sourceAddrTon: receipt.destAddrTon,
    sourceAddrNpi: receipt.destAddrNpi,
    sourceAddr: receipt.destinationAddr,
    destAddrTon: receipt.sourceAddrTon,
    destAddrNpi: receipt.sourceAddrNpi,
    destinationAddr: receipt.sourceAddr,
    esmClass: deliveryReceiptType,
  };
}

function receiptText(receipt: Receipt, id: string, error: string, now: number): string {
  const delivered = receipt.state === "DELIVRD" ? "001" : "000";
  const submitted = receiptDate(receipt.submittedAt);
  return `id:${id} sub:001 dlvrd:${delivered} submit date:${submitted} done date:${receiptDate(now)} stat:${receipt.state} err:${error} text:`;
}
