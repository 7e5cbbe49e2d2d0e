/**
 * Acknowledged means kept: with brokers killed and frozen, leaders moved, and produce requests and answers lost, late and
 * cut, the producer loses nothing that it acknowledged, and in each partition the first occurrences stand in the order in
 * which they were given. A plain KafkaJS producer works beside it under the same faults and loses records: the test can see.
 */
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import { ensureTopics } from "../../platform/kafka/topics.ts";
import { BrokerStorm } from "../faults/broker-storm.ts";
import { schedule } from "../faults/kill.ts";
import { Leaders } from "../faults/leaders.ts";
import { type Comparison, ProducerLedger } from "../faults/producer-ledger.ts";
import { type ProxiedKafka, startProxiedKafka } from "../faults/proxied-kafka.ts";
import { figure, LONG } from "../faults/report.ts";
import { connectionTo, until } from "../integration/platform/kafka-runtime.ts";

const P = 12;
const ROUNDS = LONG ? 3 : 1;
/** Moves of all leaders in a round. */
const MOVES = LONG ? 2 : 1;
/** Records a second that are given to our producer, whatever happens; what it could not take it gets later. */
const RATE = 15_000;
const LEAST_RECORDS = LONG ? 1_000_000 : 200_000;
/** On average over the whole run, all faults included. */
const LEAST_RATE = LONG ? 10_000 : 3_000;
/** A partition waits for a frozen broker's time-out (12 s), and perhaps for one more. */
const LONGEST_PAUSE_MS = 40_000;
const TICK_MS = 10;
/** At most so many times the rate while it catches up. */
const CATCH_UP = 4;
/** The plain producer: so many records over all partitions a `send`, then a pause. */
const PLAIN_BATCH = 120;
const PLAIN_PAUSE_MS = 80;
/** Records of one `send` where single sends matter. */
const FEW = 10;
/** A plain producer's own time-out is 30 s; a shorter one changes only how long the test takes. */
const PLAIN_TIMEOUT_MS = 8_000;
/** A plain producer that hangs after a storm is waited for so long; what it has not answered is counted as such. */
const PLAIN_PATIENCE_MS = LONG ? 5_000 : 1_000;
/** The broker that loses its leadership in the scene of its own; the scene beside it keeps off. */
const VICTIM = 1;
/** Sent before the fault: every leader knows its partition, and every client is connected to it. */
const ONE_EACH = [0, 1, 2].map((partition) => ({ partition, count: 1 }));
/** The storm's topics, and its clients. */
const BOTH = ["storm-ours", "storm-plain"];
const QUEUE_BYTES = 64 << 20;

let kafka: ProxiedKafka;
let leaders: Leaders;
/** Past the proxies: to read what is there. */
let direct: KafkaConnection;

beforeAll(async () => {
  kafka = await startProxiedKafka();
  direct = connectionTo(kafka.cluster.brokers);
  leaders = await Leaders.connect(kafka.cluster.brokers);
  const topics = [
    ...["storm-ours", "storm-plain"].map((name) => ({ name, partitions: P })),
    ...["answer-ours", "answer-plain", "leader-ours", "leader-plain"].map((name) => ({ name, partitions: 3 })),
  ];
  await ensureTopics(direct, topics, 3, 2);
  await ensureTopics(direct, [{ name: "moves", partitions: P }], 1, 1);
  await leaders.restored(...topics.map(({ name }) => name));
}, 300_000);
afterAll(async () => {
  await leaders?.disconnect();
  await kafka?.stop();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends so many records to one partition, and enters what was acknowledged. */
type Send = (parts: readonly { partition: number; count: number }[]) => Promise<void>;

async function ourProducer(clientId: string, topic: string, ledger: ProducerLedger) {
  const producer = new RecordProducer({
    connection: { ...connectionTo(kafka.brokers), clientId },
    maxQueuedBytes: QUEUE_BYTES,
  });
  await producer.connect();
  const send: Send = async (parts) => {
    await Promise.all(
      parts.map(async ({ partition, count }) => {
        const { numbers, values } = ledger.give(partition, count);
        await producer.send(values.map((value) => ({ topic, partition, key: null, value }))).then(
          () => ledger.acknowledge(partition, numbers),
          () => {
            ledger.rejected += count;
          },
        );
      }),
    );
  };
  return { producer, send };
}

/** KafkaJS as it is, idempotent, everything else by default but the time-out, where given. */
async function plainProducer(clientId: string, topic: string, ledger: ProducerLedger, requestTimeout = 30_000) {
  const client = new Kafka({ clientId, brokers: [...kafka.brokers], logLevel: logLevel.NOTHING, requestTimeout });
  const chosen = () => (args: { message: { partition?: number } }) => args.message.partition!;
  const producer: Producer = client.producer({ idempotent: true, createPartitioner: chosen });
  await producer.connect();
  const send: Send = async (parts) => {
    const given = parts.map(({ partition, count }) => ({ partition, ...ledger.give(partition, count) }));
    const messages = given.flatMap(({ partition, values }) => values.map((value) => ({ partition, value })));
    await producer.send({ topic, acks: -1, messages }).then(
      () => {
        for (const { partition, numbers } of given) ledger.acknowledge(partition, numbers);
      },
      () => {
        ledger.rejected += messages.length;
      },
    );
  };
  return { producer, send };
}

/** What both kinds of producer made of one scene: ours must have kept everything, the plain one must have lost something. */
async function judge(scene: string, ours: ProducerLedger, plain: ProducerLedger): Promise<void> {
  const found = await ours.compare(direct, `${scene}-ours`);
  const beside = await plain.compare(direct, `${scene}-plain`);
  console.log(`${scene}: ours ${told(ours, found)}; plain KafkaJS ${told(plain, beside)}`);
  expect(found).toMatchObject({ missing: 0, disordered: 0 });
  expect(ours.unsettled + ours.rejected).toBe(0);
  expect(plain.unsettled + plain.rejected, "KafkaJS acknowledged all of it").toBe(0);
  expect(beside.missing, "the test can see a loss").toBeGreaterThan(0);
}

function told(ledger: ProducerLedger, { missing, disordered, repeats }: Comparison): string {
  return `${ledger.total} acknowledged, ${missing} missing, ${disordered} out of order, ${repeats} repeats, ${ledger.rejected} rejected`;
}

/** KafkaJS takes its sequence number back, and the next send under it is discarded as a repeat (tulios/kafkajs#1005). */
test.concurrent("two sends to one partition, and the answer to the first is lost", async () => {
  const [ours, plain] = [new ProducerLedger(3), new ProducerLedger(3)];
  const sender = await ourProducer("answer-ours", "answer-ours", ours);
  const beside = await plainProducer("answer-plain", "answer-plain", plain, PLAIN_TIMEOUT_MS);
  const scenes = [
    { client: "answer-ours", send: sender.send },
    { client: "answer-plain", send: beside.send },
  ];
  const lost = await Promise.all(
    scenes.map(async ({ client, send }) => {
      await send(ONE_EACH);
      const led = await leaders.of(client);
      const partition = led.findIndex((leader) => leader !== VICTIM);
      const armed = kafka.proxies[led[partition]!]!.arm({ client, fault: "answer lost", times: 1 });
      await Promise.all([1, 2].map(() => send([{ partition, count: FEW }])));
      return armed;
    }),
  );
  expect(lost.map(({ struck }) => struck)).toEqual([1, 1]);
  await Promise.all([sender.producer.close(), beside.producer.disconnect()]);
  await judge("answer", ours, plain);
});

/** KafkaJS takes a partition whose new leader has answered already, for others, as answered too (tulios/kafkajs#1798). */
test.concurrent("one send to all brokers, and one of them no longer leads its partition", async () => {
  const [ours, plain] = [new ProducerLedger(3), new ProducerLedger(3)];
  const clients = ["leader-ours", "leader-plain"];
  const sender = await ourProducer("leader-ours", "leader-ours", ours);
  const beside = await plainProducer("leader-plain", "leader-plain", plain);
  await Promise.all([sender.send(ONE_EACH), beside.send(ONE_EACH)]);
  for (const topic of clients) {
    const led = await leaders.of(topic);
    expect([...led].sort(), "each broker leads a partition").toEqual([0, 1, 2]);
    // Neither producer hears of it: what it knows of the brokers is good for minutes.
    await leaders.move(topic, led.indexOf(VICTIM));
  }
  // The refusal must come when the others have answered, among them the new leader.
  const victim = kafka.proxies[VICTIM]!.tcp;
  const others = kafka.proxies.filter((_, broker) => broker !== VICTIM);
  const answers = () => others.flatMap((proxy) => clients.map((client) => proxy.answersTo(client)));
  const before = answers();
  victim.hold("to-server");
  const all = [0, 1, 2].map((partition) => ({ partition, count: FEW }));
  const sends = [sender.send(all), beside.send(all)];
  await until("both have the answers of the others", () => answers().every((count, i) => count > before[i]!));
  victim.mend();
  await Promise.all(sends);
  await Promise.all([sender.producer.close(), beside.producer.disconnect()]);
  await judge("leader", ours, plain);
  expect(sender.producer.counters.failures, "ours was refused too").toBeGreaterThan(0);
});

/** A task that ends puts into doubt what it has staged; that partitions change their brokers is everyday life. */
test("a group keeps its tasks while its partitions move to other brokers", async () => {
  let [starts, records] = [0, 0];
  const group = new TaskGroup({
    connection: { ...connectionTo(kafka.brokers), clientId: "moves" },
    groupId: "moves",
    topics: ["moves"],
    partitions: P,
    run: async (task) => {
      starts++;
      task.begin();
      while (task.taking) {
        while (task.take(task.inputs[0]!) !== undefined) records++;
        await task.wait();
      }
    },
  });
  await group.start();
  await until("it has all partitions", () => group.status.running === P);
  const ledger = new ProducerLedger(P);
  const { producer, send } = await ourProducer("moves-writer", "moves", ledger);
  const parts = Array.from({ length: P }, (_, partition) => ({ partition, count: FEW }));
  for (let move = 0; move < 3; move++) {
    // Fetchers that have something to fetch go on while one of them joins.
    const sends: Promise<void>[] = [];
    for (let n = 0; n < 20; n++) {
      sends.push(send(parts));
      if (n === 5) await leaders.relocate("moves");
      await pause(50);
    }
    await Promise.all(sends);
  }
  await until("it has read everything", () => records >= ledger.total);
  expect({ starts, lapses: group.counters.lapses, failures: group.counters.taskFailures }).toEqual({
    starts: P,
    lapses: 0,
    failures: 0,
  });
  expect(group.counters.joins, "it was felt").toBeGreaterThan(1);
  await group.stop();
  await producer.close();
}, 120_000);

test("everything at once, round after round, under load", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const [ours, plain] = [new ProducerLedger(P), new ProducerLedger(P)];
  const { producer, send } = await ourProducer("storm-ours", "storm-ours", ours);
  const beside = await plainProducer("storm-plain", "storm-plain", plain);
  const load = new Load(producer, send);
  const besideLoad = plainLoad(beside.send);
  const storm = new BrokerStorm(kafka, leaders, BOTH, BOTH, random, MOVES);
  for (let round = 0; round < ROUNDS; round++) await storm.round();

  const seconds = await load.stop();
  await besideLoad.stop();
  const before = producer.queued;
  await producer.close();
  await Promise.race([beside.producer.disconnect().catch(() => {}), pause(PLAIN_PATIENCE_MS)]);
  const found = await ours.compare(direct, "storm-ours");
  const theirs = await plain.compare(direct, "storm-plain");
  const rate = Math.round(ours.total / seconds);
  console.log(`ours: ${told(ours, found)}\nplain KafkaJS: ${told(plain, theirs)}, ${plain.unsettled} not answered`);
  figure(1, "records acknowledged", ours.total);
  figure(1, "records a second, faults included", rate);
  figure(1, "missing", found.missing);
  figure(1, "out of order", found.disordered);
  figure(1, "repeats", `${found.repeats} (${((100 * found.repeats) / found.stored).toFixed(1)} %)`);
  const faults = Object.entries(storm.injected).map(([fault, times]) => `${fault} ${times}`);
  figure(1, "faults", faults.join(", "));
  figure(1, "longest pause of a partition", `${(ours.longestPauseMs / 1_000).toFixed(1)} s`);
  figure(1, "plain KafkaJS, same faults", `${plain.total} acknowledged, ${theirs.missing} of them missing`);

  expect(found).toMatchObject({ missing: 0, disordered: 0 });
  expect(ours.rejected).toBe(0);
  expect(ours.unsettled, "every send has settled").toBe(0);
  expect(before).toEqual({ records: 0, bytes: 0 });
  expect(load.mostQueuedBytes).toBeLessThan(QUEUE_BYTES * 1.1);
  await until("no connection is left", () => kafka.proxies.every((proxy) => proxy.connectionsOf("storm-ours") === 0));
  expect(ours.longestPauseMs).toBeLessThan(LONGEST_PAUSE_MS);
  // The faults were felt, and there was something to lose.
  expect(Math.min(...Object.values(storm.injected))).toBeGreaterThanOrEqual(ROUNDS);
  expect(producer.counters.failures).toBeGreaterThan(0);
  expect(ours.total).toBeGreaterThan(LEAST_RECORDS);
  expect(rate).toBeGreaterThan(LEAST_RATE);
});

/** Gives our producer the rate, spread over the partitions, while it has room. */
class Load {
  mostQueuedBytes = 0;
  private readonly producer: RecordProducer;
  private readonly began = performance.now();
  private readonly loop: Promise<void>;
  private stopped = false;

  constructor(producer: RecordProducer, send: Send) {
    this.producer = producer;
    this.loop = this.run(send);
  }

  /** Resolves when everything is acknowledged, with the time it took from the start, seconds. */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.loop;
    await Promise.race([this.producer.flush(), pause(60_000)]);
    return (performance.now() - this.began) / 1_000;
  }

  private async run(send: Send): Promise<void> {
    const most = Math.ceil((CATCH_UP * RATE * TICK_MS) / 1_000 / P);
    let given = 0;
    while (!this.stopped) {
      await pause(TICK_MS);
      const due = (RATE * (performance.now() - this.began)) / 1_000 - given;
      const count = Math.min(Math.floor(due / P), most);
      if (count < 1 || !this.producer.hasRoom) continue;
      given += count * P;
      void send(Array.from({ length: P }, (_, partition) => ({ partition, count })));
      this.mostQueuedBytes = Math.max(this.mostQueuedBytes, this.producer.queued.bytes);
    }
  }
}

/** One batch after the other; what is unanswered at the end stays so. */
function plainLoad(send: Send): { stop(): Promise<void> } {
  let stopped = false;
  const parts = Array.from({ length: P }, (_, partition) => ({ partition, count: PLAIN_BATCH / P }));
  const loop = (async () => {
    while (!stopped) {
      await send(parts);
      await pause(PLAIN_PAUSE_MS);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await Promise.race([loop, pause(PLAIN_PATIENCE_MS)]);
    },
  };
}
