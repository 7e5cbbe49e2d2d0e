import { commandId, commandName, headerOctets } from "./command-id.ts";
import { commandStatus } from "./command-status.ts";
import type { MultiDestination, Pdu } from "./pdu.ts";
import type { Tlv } from "./tlv.ts";

/** Why a frame is not a PDU that can be read; `nackStatus` is the command_status to answer it with. */
export interface DecodeFailure {
  readonly ok: false;
  readonly commandId: number;
  readonly commandStatus: number;
  readonly sequence: number;
  readonly nackStatus: number;
  readonly reason: string;
}

/** A decoded frame. */
export interface DecodeSuccess {
  readonly ok: true;
  readonly pdu: Pdu;
  /** What is wrong with it and does no harm; undefined for nothing. */
  readonly flaw: string | undefined;
}

/** A generous bound for received C-octet strings: SMSCs exceed the standard's field sizes, and a frame is bounded anyway. */
const maxReceivedText = 256;
const noTlvs: readonly Tlv[] = Object.freeze([]);
const noOctets = Buffer.alloc(0);

/** Reads fields one after the other; the first that does not fit sets `problem`, and all later reads give zero or empty. */
class BodyReader {
  problem: string | undefined;
  /** What is wrong and does no harm. */
  flaw: string | undefined;
  #from: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  reset(from: Buffer, at: number, end: number): void {
    this.#from = from;
    this.#at = at;
    this.#end = end;
    this.problem = undefined;
    this.flaw = undefined;
  }

  octet(field: string): number {
    if (this.#at >= this.#end) {
      this.fail(`${field} is missing`);
      return 0;
    }
    return this.#from[this.#at++]!;
  }

  text(field: string): string {
    const from = this.#from;
    const start = this.#at;
    const end = Math.min(this.#end, start + maxReceivedText);
    let at = start;
    while (at < end && from[at] !== 0) at++;
    if (at >= end) {
      this.fail(`${field} has no end`);
      return "";
    }
    this.#at = at + 1;
    return at === start ? "" : from.toString("latin1", start, at);
  }

  octets(field: string, count: number): Buffer {
    const start = this.#at;
    if (start + count > this.#end) {
      this.fail(`${field} has fewer octets than its length says`);
      return this.#from.subarray(0, 0);
    }
    this.#at = start + count;
    return this.#from.subarray(start, start + count);
  }

  /**
   * The last text of a response: it ends with its NUL, as it should, or, as centres leave that out, with the PDU or
   * before an octet that no id has, which begins an optional parameter (0x04, 0x14).
   */
  lastText(): string {
    const from = this.#from;
    const start = this.#at;
    const end = Math.min(this.#end, start + maxReceivedText);
    let at = start;
    while (at < end && (from[at]! >= 0x20 || isBlank(from[at]!))) at++;
    if (at < end && from[at] !== 0) {
      const nul = from.indexOf(0, at);
      if (nul >= 0 && nul < end && this.#tlvsFrom(nul + 1, []) === this.#end) at = nul;
    }
    if (at < this.#end && from[at] === 0) this.#at = at + 1;
    else {
      this.#at = at;
      if (at > start) this.flaw = "its text has no end";
    }
    return at === start ? "" : from.toString("latin1", start, at);
  }

  /**
   * The optional parameters. command_length bounds the PDU and its mandatory part is whole, so what stands behind is no
   * reason to refuse it: parameters that are whole are taken, and the octets after the last of them are ignored. A NUL
   * before them, of a centre that ends its text with one, is passed over when they come out even without it.
   */
  tlvs(): readonly Tlv[] {
    if (this.#at >= this.#end || this.problem !== undefined) return noTlvs;
    const found: Tlv[] = [];
    const end = this.#tlvsFrom(this.#at, found);
    if (end < this.#end && this.#from[this.#at] === 0) {
      const behind: Tlv[] = [];
      if (this.#tlvsFrom(this.#at + 1, behind) === this.#end) {
        this.flaw = "a NUL before its optional parameters";
        this.#at = this.#end;
        return behind.length === 0 ? noTlvs : behind;
      }
    }
    if (end < this.#end) this.flaw = "octets at its end that are no optional parameter";
    this.#at = this.#end;
    return found;
  }

  /** Takes whole parameters from an offset on; gives the offset behind the last of them. */
  #tlvsFrom(start: number, found: Tlv[]): number {
    const from = this.#from;
    let at = start;
    while (at + 4 <= this.#end) {
      const value = at + 4;
      const behind = value + ((from[at + 2]! << 8) | from[at + 3]!);
      if (behind > this.#end) break;
      found.push({ tag: (from[at]! << 8) | from[at + 1]!, value: from.subarray(value, behind) });
      at = behind;
    }
    return at;
  }

  fail(reason: string): void {
    this.problem ??= reason;
    this.#at = this.#end;
  }
}

/** Tab, line feed, carriage return: some pad with them. */
function isBlank(octet: number): boolean {
  return octet === 0x09 || octet === 0x0a || octet === 0x0d;
}

// Decoding never calls out, so one reader serves every session of the process.
const reader = new BodyReader();

function readUint32(from: Buffer, at: number): number {
  return ((from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!) >>> 0;
}

/**
 * Decodes the PDU in `frame[start, end)`, whose command_length has been checked by the framer. Buffers in the result are
 * views of `frame`. Strings are Latin-1. Never throws: what is malformed or unknown comes back as a failure with the
 * status to answer it with.
 */
export function decodePdu(frame: Buffer, start: number, end: number): DecodeSuccess | DecodeFailure {
  const id = readUint32(frame, start + 4);
  const status = readUint32(frame, start + 8);
  const sequence = readUint32(frame, start + 12);
  reader.reset(frame, start + headerOctets, end);
  const pdu = decodeBody(id, status, sequence);
  if (pdu === undefined) {
    const reason = `command_id 0x${id.toString(16)} is not known`;
    const nackStatus = commandStatus.ESME_RINVCMDID;
    return { ok: false, commandId: id, commandStatus: status, sequence, nackStatus, reason };
  }
  if (reader.problem !== undefined) {
    const reason = `${commandName(id)}: ${reader.problem}`;
    const nackStatus = commandStatus.ESME_RINVCMDLEN;
    return { ok: false, commandId: id, commandStatus: status, sequence, nackStatus, reason };
  }
  return { ok: true, pdu, flaw: reader.flaw };
}

function decodeBody(id: number, status: number, sequence: number): Pdu | undefined {
  switch (id) {
    case commandId.submit_sm:
      return decodeShortMessage("submit_sm", status, sequence) as Pdu;
    case commandId.deliver_sm:
      return decodeShortMessage("deliver_sm", status, sequence) as Pdu;
    case commandId.submit_sm_resp:
      return decodeMessageId("submit_sm_resp", status, sequence);
    case commandId.deliver_sm_resp:
      return decodeMessageId("deliver_sm_resp", status, sequence);
    case commandId.data_sm:
      return decodeDataSm(status, sequence);
    case commandId.data_sm_resp:
      return decodeMessageId("data_sm_resp", status, sequence);
    case commandId.bind_receiver:
      return decodeBind("bind_receiver", status, sequence);
    case commandId.bind_transmitter:
      return decodeBind("bind_transmitter", status, sequence);
    case commandId.bind_transceiver:
      return decodeBind("bind_transceiver", status, sequence);
    case commandId.bind_receiver_resp:
      return decodeBindResponse("bind_receiver_resp", status, sequence);
    case commandId.bind_transmitter_resp:
      return decodeBindResponse("bind_transmitter_resp", status, sequence);
    case commandId.bind_transceiver_resp:
      return decodeBindResponse("bind_transceiver_resp", status, sequence);
    case commandId.query_sm:
      return decodeQuery(status, sequence);
    case commandId.cancel_sm:
      return decodeCancel(status, sequence);
    case commandId.replace_sm:
      return { command: "replace_sm", commandStatus: status, sequence, messageId: reader.text("message_id") };
    case commandId.submit_multi:
      return decodeSubmitMulti(status, sequence);
    case commandId.enquire_link:
    case commandId.enquire_link_resp:
    case commandId.unbind:
    case commandId.unbind_resp:
    case commandId.generic_nack:
    case commandId.outbind:
    case commandId.alert_notification:
      return { command: commandName(id)!, commandStatus: status, sequence } as Pdu;
    default:
      return undefined;
  }
}

function decodeQuery(commandStatus: number, sequence: number): Pdu {
  const messageId = reader.text("message_id");
  return { command: "query_sm", commandStatus, sequence, messageId, sourceAddr: readAddress("source_addr").address };
}

function decodeCancel(commandStatus: number, sequence: number): Pdu {
  return {
    command: "cancel_sm",
    commandStatus,
    sequence,
    serviceType: reader.text("service_type"),
    messageId: reader.text("message_id"),
    sourceAddr: readAddress("source_addr").address,
    destinationAddr: readAddress("dest_addr").address,
  };
}

function readAddress(field: string) {
  return {
    ton: reader.octet(`${field}_ton`),
    npi: reader.octet(`${field}_npi`),
    address: reader.text(field === "dest_addr" ? "destination_addr" : field),
  };
}

/** dest_flag (5.2.25): an address follows, or the name of a list. */
function readDestination(): MultiDestination {
  const flag = reader.octet("dest_flag");
  if (flag === 1) return { kind: "address", ...readAddress("dest_addr") };
  if (flag !== 2) reader.fail(`dest_flag is ${flag}, not 1 or 2`);
  return { kind: "list", name: reader.text("dl_name") };
}

function decodeSubmitMulti(commandStatus: number, sequence: number): Pdu {
  const serviceType = reader.text("service_type");
  const source = readAddress("source_addr");
  const count = reader.octet("number_of_dests");
  const destinations: MultiDestination[] = [];
  while (destinations.length < count && reader.problem === undefined) destinations.push(readDestination());
  return {
    command: "submit_multi",
    commandStatus,
    sequence,
    destinations,
    serviceType,
    sourceAddrTon: source.ton,
    sourceAddrNpi: source.npi,
    sourceAddr: source.address,
    destAddrTon: 0,
    destAddrNpi: 0,
    destinationAddr: "",
    ...decodeTail(),
  };
}

/** What submit_sm, deliver_sm and submit_multi have behind their addresses, in the wire's order. */
function decodeTail() {
  return {
    esmClass: reader.octet("esm_class"),
    protocolId: reader.octet("protocol_id"),
    priorityFlag: reader.octet("priority_flag"),
    scheduleDeliveryTime: reader.text("schedule_delivery_time"),
    validityPeriod: reader.text("validity_period"),
    registeredDelivery: reader.octet("registered_delivery"),
    replaceIfPresent: reader.octet("replace_if_present_flag"),
    dataCoding: reader.octet("data_coding"),
    smDefaultMsgId: reader.octet("sm_default_msg_id"),
    shortMessage: reader.octets("short_message", reader.octet("sm_length")),
    tlvs: reader.tlvs(),
  };
}

function decodeShortMessage(command: "submit_sm" | "deliver_sm", status: number, sequence: number) {
  // The literal's order is the wire's order.
  return {
    command,
    commandStatus: status,
    sequence,
    serviceType: reader.text("service_type"),
    sourceAddrTon: reader.octet("source_addr_ton"),
    sourceAddrNpi: reader.octet("source_addr_npi"),
    sourceAddr: reader.text("source_addr"),
    destAddrTon: reader.octet("dest_addr_ton"),
    destAddrNpi: reader.octet("dest_addr_npi"),
    destinationAddr: reader.text("destination_addr"),
    esmClass: reader.octet("esm_class"),
    protocolId: reader.octet("protocol_id"),
    priorityFlag: reader.octet("priority_flag"),
    scheduleDeliveryTime: reader.text("schedule_delivery_time"),
    validityPeriod: reader.text("validity_period"),
    registeredDelivery: reader.octet("registered_delivery"),
    replaceIfPresent: reader.octet("replace_if_present_flag"),
    dataCoding: reader.octet("data_coding"),
    smDefaultMsgId: reader.octet("sm_default_msg_id"),
    shortMessage: reader.octets("short_message", reader.octet("sm_length")),
    tlvs: reader.tlvs(),
  };
}

function decodeDataSm(commandStatus: number, sequence: number): Pdu {
  // The literal's order is the wire's order (4.7.1); the fields that data_sm does not have come last.
  return {
    command: "data_sm",
    commandStatus,
    sequence,
    serviceType: reader.text("service_type"),
    sourceAddrTon: reader.octet("source_addr_ton"),
    sourceAddrNpi: reader.octet("source_addr_npi"),
    sourceAddr: reader.text("source_addr"),
    destAddrTon: reader.octet("dest_addr_ton"),
    destAddrNpi: reader.octet("dest_addr_npi"),
    destinationAddr: reader.text("destination_addr"),
    esmClass: reader.octet("esm_class"),
    registeredDelivery: reader.octet("registered_delivery"),
    dataCoding: reader.octet("data_coding"),
    tlvs: reader.tlvs(),
    protocolId: 0,
    priorityFlag: 0,
    scheduleDeliveryTime: "",
    validityPeriod: "",
    replaceIfPresent: 0,
    smDefaultMsgId: 0,
    shortMessage: noOctets,
  };
}

function decodeMessageId(
  command: "submit_sm_resp" | "deliver_sm_resp" | "data_sm_resp",
  commandStatus: number,
  sequence: number,
): Pdu {
  // Section 4.4.2: a refused submit has no body; many SMSCs leave it out of deliver_sm_resp too.
  const messageId = reader.lastText();
  return { command, commandStatus, sequence, messageId, tlvs: reader.tlvs() };
}

function decodeBindResponse(
  command: "bind_receiver_resp" | "bind_transmitter_resp" | "bind_transceiver_resp",
  commandStatus: number,
  sequence: number,
): Pdu {
  const systemId = reader.lastText();
  return { command, commandStatus, sequence, systemId, tlvs: reader.tlvs() };
}

function decodeBind(
  command: "bind_receiver" | "bind_transmitter" | "bind_transceiver",
  commandStatus: number,
  sequence: number,
): Pdu {
  return {
    command,
    commandStatus,
    sequence,
    systemId: reader.text("system_id"),
    password: reader.text("password"),
    systemType: reader.text("system_type"),
    interfaceVersion: reader.octet("interface_version"),
    addrTon: reader.octet("addr_ton"),
    addrNpi: reader.octet("addr_npi"),
    addressRange: reader.text("address_range"),
  };
}
