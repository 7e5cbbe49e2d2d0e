import { createHash } from "node:crypto";
import { canonicalId } from "../../domain/receipts/provider-message-id.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { Inbound, Receipt } from "../../schemas/generated/types.ts";
import { INBOUND_TOPIC, RECEIPTS_TOPIC, UNPLACED_RECEIPTS_TOPIC } from "../../schemas/topics.ts";

/** The fields of an inbound message that came whole and as text; spread it and name what differs. */
export const WHOLE_TEXT = {
  reference: null,
  total: null,
  part: null,
  alphabet: null,
  octets: null,
  header: null,
  dataCoding: null,
  media: [],
  optOut: null,
} as const satisfies Partial<Inbound>;

/** The one place where what providers deliver becomes records, whichever way it came (SMPP bind or webhook). */
export class DeliveredRecords {
  private readonly codecs: DeliveredCodecs;
  private readonly partitions: number;

  /** `partitions`: of the message topics. */
  constructor(codecs: DeliveredCodecs, partitions: number) {
    this.codecs = codecs;
    this.partitions = partitions;
  }

  /** A receipt, beside the submission that it belongs to. */
  receipt(receipt: Receipt): OutRecord {
    const { provider, providerMessageId, state, to } = receipt;
    return {
      topic: RECEIPTS_TOPIC,
      partition: partitionFor(to, this.partitions),
      key: to,
      value: this.codecs.receipt.encode(receipt),
      headers: { id: `${provider}/${providerMessageId}/${state}` },
    };
  }

  /** A receipt of which only the id says whose it is: where the index of submissions has it. */
  unplaced(receipt: Receipt): OutRecord {
    const { provider, providerMessageId, state } = receipt;
    const key = `${provider}/${canonicalId(providerMessageId)}`;
    return {
      topic: UNPLACED_RECEIPTS_TOPIC,
      partition: partitionFor(key, this.partitions),
      key,
      value: this.codecs.receipt.encode(receipt),
      headers: { id: `${provider}/${providerMessageId}/${state}` },
    };
  }

  /** A message from a handset, in the order of its sender. `id` tells a repeat: the provider's own, where it gives one. */
  inbound(inbound: Inbound, id: string = inboundId(inbound)): OutRecord {
    const { from } = inbound;
    return {
      topic: INBOUND_TOPIC,
      partition: partitionFor(from, this.partitions),
      key: from,
      value: this.codecs.inbound.encode(inbound),
      headers: { id },
    };
  }
}

export interface DeliveredCodecs {
  readonly receipt: Codec<Receipt>;
  readonly inbound: Codec<Inbound>;
}

/**
 * What names a message that the provider gives no id: sender, recipient, content, and the place of a part. Whatever is
 * delivered again has the id that it had; so has the same short text that a person sends a second time.
 */
export function inboundId({ provider, from, to, text, reference, total, part, octets }: Inbound): string {
  const hash = createHash("sha256").update(JSON.stringify([from, to, reference, total, part]));
  if (octets === null) hash.update(text, "utf8");
  else hash.update(octets);
  return `${provider}/${hash.digest("base64url").slice(0, 22)}/inbound`;
}
