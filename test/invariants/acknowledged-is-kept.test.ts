/**
 * Acknowledged means kept: with brokers killed and frozen under it, the producer loses nothing that it acknowledged, and
 * in each partition the first occurrences stand in the order in which they were given. A plain KafkaJS producer works
 * beside it; what became of its records is printed, not judged. SLUICE_INVARIANT_ROUNDS=n: n rounds of faults (default 1, ~65 s).
 */
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import { ensureTopics } from "../../platform/kafka/topics.ts";
import { type OwnCluster, startCluster } from "../fixture/cluster.ts";
import { connectionTo, readAll, until } from "../integration/platform/kafka-runtime.ts";

const ROUNDS = Number(process.env.SLUICE_INVARIANT_ROUNDS ?? 1);
const P = 12;
const SENDERS = 12;
const BATCH = 120;
/** Pause of a sender between two batches: up to 15,000 records a second in all. */
const PAUSE_MS = 80;
const PADDING = "x".repeat(280);

let cluster: OwnCluster;
let connection: KafkaConnection;

beforeAll(async () => {
  cluster = await startCluster({ brokers: 3, kafkaOnly: true });
  connection = connectionTo(cluster.brokers);
  const specs = ["ours", "plain"].map((name) => ({ name, partitions: P }));
  await ensureTopics(connection, specs, 3, 2);
}, 120_000);
afterAll(() => cluster?.stop());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What was given to one topic, and what of it was acknowledged, by partition. */
class Ledger {
  readonly given = new Array<number>(P).fill(0);
  readonly acknowledged: number[][] = Array.from({ length: P }, () => []);
  rejected = 0;

  /** The next numbers, spread over all partitions. */
  next(count: number): { partition: number; n: number }[] {
    return Array.from({ length: count }, (_, i) => ({ partition: i % P, n: this.given[i % P]!++ }));
  }

  get total(): number {
    return this.acknowledged.reduce((sum, list) => sum + list.length, 0);
  }

  /** Compares with the topic: acknowledged records that are missing, and first occurrences out of order. */
  async compare(topic: string): Promise<{ missing: number; disordered: number; stored: number }> {
    let records: InRecord[] = [];
    // Just after the last fault the group's coordinator or a leader may not answer yet.
    await until(`${topic} can be read`, async () => {
      records = await readAll(connection, topic).catch(() => []);
      return records.length > 0;
    });
    let missing = 0;
    let disordered = 0;
    for (let p = 0; p < P; p++) {
      const seen = new Set<number>();
      let last = -1;
      for (const record of records) {
        if (record.partition !== p) continue;
        const n = Number.parseInt(record.value!.toString(), 10);
        if (seen.has(n)) continue;
        seen.add(n);
        if (n < last) disordered++;
        last = Math.max(last, n);
      }
      for (const n of this.acknowledged[p]!) if (!seen.has(n)) missing++;
    }
    return { missing, disordered, stored: records.length };
  }
}

type Send = (records: { partition: number; n: number }[]) => Promise<void>;

/** Sends batches until told to stop; each is counted when it is acknowledged. */
function traffic(ledger: Ledger, senders: number, send: Send): () => Promise<void> {
  let stopped = false;
  const loops = Array.from({ length: senders }, async () => {
    while (!stopped) {
      const batch = ledger.next(BATCH);
      try {
        await send(batch);
        for (const { partition, n } of batch) ledger.acknowledged[partition]!.push(n);
      } catch {
        ledger.rejected += batch.length;
      }
      await pause(PAUSE_MS);
    }
  });
  return async () => {
    stopped = true;
    await Promise.all(loops);
  };
}

/** One round: a broker killed and back, another frozen for longer than all time-outs, the third killed while the first is young. */
async function faults(): Promise<void> {
  await pause(4_000);
  await cluster.killBroker(0);
  await pause(8_000);
  await cluster.startBroker(0);
  await pause(4_000);
  await cluster.freezeBroker(1);
  await pause(16_000);
  await cluster.thawBroker(1);
  await pause(6_000);
  await cluster.killBroker(2);
  await pause(3_000);
  await cluster.startBroker(2);
  await pause(5_000);
}

test(
  "nothing acknowledged is missing, and first occurrences are in order, under SIGKILL and SIGSTOP of brokers",
  async () => {
    const producer = new RecordProducer({ connection });
    await producer.connect();
    const ours = new Ledger();
    const stopOurs = traffic(ours, SENDERS, (batch) =>
      producer.send(
        batch.map(({ partition, n }) => ({
          topic: "ours",
          partition,
          key: null,
          value: Buffer.from(`${n}:${PADDING}`),
        })),
      ),
    );

    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    const plain = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    });
    await plain.connect();
    const theirs = new Ledger();
    const stopTheirs = traffic(theirs, 1, async (batch) => {
      await plain.send({
        topic: "plain",
        acks: -1,
        messages: batch.map(({ partition, n }) => ({ partition, value: `${n}:${PADDING}` })),
      });
    });

    for (let round = 0; round < ROUNDS; round++) await faults();
    await stopOurs();
    await producer.flush();
    await Promise.race([stopTheirs(), pause(60_000)]);
    await Promise.race([plain.disconnect().catch(() => {}), pause(5_000)]);
    await producer.close();

    const found = await ours.compare("ours");
    const beside = await theirs.compare("plain");
    const { counters } = producer;
    process.stdout.write(
      `ours: ${ours.total} acknowledged, ${found.missing} missing, ${found.disordered} out of order, ${found.stored - ours.total} repeats, ${counters.failures} failed attempts\n` +
        `plain KafkaJS, idempotent: ${theirs.total} acknowledged, ${beside.missing} missing, ${beside.disordered} out of order, ${theirs.rejected} rejected\n`,
    );
    expect(found.missing).toBe(0);
    expect(found.disordered).toBe(0);
    expect(ours.rejected).toBe(0);
    // The faults were felt, and the producer came through them all.
    expect(counters.failures).toBeGreaterThan(0);
    expect(ours.total).toBeGreaterThan(20_000 * ROUNDS);
  },
  180_000 + ROUNDS * 120_000,
);
