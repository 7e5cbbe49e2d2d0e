import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  FencedError,
  type ProducerClient,
  ProducerClosedError,
  ProducerFullError,
  type ProducerOptions,
  RecordProducer,
  RecordTooLargeError,
} from "../../../../platform/kafka/producer.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";
import { silentLog } from "./simulated-kafka.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** What the broker does with one request: stores which partitions (all unless told), names which in its answer, and when. */
interface Turn {
  readonly stores?: (partition: number) => boolean;
  readonly names?: (partition: number) => boolean;
  readonly afterMs?: number;
  readonly throws?: Error;
  /** Append time in the answer, epoch ms. */
  readonly appendedAt?: number;
  /** Stores only so much later, ms. */
  readonly storesAfterMs?: number;
}

/** A broker with one topic that answers by a script, then well. */
class ScriptedBroker {
  readonly log = new Map<number, string[]>();
  readonly requests: number[][] = [];
  readonly script: Turn[] = [];
  clients = 0;
  disconnects = 0;
  inFlight = new Set<number>();
  overlaps = 0;

  client = (): ProducerClient => {
    this.clients++;
    return {
      connect: async () => {},
      disconnect: async () => void this.disconnects++,
      sendBatch: async ({ topicMessages = [] }) => {
        const turn = this.script.shift() ?? {};
        const messages = topicMessages.flatMap((t) => t.messages);
        const partitions = [...new Set(messages.map((m) => m.partition!))];
        this.requests.push(partitions);
        for (const p of partitions) {
          if (this.inFlight.has(p)) this.overlaps++;
          this.inFlight.add(p);
        }
        const store = () => {
          for (const m of messages) {
            if (turn.stores !== undefined && !turn.stores(m.partition!)) continue;
            const log = this.log.get(m.partition!) ?? [];
            log.push(m.value!.toString());
            this.log.set(m.partition!, log);
          }
        };
        if (turn.storesAfterMs === undefined) store();
        else setTimeout(store, turn.storesAfterMs);
        await new Promise((resolve) => setTimeout(resolve, turn.afterMs ?? 1));
        for (const p of partitions) this.inFlight.delete(p);
        if (turn.throws !== undefined) throw turn.throws;
        return partitions
          .filter((p) => turn.names?.(p) ?? true)
          .map((partition) => ({
            topicName: "t",
            partition,
            errorCode: 0,
            ...(turn.appendedAt === undefined ? {} : { logAppendTime: String(turn.appendedAt) }),
          }));
      },
    };
  };

  /** First occurrences in the log of a partition. */
  firsts(partition: number): string[] {
    return [...new Set(this.log.get(partition) ?? [])];
  }
}

function producerOn(broker: ScriptedBroker, options: Partial<ProducerOptions> = {}): RecordProducer {
  return new RecordProducer({
    connection: { brokers: [], clientId: "test", log: silentLog },
    client: broker.client,
    ...options,
  });
}

function record(partition: number, value: string): OutRecord {
  return { topic: "t", partition, key: null, value: Buffer.from(value) };
}

/** The state of a promise, readable at any time. */
function watch(promise: Promise<void>): { state: "waiting" | "stored" | Error } {
  const watched: { state: "waiting" | "stored" | Error } = { state: "waiting" };
  promise.then(
    () => {
      watched.state = "stored";
    },
    (error: Error) => {
      watched.state = error;
    },
  );
  return watched;
}

test("a partition that the answer does not name is not acknowledged, and is sent again", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ stores: (p) => p !== 1, names: (p) => p !== 1 });
  const producer = producerOn(broker);
  const named = watch(producer.send([record(0, "a")]));
  const left = watch(producer.send([record(1, "b")]));
  await pass(20);
  expect(named.state).toBe("stored");
  expect(left.state).toBe("waiting");
  expect(producer.queued.records).toBe(1);
  await pass(500);
  expect(left.state).toBe("stored");
  expect(broker.log.get(1)).toEqual(["b"]);
  expect(broker.log.get(0)).toEqual(["a"]);
});

test("one bad partition that fails the whole request holds up the others for one round only", async () => {
  const broker = new ScriptedBroker();
  const bad = (p: number) => p !== 2;
  broker.script.push({ stores: bad, throws: new Error("partition 2 has no leader") });
  const producer = producerOn(broker);
  const sends = [0, 1, 2, 3].map((p) => watch(producer.send([record(p, `v${p}`)])));
  await pass(10);
  expect(sends.map((s) => s.state)).toEqual(["waiting", "waiting", "waiting", "waiting"]);
  await pass(300);
  expect(sends.map((s) => s.state)).toEqual(["stored", "stored", "stored", "stored"]);
  // After the failure each travels alone.
  for (const request of broker.requests.slice(1)) expect(request.length).toBe(1);
  // Stored twice where the first attempt had landed: that is allowed, losing is not.
  expect(broker.log.get(0)).toEqual(["v0", "v0"]);
  expect(broker.log.get(2)).toEqual(["v2"]);
});

test("a send that hangs is given up after 14 s, on a new connection, and the old one is closed when it has ended", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ stores: () => false, afterMs: 60_000, throws: new Error("gone") });
  const producer = producerOn(broker);
  const send = watch(producer.send([record(0, "a")]));
  await pass(13_900);
  expect(broker.requests.length).toBe(1);
  await pass(500);
  expect(send.state).toBe("stored");
  expect(broker.clients).toBe(2);
  await pass(60_000);
  expect(broker.disconnects).toBe(1);
});

test("a partition that goes on failing without a time-out gets a new connection", async () => {
  const broker = new ScriptedBroker();
  // What a client believes that has missed a change: no other client fails.
  for (let n = 0; n < 5; n++) broker.script.push({ stores: () => false, throws: new Error("not the leader") });
  const producer = producerOn(broker);
  const sent = producer.send([record(0, "a")]);
  await pass(1_500);
  expect(broker.clients, "four failures").toBe(1);
  await pass(2_500);
  await sent;
  expect([broker.clients, broker.disconnects]).toEqual([2, 1]);
});

test("a partition without a leader leaves the others their client; a new one a minute later is used once it has connected", async () => {
  const broker = new ScriptedBroker();
  const noLeader = Object.assign(new Error("no leader"), { type: "LEADER_NOT_AVAILABLE" });
  // The second seed is dead: its clients never connect.
  const producer = producerOn(broker, {
    client: (turn) => {
      const client = broker.client();
      const { sendBatch } = client;
      return {
        ...client,
        ...(turn % 2 === 1 && { connect: () => new Promise<never>(() => {}) }),
        sendBatch: (batch) => {
          const asked = (batch.topicMessages ?? []).flatMap(({ messages }) => messages.map((m) => m.partition));
          return asked.includes(1) ? Promise.reject(noLeader) : sendBatch(batch);
        },
      };
    },
  });
  void producer.send([record(1, "waits")]).catch(() => {});
  const clients: number[] = [];
  for (let second = 1; second <= 150; second++) {
    const healthy = watch(producer.send([record(0, `v${second}`)]));
    await pass(1_000);
    expect([second, healthy.state]).toEqual([second, "stored"]);
    if (second % 30 === 0) clients.push(broker.clients);
  }
  expect(clients).toEqual([1, 1, 2, 2, 3]);
  // The one that did not connect and the one that was replaced.
  expect([broker.disconnects, producer.leaderlessSince("t", 1) > 0]).toEqual([2, true]);
  await Promise.all([producer.close(0), pass(3_000)]);
});

test("first occurrences stay in order when a given-up attempt lands late", async () => {
  const broker = new ScriptedBroker();
  const timeout = Object.assign(new Error("no answer"), { name: "KafkaJSRequestTimeoutError" });
  broker.script.push({ storesAfterMs: 400, throws: timeout });
  const producer = producerOn(broker);
  const values = Array.from({ length: 50 }, (_, i) => String(i));
  const sends: { state: unknown }[] = [];
  for (const value of values) {
    sends.push(watch(producer.send([record(0, value)])));
    await pass(7);
  }
  await pass(3_000);
  expect(sends.every((s) => s.state === "stored")).toBe(true);
  expect(broker.firsts(0)).toEqual(values);
  expect(broker.log.get(0)!.length).toBeGreaterThan(values.length);
});

test("never two requests for one partition at a time", async () => {
  const broker = new ScriptedBroker();
  for (let n = 0; n < 30; n++)
    broker.script.push(n % 3 === 0 ? { throws: new Error("moved"), afterMs: 9 } : { afterMs: 1 + (n % 5) * 10 });
  const producer = producerOn(broker);
  const sends = [];
  for (let n = 0; n < 600; n++) {
    sends.push(watch(producer.send([record(n % 6, String(n))])));
    if (n % 4 === 0) await pass(2);
  }
  await pass(30_000);
  expect(sends.every((s) => s.state === "stored")).toBe(true);
  expect(broker.overlaps).toBe(0);
  for (let p = 0; p < 6; p++)
    expect(broker.firsts(p)).toEqual(Array.from({ length: 100 }, (_, n) => String(n * 6 + p)));
  expect(producer.queued).toEqual({ records: 0, bytes: 0 });
});

test("a record whose fence has fallen is not sent, and its neighbours are", async () => {
  const broker = new ScriptedBroker();
  const producer = producerOn(broker);
  const fence = { alive: true };
  const first = watch(producer.send([record(0, "a"), record(1, "a")], fence));
  const other = watch(producer.send([record(0, "b")]));
  fence.alive = false;
  await pass(50);
  expect(first.state).toBeInstanceOf(FencedError);
  expect(other.state).toBe("stored");
  expect(broker.log).toEqual(new Map([[0, ["b"]]]));
  expect(producer.queued).toEqual({ records: 0, bytes: 0 });
});

test("a fence that falls after a failed attempt stops the repeats", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ stores: () => false, throws: new Error("not leader") });
  const producer = producerOn(broker);
  const fence = { alive: true };
  const send = watch(producer.send([record(0, "a")], fence));
  await pass(20);
  expect(send.state).toBe("waiting");
  fence.alive = false;
  await pass(1_000);
  expect(send.state).toBeInstanceOf(FencedError);
  expect(broker.requests.length).toBe(1);
});

test("a record that is too large is refused before anything of its send is queued", async () => {
  const broker = new ScriptedBroker();
  const producer = producerOn(broker, { maxRecordBytes: 1_000, largeTopics: { large: 5_000 } });
  const big = { ...record(0, "x".repeat(2_000)) };
  await expect(producer.send([record(0, "a"), big])).rejects.toBeInstanceOf(RecordTooLargeError);
  expect(producer.queued.records).toBe(0);
  const allowed = watch(producer.send([{ ...big, topic: "large" }]));
  await pass(50);
  expect(allowed.state).not.toBeInstanceOf(Error);
});

test("callers that ask are refused while too much waits", async () => {
  const broker = new ScriptedBroker();
  const producer = producerOn(broker, { maxQueuedBytes: 1_000 });
  const first = watch(producer.trySend([record(0, "x".repeat(2_000))]));
  await expect(producer.trySend([record(0, "b")])).rejects.toBeInstanceOf(ProducerFullError);
  expect(producer.hasRoom).toBe(false);
  await pass(50);
  expect(first.state).toBe("stored");
  expect(producer.hasRoom).toBe(true);
});

test("closing waits for what is queued", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ afterMs: 2_000 });
  const producer = producerOn(broker);
  const send = watch(producer.send([record(0, "a")]));
  const closed = watch(producer.close());
  await pass(3_000);
  expect(send.state).toBe("stored");
  expect(closed.state).toBe("stored");
  await expect(producer.send([record(0, "b")])).rejects.toBeInstanceOf(ProducerClosedError);
});

test("an answer that comes after the close has given up disturbs nobody", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ afterMs: 9_000 });
  const producer = producerOn(broker);
  const send = watch(producer.send([record(0, "a"), record(0, "b")]));
  const closed = watch(producer.close(1_000));
  await pass(4_000);
  expect(closed.state).toBe("stored");
  expect(send.state).toBeInstanceOf(ProducerClosedError);
  // Vitest fails the run on a rejection that nobody handles.
  await pass(20_000);
  expect(broker.requests.length).toBe(1);
});

test("a broker that cannot be reached is tried again until it is there", async () => {
  const broker = new ScriptedBroker();
  let attempts = 0;
  const producer = producerOn(broker, {
    client: () => {
      const client = broker.client();
      if (++attempts > 5) return client;
      return {
        ...client,
        connect: attempts % 2 === 0 ? () => new Promise(() => {}) : () => Promise.reject(new Error("refused")),
      };
    },
  });
  const send = watch(producer.send([record(0, "a")]));
  await pass(30_000);
  expect(send.state).toBe("stored");
  expect(producer.failingSince).toBe(0);
});

test("its clock goes by the append times of what is acknowledged, whatever the wall clock says", async () => {
  const broker = new ScriptedBroker();
  const brokersTime = Date.now() + 7_200_000;
  broker.script.push({ appendedAt: brokersTime }, { appendedAt: -1 });
  const producer = producerOn(broker);
  await Promise.all([producer.send([record(0, "a")]), pass(20)]);
  expect(Math.abs(producer.clock.now() - brokersTime)).toBeLessThan(30);
  vi.setSystemTime(Date.now() - 7_200_000);
  await Promise.all([producer.send([record(0, "b")]), pass(1_000)]);
  expect(Math.abs(producer.clock.now() - brokersTime - 1_020)).toBeLessThan(30);
});

test("a write without an answer counts as unconfirmed from its beginning, long before it fails", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ afterMs: 12_000, throws: new Error("timed out") });
  const producer = producerOn(broker);
  const began = performance.now();
  const send = watch(producer.send([record(0, "a")]));
  expect(producer.unconfirmedSince).toBe(0);
  await pass(5_000);
  expect([producer.failingSince, producer.unconfirmedSince - began < 20]).toEqual([0, true]);
  await pass(7_050);
  // And when it has failed: nothing has been confirmed since.
  expect([producer.lastFailure, producer.unconfirmedSince - began < 20]).toEqual(["timed out", true]);
  await pass(5_000);
  expect([send.state, producer.unconfirmedSince, producer.lastFailure]).toEqual(["stored", 0, undefined]);
});

test("a request that fails beside others that are stored counts as unconfirmed from the last of these on", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ afterMs: 12_000, throws: new Error("timed out") });
  const producer = producerOn(broker);
  const began = performance.now();
  const sends = [watch(producer.send([record(0, "a")]))];
  await pass(8_000);
  sends.push(watch(producer.send([record(1, "b")])));
  await pass(4_050);
  expect(sends[1]!.state).toBe("stored");
  expect(producer.lastFailure).toBe("timed out");
  expect(producer.unconfirmedSince - began).toBeGreaterThanOrEqual(8_000);
  await pass(5_000);
  expect([sends[0]!.state, producer.unconfirmedSince]).toEqual(["stored", 0]);
});

test("a partition is held up when it fails alone, for want of a leader or beside others that are stored; not when all fail", async () => {
  const broker = new ScriptedBroker();
  const failing = new Set<number>();
  const producer = producerOn(broker, {
    client: () => {
      const client = broker.client();
      const fails = ({ partition }: { partition?: number }) => failing.has(partition!);
      return {
        ...client,
        sendBatch: async (batch) => {
          if ((batch.topicMessages ?? []).some(({ messages }) => messages.some(fails))) throw new Error("broken");
          return client.sendBatch(batch);
        },
      };
    },
  });
  const held = () => [0, 1].map((partition) => producer.isHeldUp("t", partition));
  await Promise.all([producer.send([record(0, "a"), record(1, "a")]), pass(100)]);
  expect([producer.isUneven, ...held()]).toEqual([false, false, false]);
  failing.add(1);
  void producer.send([record(1, "b")]).catch(() => {});
  const beside = async (ms: number) => {
    for (let n = 0; n < ms / 100; n++) {
      void producer.send([record(0, "v")]);
      await pass(100);
    }
  };
  await beside(1_000);
  expect([producer.isUneven, ...held()]).toEqual([true, false, true]);
  failing.add(0);
  void producer.send([record(0, "c")]).catch(() => {});
  await pass(10_000);
  expect([producer.isUneven, ...held()]).toEqual([true, false, false]);
  failing.clear();
  await pass(5_000);
  expect([producer.isUneven, ...held()]).toEqual([false, false, false]);
  await Promise.all([producer.close(0), pass(3_000)]);
});

test("while a write is without an answer for longer than usual others may have to wait for it", async () => {
  const broker = new ScriptedBroker();
  broker.script.push({ afterMs: 2_000 });
  const producer = producerOn(broker);
  void producer.send([record(0, "a")]);
  await pass(200);
  expect(producer.isUneven).toBe(false);
  await pass(200);
  expect(producer.isUneven).toBe(true);
  await pass(2_000);
  expect(producer.isUneven).toBe(false);
  await Promise.all([producer.close(0), pass(3_000)]);
});
