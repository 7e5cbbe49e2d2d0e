import { afterEach, expect, test, vi } from "vitest";
import { RecordProducer } from "../../../../platform/kafka/producer.ts";
import { DeadlineWriter } from "../../../../services/ingest/acceptance/deadline-writer.ts";
import { ScriptedBrokers } from "../../platform/kafka/scripted-brokers.ts";
import { silentLog } from "../../platform/kafka/simulated-kafka.ts";

const DEADLINE_MS = 600;
const lull = () => new Promise((resolve) => setTimeout(resolve, DEADLINE_MS + 200));

afterEach(() => void vi.restoreAllMocks());

function writing(leaders: number[]) {
  const kafka = new ScriptedBrokers({ out: leaders });
  const producer = new RecordProducer({ connection: { brokers: ["b:1"], clientId: "test", log: silentLog } });
  const writer = new DeadlineWriter(producer, DEADLINE_MS);
  const record = (partition: number) => ({ topic: "out", partition, key: "k", value: Buffer.from("v") });
  const write = (...partitions: number[]) => writer.write(partitions.map(record), performance.now());
  return { kafka, producer, write, isOpen: () => writer.open(performance.now()) };
}

test("a record for a partition without a leader closes the door for that one alone, however long nothing else comes", async () => {
  const { kafka, producer, write, isOpen } = writing([1, -1, 2]);
  expect(await write(0)).toBe("stored");
  expect(await write(1)).toBe("unknown");
  await lull();
  expect([isOpen(), producer.unconfirmedSince]).toEqual([true, 0]);
  expect([await write(0), await write(2), await write(1)]).toEqual(["stored", "stored", "refused"]);
  // Part of it can be stored.
  expect([await write(0, 1), kafka.log("out", 0).length]).toEqual(["unknown", 3]);
  kafka.leaders.out![1] = 2;
  await producer.flush();
  expect([await write(1), kafka.log("out", 1).length]).toEqual(["stored", 3]);
  await producer.close();
}, 20_000);

test("a partition that has failed in other ways before it was found without a leader does not close the door either", async () => {
  const { kafka, producer, write, isOpen } = writing([1, 1, 2]);
  expect(await write(0)).toBe("stored");
  // Its broker leads it no more, which the client has to find out.
  kafka.leaders.out![1] = -1;
  expect(await write(1)).toBe("unknown");
  await lull();
  expect([isOpen(), await write(2)]).toEqual([true, "stored"]);
  await producer.close(0);
}, 20_000);

test("where no partition that is written to has a leader the door is closed", async () => {
  const { kafka, producer, write, isOpen } = writing([-1, -1]);
  expect(await Promise.all([write(0), write(1)])).toEqual(["unknown", "unknown"]);
  await lull();
  expect([isOpen(), await write(0), await write(1)]).toEqual([false, "refused", "refused"]);
  kafka.leaders.out!.fill(1);
  await producer.flush();
  expect([isOpen(), await write(0), await write(1)]).toEqual([true, "stored", "stored"]);
  await producer.close();
}, 20_000);
