import type { Codec } from "../platform/codec/codec.ts";
import { partitionFor } from "../platform/kafka/murmur2.ts";
import type { OutRecord } from "../platform/kafka/record.ts";
import type { Inbound, Receipt } from "./generated/types.ts";
import { INBOUND_TOPIC, RECEIPTS_TOPIC } from "./topics.ts";

/** The fields of an inbound message that came whole and as text; spread it and name what differs. */
export const WHOLE_TEXT = {
  reference: null,
  total: null,
  part: null,
  alphabet: null,
  octets: null,
  header: null,
  dataCoding: null,
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

  /** A message from a handset, in the order of its number. `id` tells a repeat; undefined: the provider gives none. */
  inbound(inbound: Inbound, id: string | undefined): OutRecord {
    const { from } = inbound;
    return {
      topic: INBOUND_TOPIC,
      partition: partitionFor(from, this.partitions),
      key: from,
      value: this.codecs.inbound.encode(inbound),
      ...(id === undefined ? {} : { headers: { id } }),
    };
  }
}

export interface DeliveredCodecs {
  readonly receipt: Codec<Receipt>;
  readonly inbound: Codec<Inbound>;
}
