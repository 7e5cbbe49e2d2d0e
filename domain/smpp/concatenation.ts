import { hasUserDataHeader } from "./esm-class.ts";
import { findTlv, type Tlv, tlvInteger, tlvTag } from "./tlv.ts";

/** Which part of which multi-part message a PDU carries. `part` counts from 1. */
export interface ConcatenatedPart {
  readonly reference: number;
  readonly total: number;
  readonly part: number;
}

/** Information element: concatenation, 8-bit reference (3GPP TS 23.040, 9.2.3.24.1). */
const concatenation8 = 0x00;
/** Information element: concatenation, 16-bit reference (9.2.3.24.8). */
const concatenation16 = 0x08;

/**
 * The part that a short message is, from its user data header or its sar_* TLVs; undefined for a message that stands
 * alone and for headers that make no sense (part 0, part above total, a length that runs out of the message).
 */
export function concatenationOf(message: {
  readonly esmClass: number;
  readonly shortMessage: Uint8Array;
  readonly tlvs: readonly Tlv[];
}): ConcatenatedPart | undefined {
  if (hasUserDataHeader(message.esmClass)) {
    const { shortMessage } = message;
    const data = shortMessage.length > 0 ? shortMessage : findTlv(message.tlvs, tlvTag.message_payload);
    const found = data === undefined ? undefined : fromUserDataHeader(data);
    if (found !== undefined) return found;
  }
  if (message.tlvs.length === 0) return undefined;
  const reference = tlvInteger(message.tlvs, tlvTag.sar_msg_ref_num);
  const total = tlvInteger(message.tlvs, tlvTag.sar_total_segments);
  const part = tlvInteger(message.tlvs, tlvTag.sar_segment_seqnum);
  if (reference === undefined || total === undefined || part === undefined) return undefined;
  return sensible(reference, total, part);
}

function fromUserDataHeader(data: Uint8Array): ConcatenatedPart | undefined {
  const end = 1 + (data[0] ?? 0);
  if (end > data.length) return undefined;
  let at = 1;
  while (at + 2 <= end) {
    const element = data[at]!;
    const length = data[at + 1]!;
    const value = at + 2;
    if (value + length > end) return undefined;
    if (element === concatenation8 && length === 3) {
      return sensible(data[value]!, data[value + 1]!, data[value + 2]!);
    }
    if (element === concatenation16 && length === 4) {
      return sensible((data[value]! << 8) | data[value + 1]!, data[value + 2]!, data[value + 3]!);
    }
    at = value + length;
  }
  return undefined;
}

function sensible(reference: number, total: number, part: number): ConcatenatedPart | undefined {
  return part >= 1 && part <= total ? { reference, total, part } : undefined;
}
