import { newMessageId } from "../../domain/message/message-id.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { requestTopic } from "../../schemas/topics.ts";
import { type Installation, PARTITIONS } from "./installation.ts";
import type { Lane } from "./traffic.ts";

const CHUNK = 1_000;
const UNDER_WAY = 4;
/** Of ten messages. */
const LANES: readonly Lane[] = ["otp", "transactional", "transactional", ...Array<Lane>(7).fill("marketing")];

/** Writes so many requests of one account to Kafka, as fast as they are stored; each has a destination of its own. */
export async function produceRequests({ infra, codecs }: Installation, account: string, count: number): Promise<void> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const producer = new RecordProducer({ connection: { brokers: infra.brokers, clientId: "bulk", log } });
  await producer.connect();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const first = next;
      next = Math.min(count, next + CHUNK);
      const records: OutRecord[] = [];
      for (let n = first; n < next; n++) {
        const to = String(4_915_110_000_000 + n);
        const value = codecs.request.encode({
          ...{ messageId: newMessageId(), accountId: account, to, from: "Acme", text: `Message ${n} of the campaign` },
          ...{
            validitySeconds: null,
            reference: null,
            callbackUrl: null,
            transliterate: false,
            sendAt: null,
            receiptTo: null,
            metadata: {},
            acceptedAt: null,
          },
        });
        const topic = requestTopic(LANES[n % LANES.length]!);
        records.push({ topic, partition: partitionFor(to, PARTITIONS), key: to, value });
      }
      await producer.send(records);
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, worker));
  await producer.close();
}
