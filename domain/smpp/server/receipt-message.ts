import { deliveryReceiptType } from "../esm-class.ts";
import type { OutgoingShortMessage } from "../pdu.ts";
import { cOctetTlv, type OutgoingTlv, octetTlv, shortTlv, tlvTag } from "../tlv.ts";
import { isBefore34 } from "./interface-version.ts";
import type { SubmittedAddress } from "./read-submission.ts";

/** message_state (SMPP 3.4, 5.2.28) by the words that receipts use (appendix B). */
export const messageStates = {
  ENROUTE: 1,
  DELIVRD: 2,
  EXPIRED: 3,
  DELETED: 4,
  UNDELIV: 5,
  UNKNOWN: 7,
  REJECTD: 8,
} as const;

export type ReceiptState = keyof typeof messageStates;

/** What a client is told of a message of its own. */
export interface ClientReceipt {
  /** The message_id that it was answered. */
  readonly id: string;
  readonly state: ReceiptState;
  /** Three digits. */
  readonly error: string;
  /** Epoch ms. */
  readonly submittedAt: number;
  readonly doneAt: number;
  /** The message's own addresses: the receipt goes the other way. */
  readonly source: SubmittedAddress;
  readonly dest: SubmittedAddress;
  readonly reference: number | undefined;
}

/** esm_class of a report on the way (5.2.12). */
const INTERMEDIATE = 0x20;

/**
 * The deliver_sm of a receipt (appendix B). The text is what clients read: Kannel wants the states in capitals, and jSMPP fails on a
 * receipt that has parameters alone. The parameters say the same, to clients that know them.
 */
export function receiptMessage(receipt: ClientReceipt, interfaceVersion: number): OutgoingShortMessage {
  const { source, dest, state } = receipt;
  return {
    sourceAddrTon: dest.ton,
    sourceAddrNpi: dest.npi,
    sourceAddr: dest.address,
    destAddrTon: source.ton,
    destAddrNpi: source.npi,
    destinationAddr: source.address,
    esmClass: state === "ENROUTE" ? INTERMEDIATE : deliveryReceiptType,
    shortMessage: Buffer.from(receiptText(receipt), "latin1"),
    tlvs: isBefore34(interfaceVersion) ? [] : parametersOf(receipt),
  };
}

function parametersOf({ id, state, reference }: ClientReceipt): OutgoingTlv[] {
  const parameters = [cOctetTlv(tlvTag.receipted_message_id, id), octetTlv(tlvTag.message_state, messageStates[state])];
  if (reference !== undefined) parameters.push(shortTlv(tlvTag.user_message_reference, reference));
  return parameters;
}

function receiptText({ id, state, error, submittedAt, doneAt }: ClientReceipt): string {
  const delivered = state === "DELIVRD" ? "001" : "000";
  const dates = `submit date:${receiptDate(submittedAt)} done date:${receiptDate(doneAt)}`;
  return `id:${id} sub:001 dlvrd:${delivered} ${dates} stat:${state} err:${error} text:`;
}

/** YYMMDDhhmm in UTC. */
export function receiptDate(at: number): string {
  return new Date(at).toISOString().slice(2, 16).replace(/[-T:]/g, "");
}
