import { z } from "zod";
import { udhIndicator } from "../../../domain/smpp/esm-class.ts";
import type { OutgoingShortMessage } from "../../../domain/smpp/pdu.ts";
import { encodePart } from "../../../domain/text/encoding.ts";
import { segmentText } from "../../../domain/text/segments.ts";
import { concatenationHeader } from "../../../domain/text/user-data-header.ts";

const digits = z.string().regex(/^\d{3,15}$/);

/** What a handset sends: digits without a plus, and a text of up to 255 parts. */
export const handsetMessageSchema = z.strictObject({ from: digits, to: digits, text: z.string().max(10_000) });
export type HandsetMessage = z.output<typeof handsetMessageSchema>;

/** The deliver_sm of it, one a part. `reference`: 0 to 255, of a long one. */
export function handsetMessages({ from, to, text }: HandsetMessage, reference: number): OutgoingShortMessage[] {
  const split = segmentText(text, { maxParts: 255 });
  if (!split.ok) return [];
  const { parts, encoding } = split;
  return parts.map((part, i) => {
    const octets = encodePart(part, encoding);
    const header = concatenationHeader({ reference, referenceBits: 8, total: parts.length, sequence: i + 1 });
    const isLong = parts.length > 1;
    return {
      ...{ sourceAddr: from, sourceAddrTon: 1, sourceAddrNpi: 1, destinationAddr: to, destAddrTon: 1, destAddrNpi: 1 },
      esmClass: isLong ? udhIndicator : 0,
      dataCoding: encoding === "gsm7" ? 0 : 8,
      shortMessage: isLong ? Buffer.concat([header, octets]) : octets,
    };
  });
}
