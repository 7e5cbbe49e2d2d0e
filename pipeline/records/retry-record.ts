import type { Codec } from "../../platform/codec/codec.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { Retry } from "../../schemas/generated/types.ts";

/**
 * The record of a message's next attempt, for a retry tier or for `sms.doubt`. `partition`: the destination's. `headers`:
 * those to be carried on. `due`: epoch ms.
 */
export function retryRecord(
  codec: Codec<Retry>,
  retry: Retry,
  topic: string,
  partition: number,
  due: number,
  headers: Record<string, string> = {},
): OutRecord {
  const { facts, attempt } = retry;
  return {
    topic,
    partition,
    key: facts.to,
    value: codec.encode(retry),
    headers: { ...headers, id: `${facts.messageId}/${attempt}/retry`, due: String(due) },
  };
}
