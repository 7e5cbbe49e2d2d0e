import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { NumberNetwork } from "../../schemas/generated/types.ts";
import { NETWORKS_TOPIC } from "../../schemas/topics.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";

export interface FollowNetworksOptions extends FollowOptions {
  readonly codec: Codec<NumberNetwork>;
  /** `at`: when it was learned, epoch ms. */
  readonly learn: (number: string, mccMnc: string, at: number) => void;
}

/** Reads what receipts have said of numbers' networks. */
export function followNetworks({ codec, learn, ...options }: FollowNetworksOptions): Promise<void> {
  return followTopic(NETWORKS_TOPIC, options, (record) => {
    const known = readNumberNetwork(record, codec);
    if (known !== undefined) learn(known.to, known.network, record.timestamp);
    return known !== undefined || record.value === null;
  });
}

/** What a record of sms.networks says; undefined where that cannot be. */
export function readNumberNetwork({ key, value }: InRecord, codec: Codec<NumberNetwork>): NumberNetwork | undefined {
  const decoded = value === null ? undefined : codec.decode(value);
  if (!decoded?.ok) return undefined;
  const { to, network } = decoded.value;
  return key?.toString() === to && /^\d{7,15}$/.test(to) && /^\d{5,6}$/.test(network) ? decoded.value : undefined;
}
