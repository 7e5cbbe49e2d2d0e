import { type BindCommand, type CommandName, commandId, headerOctets } from "./command-id.ts";
import type { DeliverSmPdu, OutgoingBind, OutgoingShortMessage, Pdu, SubmitMultiPdu } from "./pdu.ts";
import { type OutgoingTlv, tlvHeaderOctets } from "./tlv.ts";

/**
 * Encodes PDUs straight into a caller's buffer, so that many PDUs share one allocation and one socket write. Every
 * `write…` function wants room for the matching `…Octets` from `at` on and returns the offset behind the PDU. Sizes are checked
 * by the `…Octets` functions, which therefore come first; the write functions trust them.
 */

/** A value that no SMPP 3.4 field of its kind can carry. Nothing has been written when it is thrown. */
export class SmppEncodeError extends Error {
  readonly code = "SMPP_FIELD_INVALID";
  readonly class = "permanent";
  /** The field's name in the standard. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`);
    this.name = "SmppEncodeError";
    this.field = field;
  }
}

// Field sizes of section 4, in octets with the NUL.
const maxSystemId = 16;
/** The standard's size is 9 (section 4.1.1). Many centres give out longer ones, and a cut password could never be right. */
const maxPassword = 65;
const maxSystemType = 13;
const maxAddressRange = 41;
const maxServiceType = 6;
const maxAddress = 21;
const maxMessageId = 65;
const maxTime = 17;
/** sm_length is 0 … 254 (section 5.2.21). */
const maxShortMessage = 254;
/** Octets of a submit_sm or deliver_sm beside its strings: 12 single octets, and 5 NULs. */
const fixedShortMessageOctets = 12 + 5;

function checkText(field: string, text: string, max: number): number {
  const length = text.length;
  if (length >= max) throw new SmppEncodeError(field, `has ${length} octets, at most ${max - 1} are possible`);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || unit > 0xff) throw new SmppEncodeError(field, "holds NUL or a character beyond Latin-1");
  }
  return length;
}

function tlvOctets(tlvs: readonly OutgoingTlv[] | undefined): number {
  if (tlvs === undefined) return 0;
  let octets = 0;
  for (const { value, tag } of tlvs) {
    if (value.length > 0xffff)
      throw new SmppEncodeError(`TLV 0x${tag.toString(16)}`, `has ${value.length} octets, at most 65535 fit`);
    octets += tlvHeaderOctets + value.length;
  }
  return octets;
}

/** Size of a submit_sm or deliver_sm in octets. Throws SmppEncodeError when a field does not fit the standard. */
export function shortMessageOctets(sm: OutgoingShortMessage): number {
  const body = sm.shortMessage === undefined ? 0 : sm.shortMessage.length;
  if (body > maxShortMessage) {
    throw new SmppEncodeError("short_message", `has ${body} octets, at most 254 fit: use the message_payload TLV`);
  }
  return (
    headerOctets +
    fixedShortMessageOctets +
    (sm.serviceType ? checkText("service_type", sm.serviceType, maxServiceType) : 0) +
    checkText("source_addr", sm.sourceAddr, maxAddress) +
    checkText("destination_addr", sm.destinationAddr, maxAddress) +
    (sm.scheduleDeliveryTime ? checkText("schedule_delivery_time", sm.scheduleDeliveryTime, maxTime) : 0) +
    (sm.validityPeriod ? checkText("validity_period", sm.validityPeriod, maxTime) : 0) +
    body +
    tlvOctets(sm.tlvs)
  );
}

/** Size of a bind in octets. Throws SmppEncodeError when a field does not fit the standard. */
export function bindOctets(bind: OutgoingBind): number {
  return (
    headerOctets +
    7 +
    checkText("system_id", bind.systemId, maxSystemId) +
    checkText("password", bind.password, maxPassword) +
    checkText("system_type", bind.systemType ?? "", maxSystemType) +
    checkText("address_range", bind.addressRange ?? "", maxAddressRange)
  );
}

/** Size of a response that carries one C-octet string (a message_id or a system_id), in octets. */
export function textResponseOctets(text: string, tlvs?: readonly OutgoingTlv[]): number {
  return headerOctets + 1 + checkText("message_id", text, maxMessageId) + tlvOctets(tlvs);
}

function writeUint32(into: Buffer, at: number, value: number): number {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
  return at + 4;
}

/** Writes a header; `length` is the whole PDU's. Alone it makes enquire_link, unbind, their responses, generic_nack. */
export function writeHeader(
  into: Buffer,
  at: number,
  length: number,
  command: CommandName,
  status: number,
  sequence: number,
): number {
  writeUint32(into, at, length);
  writeUint32(into, at + 4, commandId[command]);
  writeUint32(into, at + 8, status);
  return writeUint32(into, at + 12, sequence);
}

function writeText(into: Buffer, at: number, text: string): number {
  // A loop beats the call into native code for the lengths met here (a dozen characters, 36 for a reference).
  for (let i = 0; i < text.length; i++) into[at++] = text.charCodeAt(i);
  return at;
}

function writeCString(into: Buffer, at: number, text: string | undefined): number {
  const end = text === undefined ? at : writeText(into, at, text);
  into[end] = 0;
  return end + 1;
}

function writeTlvs(into: Buffer, at: number, tlvs: readonly OutgoingTlv[] | undefined): number {
  if (tlvs === undefined) return at;
  for (const { tag, value } of tlvs) {
    into[at++] = tag >>> 8;
    into[at++] = tag;
    into[at++] = value.length >>> 8;
    into[at++] = value.length;
    if (typeof value === "string") at = writeText(into, at, value);
    else {
      into.set(value, at);
      at += value.length;
    }
  }
  return at;
}

/** Writes a submit_sm or deliver_sm of `octets` (from shortMessageOctets). */
export function writeShortMessage(
  into: Buffer,
  at: number,
  octets: number,
  command: "submit_sm" | "deliver_sm",
  sequence: number,
  sm: OutgoingShortMessage,
): number {
  at = writeHeader(into, at, octets, command, 0, sequence);
  at = writeCString(into, at, sm.serviceType);
  into[at++] = sm.sourceAddrTon ?? 0;
  into[at++] = sm.sourceAddrNpi ?? 0;
  at = writeCString(into, at, sm.sourceAddr);
  into[at++] = sm.destAddrTon ?? 0;
  into[at++] = sm.destAddrNpi ?? 0;
  at = writeCString(into, at, sm.destinationAddr);
  into[at++] = sm.esmClass ?? 0;
  into[at++] = sm.protocolId ?? 0;
  into[at++] = sm.priorityFlag ?? 0;
  at = writeCString(into, at, sm.scheduleDeliveryTime);
  at = writeCString(into, at, sm.validityPeriod);
  into[at++] = sm.registeredDelivery ?? 0;
  into[at++] = sm.replaceIfPresent ?? 0;
  into[at++] = sm.dataCoding ?? 0;
  into[at++] = sm.smDefaultMsgId ?? 0;
  const body = sm.shortMessage;
  if (body === undefined) into[at++] = 0;
  else {
    into[at++] = body.length;
    into.set(body, at);
    at += body.length;
  }
  return writeTlvs(into, at, sm.tlvs);
}

/** Writes a bind of `octets` (from bindOctets). */
export function writeBind(
  into: Buffer,
  at: number,
  octets: number,
  command: BindCommand,
  sequence: number,
  bind: OutgoingBind,
): number {
  at = writeHeader(into, at, octets, command, 0, sequence);
  at = writeCString(into, at, bind.systemId);
  at = writeCString(into, at, bind.password);
  at = writeCString(into, at, bind.systemType);
  into[at++] = bind.interfaceVersion ?? 0x34;
  into[at++] = bind.addrTon ?? 0;
  into[at++] = bind.addrNpi ?? 0;
  return writeCString(into, at, bind.addressRange);
}

/** Writes a response with one C-octet string: submit_sm_resp and deliver_sm_resp (message_id), bind responses (system_id). */
export function writeTextResponse(
  into: Buffer,
  at: number,
  octets: number,
  command: CommandName,
  status: number,
  sequence: number,
  text: string,
  tlvs?: readonly OutgoingTlv[],
): number {
  at = writeHeader(into, at, octets, command, status, sequence);
  return writeTlvs(into, writeCString(into, at, text), tlvs);
}

/** A PDU as its own Buffer. For tests and rare PDUs; sessions write into a shared batch instead. */
export function encodePdu(pdu: Pdu): Buffer {
  const { command, sequence, commandStatus } = pdu;
  let octets: number;
  let into: Buffer;
  switch (pdu.command) {
    case "data_sm":
      return dataSm(pdu);
    case "submit_multi":
      return submitMulti(pdu);
    case "query_sm":
      return pduOf(command, commandStatus, sequence, [...cString(pdu.messageId), 0, 0, ...cString(pdu.sourceAddr)]);
    case "cancel_sm":
      return pduOf(command, commandStatus, sequence, [
        ...cString(pdu.serviceType),
        ...cString(pdu.messageId),
        ...[0, 0, ...cString(pdu.sourceAddr)],
        ...[0, 0, ...cString(pdu.destinationAddr)],
      ]);
    case "replace_sm":
      return pduOf(command, commandStatus, sequence, cString(pdu.messageId));
    case "submit_sm":
    case "deliver_sm":
      octets = shortMessageOctets(pdu);
      into = Buffer.allocUnsafe(octets);
      writeShortMessage(into, 0, octets, pdu.command, sequence, pdu);
      writeUint32(into, 8, commandStatus);
      return into;
    case "bind_receiver":
    case "bind_transmitter":
    case "bind_transceiver":
      octets = bindOctets(pdu);
      into = Buffer.allocUnsafe(octets);
      writeBind(into, 0, octets, pdu.command, sequence, pdu);
      writeUint32(into, 8, commandStatus);
      return into;
    case "submit_sm_resp":
    case "deliver_sm_resp":
    case "data_sm_resp":
      octets = textResponseOctets(pdu.messageId, pdu.tlvs);
      into = Buffer.allocUnsafe(octets);
      writeTextResponse(into, 0, octets, command, commandStatus, sequence, pdu.messageId, pdu.tlvs);
      return into;
    case "bind_receiver_resp":
    case "bind_transmitter_resp":
    case "bind_transceiver_resp":
      octets = textResponseOctets(pdu.systemId, pdu.tlvs);
      into = Buffer.allocUnsafe(octets);
      writeTextResponse(into, 0, octets, command, commandStatus, sequence, pdu.systemId, pdu.tlvs);
      return into;
    default:
      into = Buffer.allocUnsafe(headerOctets);
      writeHeader(into, 0, headerOctets, command, commandStatus, sequence);
      return into;
  }
}

/** The body of query_sm_resp (4.8.2): `finalDate` in the absolute format, empty while the message is on its way. */
export function queryResponseBody(messageId: string, finalDate: string, state: number, errorCode: number): Buffer {
  return Buffer.from([...cString(messageId), ...cString(finalDate), state, errorCode]);
}

/** A destination of a submit_multi that the message is not sent to, and why (4.5.2). */
export interface Unsuccessful {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
  readonly status: number;
}

/** The body of submit_multi_resp (4.5.2); at most 255 destinations. */
export function submitMultiResponseBody(messageId: string, unsuccessful: readonly Unsuccessful[]): Buffer {
  const failed = unsuccessful.flatMap(({ ton, npi, address, status }) => {
    const code = Buffer.alloc(4);
    code.writeUInt32BE(status);
    return [ton, npi, ...cString(address), ...code];
  });
  return Buffer.from([...cString(messageId), unsuccessful.length, ...failed]);
}

/** Any PDU of a body that is at hand: for rare ones. */
export function pduOf(command: CommandName, status: number, sequence: number, body: Iterable<number>): Buffer {
  const octets = Buffer.from([...body]);
  const into = Buffer.allocUnsafe(headerOctets + octets.length);
  octets.copy(into, writeHeader(into, 0, into.length, command, status, sequence));
  return into;
}

function cString(text: string): number[] {
  return [...Buffer.from(text, "latin1"), 0];
}

/** For tests and clients: Sluice itself sends none. */
function submitMulti(pdu: SubmitMultiPdu): Buffer {
  const { serviceType, sourceAddrTon, sourceAddrNpi, sourceAddr, destinations, shortMessage } = pdu;
  const to = destinations.flatMap((one) =>
    one.kind === "list" ? [2, ...cString(one.name)] : [1, one.ton, one.npi, ...cString(one.address)],
  );
  const tlvs = Buffer.alloc(tlvOctets(pdu.tlvs));
  writeTlvs(tlvs, 0, pdu.tlvs);
  return pduOf(pdu.command, pdu.commandStatus, pdu.sequence, [
    ...cString(serviceType),
    ...[sourceAddrTon, sourceAddrNpi, ...cString(sourceAddr)],
    ...[destinations.length, ...to],
    ...[pdu.esmClass, pdu.protocolId, pdu.priorityFlag],
    ...cString(pdu.scheduleDeliveryTime),
    ...cString(pdu.validityPeriod),
    ...[pdu.registeredDelivery, pdu.replaceIfPresent, pdu.dataCoding, pdu.smDefaultMsgId],
    ...[shortMessage.length, ...shortMessage],
    ...tlvs,
  ]);
}

/** data_sm (4.7.1): unlike deliver_sm it has neither times nor short_message. */
function dataSm(pdu: DeliverSmPdu): Buffer {
  const tlvs = tlvOctets(pdu.tlvs);
  const texts = [pdu.serviceType, pdu.sourceAddr, pdu.destinationAddr];
  const octets = headerOctets + 10 + texts.reduce((sum, text) => sum + text.length, 0) + tlvs;
  const into = Buffer.allocUnsafe(octets);
  let at = writeHeader(into, 0, octets, "data_sm", pdu.commandStatus, pdu.sequence);
  at = writeCString(into, at, pdu.serviceType);
  into[at++] = pdu.sourceAddrTon;
  into[at++] = pdu.sourceAddrNpi;
  at = writeCString(into, at, pdu.sourceAddr);
  into[at++] = pdu.destAddrTon;
  into[at++] = pdu.destAddrNpi;
  at = writeCString(into, at, pdu.destinationAddr);
  into[at++] = pdu.esmClass;
  into[at++] = pdu.registeredDelivery;
  into[at++] = pdu.dataCoding;
  writeTlvs(into, at, pdu.tlvs);
  return into;
}
