import type { BindCommand } from "./command-id.ts";
import type { OutgoingTlv, Tlv } from "./tlv.ts";

/** Fields that every PDU has (section 3.2); `sequence` is 1 … 0x7fffffff. */
interface Header {
  readonly commandStatus: number;
  readonly sequence: number;
}

/** bind_receiver, bind_transmitter, bind_transceiver (section 4.1). */
export interface BindPdu extends Header {
  readonly command: BindCommand;
  readonly systemId: string;
  readonly password: string;
  readonly systemType: string;
  readonly interfaceVersion: number;
  readonly addrTon: number;
  readonly addrNpi: number;
  readonly addressRange: string;
}

/** The answer to a bind. `systemId` names the SMSC; empty when the bind was refused. */
export interface BindRespPdu extends Header {
  readonly command: `${BindCommand}_resp`;
  readonly systemId: string;
  readonly tlvs: readonly Tlv[];
}

/** The body that submit_sm (4.4.1) and deliver_sm (4.6.1) share. */
export interface ShortMessage {
  readonly serviceType: string;
  readonly sourceAddrTon: number;
  readonly sourceAddrNpi: number;
  readonly sourceAddr: string;
  readonly destAddrTon: number;
  readonly destAddrNpi: number;
  readonly destinationAddr: string;
  readonly esmClass: number;
  readonly protocolId: number;
  readonly priorityFlag: number;
  readonly scheduleDeliveryTime: string;
  readonly validityPeriod: string;
  readonly registeredDelivery: number;
  readonly replaceIfPresent: number;
  readonly dataCoding: number;
  readonly smDefaultMsgId: number;
  /** A view of the receive buffer: copy it to keep it past the callback. */
  readonly shortMessage: Buffer;
  readonly tlvs: readonly Tlv[];
}

/**
 * A short message to send; what is left out is zero or empty. `shortMessage` has at most 254 octets, longer content goes
 * into the message_payload TLV. Keep one literal shape for all messages of a sender: it keeps the encoder fast.
 */
export interface OutgoingShortMessage {
  readonly serviceType?: string;
  readonly sourceAddrTon?: number;
  readonly sourceAddrNpi?: number;
  readonly sourceAddr: string;
  readonly destAddrTon?: number;
  readonly destAddrNpi?: number;
  readonly destinationAddr: string;
  readonly esmClass?: number;
  readonly protocolId?: number;
  readonly priorityFlag?: number;
  readonly scheduleDeliveryTime?: string;
  readonly validityPeriod?: string;
  readonly registeredDelivery?: number;
  readonly replaceIfPresent?: number;
  readonly dataCoding?: number;
  readonly smDefaultMsgId?: number;
  readonly shortMessage?: Uint8Array;
  readonly tlvs?: readonly OutgoingTlv[];
}

/** submit_sm: from the ESME to the SMSC. */
export interface SubmitSmPdu extends Header, ShortMessage {
  readonly command: "submit_sm";
}

/**
 * deliver_sm: a receipt or an inbound message, from the SMSC to the ESME. Some centres send data_sm for the same (2.11, 4.7); it
 * has fewer fields, those that are not there are zero or empty, and its content is always in message_payload.
 */
export interface DeliverSmPdu extends Header, ShortMessage {
  readonly command: "deliver_sm" | "data_sm";
}

/** The answers to submit_sm, deliver_sm, data_sm. `messageId` is empty in deliver_sm_resp and when the submit was refused. */
export interface ShortMessageRespPdu extends Header {
  readonly command: "submit_sm_resp" | "deliver_sm_resp" | "data_sm_resp";
  readonly messageId: string;
  readonly tlvs: readonly Tlv[];
}

/** query_sm (4.8.1): what has become of a message. */
export interface QuerySmPdu extends Header {
  readonly command: "query_sm";
  readonly messageId: string;
  readonly sourceAddr: string;
}

/** cancel_sm (4.9.1): one message by its id, or, with an empty one, those between two addresses. */
export interface CancelSmPdu extends Header {
  readonly command: "cancel_sm";
  readonly serviceType: string;
  readonly messageId: string;
  readonly sourceAddr: string;
  readonly destinationAddr: string;
}

/** replace_sm (4.10.1); what it would put in the message's place is not read. */
export interface ReplaceSmPdu extends Header {
  readonly command: "replace_sm";
  readonly messageId: string;
}

/** One of the destinations of a submit_multi (5.2.26): an address, or the name of a distribution list. */
export type MultiDestination =
  | { readonly kind: "address"; readonly ton: number; readonly npi: number; readonly address: string }
  | { readonly kind: "list"; readonly name: string };

/** submit_multi (4.5.1): one message to up to 254 destinations. Its own destination fields are empty. */
export interface SubmitMultiPdu extends Header, ShortMessage {
  readonly command: "submit_multi";
  readonly destinations: readonly MultiDestination[];
}

/** What only a message centre is asked, beside submit_sm and data_sm. */
export type CentreRequestPdu = QuerySmPdu | CancelSmPdu | ReplaceSmPdu | SubmitMultiPdu;

/** PDUs that are only a header; of outbind and alert_notification, which ask for nothing, no more is read. */
export interface HeaderPdu extends Header {
  readonly command:
    | "unbind"
    | "unbind_resp"
    | "enquire_link"
    | "enquire_link_resp"
    | "generic_nack"
    | "outbind"
    | "alert_notification";
}

/** Any PDU this codec decodes, told apart by `command`. */
export type Pdu =
  | BindPdu
  | BindRespPdu
  | SubmitSmPdu
  | DeliverSmPdu
  | ShortMessageRespPdu
  | CentreRequestPdu
  | HeaderPdu;

/** A bind to send; what is left out is zero or empty, and the interface version is 0x34. */
export interface OutgoingBind {
  readonly systemId: string;
  readonly password: string;
  readonly systemType?: string;
  readonly interfaceVersion?: number;
  readonly addrTon?: number;
  readonly addrNpi?: number;
  readonly addressRange?: string;
}
