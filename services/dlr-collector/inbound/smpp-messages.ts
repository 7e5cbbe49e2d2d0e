import { USUAL_ADDRESSES } from "../../../domain/catalog/smpp-addresses.ts";
import { readSender } from "../../../domain/message/sender-id.ts";
import { type Encoding, encodePart } from "../../../domain/text/encoding.ts";
import { segmentText } from "../../../domain/text/segments.ts";
import { concatenationHeader } from "../../../domain/text/user-data-header.ts";
import { smppInboundKey } from "../../../pipeline/records/smpp-inbound-key.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { ReceiptTo, Received, SmppContent, SmppReceipt } from "../../../schemas/generated/types.ts";
import { SMPP_RECEIPTS_TOPIC } from "../../../schemas/topics.ts";
import { referenceOf } from "./whole-message.ts";

/** data_coding (SMPP 3.4, 5.2.19). */
const DATA_CODING: Readonly<Record<Encoding, number>> = { gsm7: 0, ucs2: 8 };
const BINARY = 4;
/** The most parts that a concatenation header can count, and octets of a binary message (3GPP TS 23.040): alone, and behind such a header. */
const MOST_PARTS = 255;
const OCTETS = 140;
const OCTETS_OF_PART = 134;
/** Characters that fit into so many parts whatever they are; no message that came in 255 parts has more octets than that. */
const MOST_TEXT = MOST_PARTS * 66;

/** The records for the account's binds: one, or one for each part. `header`: that of a binary message which came whole. */
export function smppMessages(
  codec: Codec<SmppReceipt>,
  partitions: number,
  received: Received,
  header: Buffer | null,
): OutRecord[] {
  const { accountId, id, receivedAt } = received;
  const contents = received.binary === null ? textContents(received) : binaryContents(received.binary, header, id);
  const to = addressesOf(received);
  const times = { submittedAt: receivedAt, doneAt: receivedAt, at: receivedAt };
  return contents.map((content, i) => ({
    topic: SMPP_RECEIPTS_TOPIC,
    partition: partitionFor(accountId, partitions),
    key: smppInboundKey(accountId, receivedAt, id, contents.length === 1 ? undefined : i + 1),
    value: codec.encode({ accountId, id, to, state: "RECEIVED", error: "000", ...times, content }),
  }));
}

function textContents({ id, text }: Received): SmppContent[] {
  const split = segmentText(text, { maxParts: MOST_PARTS });
  const { encoding, parts } = split.ok ? split : forcedParts(text);
  const dataCoding = DATA_CODING[encoding];
  if (parts.length === 1) return [{ dataCoding, header: false, octets: Buffer.from(encodePart(parts[0]!, encoding)) }];
  return parts.map((part, i) => ({
    ...{ dataCoding, header: true },
    octets: withHeader(encodePart(part, encoding), id, parts.length, i + 1),
  }));
}

/** What no handset has sent, and somebody has written into the topic all the same: as much of it as can be numbered. */
function forcedParts(text: string): { readonly encoding: Encoding; readonly parts: readonly string[] } {
  const cut = segmentText(text.slice(0, MOST_TEXT), { maxParts: MOST_PARTS });
  return cut.ok ? cut : { encoding: "ucs2", parts: [""] };
}

function binaryContents(binary: Buffer, header: Buffer | null, id: string): SmppContent[] {
  const octets = header === null ? binary : Buffer.concat([header, binary]);
  if (octets.length <= OCTETS) return [{ dataCoding: BINARY, header: header !== null, octets }];
  const count = Math.min(MOST_PARTS, Math.ceil(binary.length / OCTETS_OF_PART));
  return Array.from({ length: count }, (_, i) => ({
    ...{ dataCoding: BINARY, header: true },
    octets: withHeader(binary.subarray(i * OCTETS_OF_PART, (i + 1) * OCTETS_OF_PART), id, count, i + 1),
  }));
}

function withHeader(content: Uint8Array, id: string, total: number, sequence: number): Buffer {
  return Buffer.concat([
    concatenationHeader({ reference: referenceOf(id), referenceBits: 8, total, sequence }),
    content,
  ]);
}

/** Receipts go to the source and come from the destination, so the handset is the destination here. */
function addressesOf({ from, to }: Received): ReceiptTo {
  const [source, dest] = [addressOf(to), addressOf(from)];
  return {
    ...{ ids: [], asked: 0, reference: null },
    ...{ sourceTon: source.ton, sourceNpi: source.npi, source: source.address },
    ...{ destTon: dest.ton, destNpi: dest.npi, dest: dest.address },
  };
}

/** Octets of an address in a deliver_sm, without the closing one (SMPP 3.4, 4.6.1). */
const MOST_ADDRESS = 20;

function addressOf(number: string) {
  const read = readSender(number);
  const { international, shortCode, alphanumeric } = USUAL_ADDRESSES;
  const as =
    !read.ok || read.kind === "alphanumeric" ? alphanumeric : read.kind === "short-code" ? shortCode : international;
  return {
    ...as,
    address: number
      .replace(/^\+/, "")
      .replaceAll(/[^\x20-\x7e]/g, "?")
      .slice(0, MOST_ADDRESS),
  };
}
