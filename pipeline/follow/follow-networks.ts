import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { NumberNetwork } from "../../schemas/generated/types.ts";
import { NETWORKS_TOPIC } from "../../schemas/topics.ts";

export interface FollowNetworksOptions {
  readonly reader: Pick<TopicReader, "follow">;
  readonly codec: Codec<NumberNetwork>;
  /** `at`: when it was learned, epoch ms. */
  readonly learn: (number: string, mccMnc: string, at: number) => void;
  readonly log: Log;
}

/** Reads what receipts have said of numbers' networks, from the beginning and on. Resolves when all that stands there has been read. */
export function followNetworks({ reader, codec, learn, log }: FollowNetworksOptions): Promise<void> {
  return reader.follow(NETWORKS_TOPIC, (record) => {
    const known = readNumberNetwork(record, codec);
    if (known !== undefined) learn(known.to, known.network, record.timestamp);
    else if (record.value !== null) {
      const { partition, offset } = record;
      log.every("unreadable-network", 5_000).warn({ partition, offset }, "a record of sms.networks is passed over");
    }
  });
}

/** What a record of sms.networks says; undefined where that cannot be. */
export function readNumberNetwork({ key, value }: InRecord, codec: Codec<NumberNetwork>): NumberNetwork | undefined {
  const decoded = value === null ? undefined : codec.decode(value);
  if (!decoded?.ok) return undefined;
  const { to, network } = decoded.value;
  return key?.toString() === to && /^\d{7,15}$/.test(to) && /^\d{5,6}$/.test(network) ? decoded.value : undefined;
}
