/** SMPP 3.4 section 5.3.2: tags of the optional parameters (tag, length, value) that Sluice uses. */
export const tlvTag = {
  receipted_message_id: 0x001e,
  user_message_reference: 0x0204,
  sar_msg_ref_num: 0x020c,
  sar_total_segments: 0x020e,
  sar_segment_seqnum: 0x020f,
  sc_interface_version: 0x0210,
  network_error_code: 0x0423,
  message_payload: 0x0424,
  message_state: 0x0427,
} as const;

/** Vendors define their own tags from here … (section 5.3.2, table 5-7). */
export const firstVendorTag = 0x1400;
/** … to here. */
export const lastVendorTag = 0x3fff;

/** A received optional parameter. `value` is a view of the receive buffer: copy it to keep it past the callback. */
export interface Tlv {
  readonly tag: number;
  readonly value: Buffer;
}

/**
 * An optional parameter to send. A string value goes out one octet a character (Latin-1), without a terminating NUL:
 * on the hot path that spares the sender a Buffer a message.
 */
export interface OutgoingTlv {
  readonly tag: number;
  readonly value: Uint8Array | string;
}

/** Octets of tag and length before a value. */
export const tlvHeaderOctets = 4;

/** The first parameter with this tag, or undefined. */
export function findTlv(tlvs: readonly Tlv[], tag: number): Buffer | undefined {
  for (const tlv of tlvs) if (tlv.tag === tag) return tlv.value;
  return undefined;
}

/** The parameter as text up to its first NUL (C-octet strings end in one, vendors often leave it out), or undefined. */
export function tlvText(tlvs: readonly Tlv[], tag: number): string | undefined {
  const value = findTlv(tlvs, tag);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return value.toString("latin1", 0, end < 0 ? value.length : end);
}

/** The parameter as an unsigned integer of 1 to 4 octets, or undefined when absent or of another length. */
export function tlvInteger(tlvs: readonly Tlv[], tag: number): number | undefined {
  const value = findTlv(tlvs, tag);
  if (value === undefined || value.length < 1 || value.length > 4) return undefined;
  return value.readUIntBE(0, value.length);
}

/** An outgoing parameter of the C-octet string kind: the text and its NUL. */
export function cOctetTlv(tag: number, text: string): OutgoingTlv {
  return { tag, value: `${text}\0` };
}

/** An outgoing parameter holding one octet. */
export function octetTlv(tag: number, value: number): OutgoingTlv {
  return { tag, value: String.fromCharCode(value & 0xff) };
}

/** An outgoing parameter holding two octets, big-endian. */
export function shortTlv(tag: number, value: number): OutgoingTlv {
  return { tag, value: String.fromCharCode((value >>> 8) & 0xff, value & 0xff) };
}
