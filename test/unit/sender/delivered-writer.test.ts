import { expect, test, vi } from "vitest";
import { providerSchema, type SmppProvider } from "../../../domain/catalog/provider.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { DeliverSmPdu } from "../../../domain/smpp/pdu.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { DeliveredWriter } from "../../../services/sender/delivered-writer.ts";
import { RecentSubmissions } from "../../../services/sender/recent-submissions.ts";
import { senderMetrics } from "../../../services/sender/sender-metrics.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const provider = providerSchema.parse({
  id: "alpha",
  kind: "smpp",
  rate: 10,
  prices: [],
  currency: "EUR",
  smpp: { host: "127.0.0.1", port: 2775, systemId: "s", password: "p" },
}) as SmppProvider;

const turn = () => new Promise((resolve) => setImmediate(resolve));

function world() {
  const sends: { records: readonly OutRecord[]; resolve: () => void; reject: (error: Error) => void }[] = [];
  const producer = {
    hasRoom: true,
    send: (records: readonly OutRecord[]) =>
      new Promise<void>((resolve, reject) => void sends.push({ records, resolve, reject })),
  };
  const metrics = senderMetrics(new MetricRegistry(), "alpha");
  const known = new RecentSubmissions();
  const clock = { now: 5 };
  const writer = new DeliveredWriter({
    provider,
    codecs,
    producer,
    partitions: 6,
    metrics,
    now: () => clock.now,
    known,
  });
  const ack = () => vi.fn((_status?: number) => true);
  return { sends, producer, writer, metrics, known, clock, ack };
}

const part = (number: number, text = "Hi", sourceAddr = "491711234567") =>
  ({
    ...pdu("", 0x40, sourceAddr),
    shortMessage: Buffer.concat([Buffer.from([5, 0, 3, 0x2a, 2, number]), Buffer.from(text)]),
  }) as DeliverSmPdu;

const pdu = (text: string, esmClass = 4, sourceAddr = "491711234567") =>
  ({
    command: "deliver_sm",
    sourceAddrTon: 1,
    sourceAddr,
    destAddrTon: 3,
    destinationAddr: "72345",
    esmClass,
    dataCoding: 0,
    shortMessage: Buffer.from(text),
    tlvs: [],
  }) as unknown as DeliverSmPdu;
test("what is not placed waits under provider and id for whoever knows its number; every word is acknowledged", async () => {
  const { sends, writer, metrics, ack } = world();
  const acks = [ack(), ack(), ack(), ack()];
  writer.take(pdu("id:00AB stat:DELIVRD", 4, "01711234567"), acks[0]!);
  writer.take(pdu("stat:DELIVRD"), acks[1]!);
  writer.take(pdu("id:5 stat:BUFFRED"), acks[2]!);
  writer.take(pdu("id:6 stat:DND_FAIL err:409"), acks[3]!);
  await turn();
  expect(sends[0]!.records.map(({ topic, key, partition }) => [topic, key, partition])).toEqual([
    ["sms.receipts.unplaced", "alpha/ab", partitionFor("alpha/ab", 6)],
    ["sms.receipts.unplaced", "alpha/", partitionFor("alpha/", 6)],
    ["sms.receipts", "491711234567", partitionFor("491711234567", 6)],
    ["sms.receipts", "491711234567", partitionFor("491711234567", 6)],
  ]);
  sends[0]!.resolve();
  await turn();
  for (const one of acks) expect(one.mock.calls).toEqual([[]]);
  expect([metrics.delivered("unplaced").value, metrics.unreadStates.value]).toEqual([2, 2]);
});

test("what the provider was given lately places its receipts, in whatever form they name the number", async () => {
  const { sends, writer, known, ack } = world();
  known.submitting("491711234567");
  known.submitted("491711234567", "AB");
  const national = { sourceAddrTon: 2, sourceAddr: "01711234567" };
  const unswapped = { sourceAddrTon: 5, sourceAddr: "ACME", destAddrTon: 2, destinationAddr: "01711234567" };
  const nobody = { sourceAddrTon: 5, sourceAddr: "ACME", destinationAddr: "" };
  for (const [text, change] of [
    ["id:7 stat:DELIVRD", national],
    ["id:7 stat:DELIVRD", unswapped],
    ["id:ab stat:DELIVRD", nobody],
  ] as const)
    writer.take({ ...pdu(text), ...change }, ack());
  await turn();
  expect(sends[0]!.records.map(({ topic, key }) => [topic, key])).toEqual(
    Array.from({ length: 3 }, () => ["sms.receipts", "491711234567"]),
  );
});

test("a part that is sent twice is one record, and both are acknowledged when it is stored", async () => {
  const { sends, writer, metrics, clock, ack } = world();
  const acks = [ack(), ack(), ack(), ack()];
  writer.take(part(2), acks[0]!);
  writer.take(part(2), acks[1]!);
  writer.take(part(1), acks[2]!);
  await turn();
  expect(sends[0]!.records).toHaveLength(2);
  const ids = sends[0]!.records.map(({ headers }) => headers!.id);
  expect(new Set(ids).size).toBe(2);
  expect(acks[1]).not.toHaveBeenCalled();
  sends[0]!.resolve();
  await turn();
  for (const one of acks.slice(0, 3)) expect(one.mock.calls).toEqual([[]]);
  writer.take(part(2), acks[3]!);
  expect(acks[3]!.mock.calls).toEqual([[]]);
  expect(metrics.delivered("repeat").value).toBe(2);
  // Another sender's part, another text under the same reference, and the same after so long are new.
  clock.now += 299_000;
  writer.take(part(2, "Hi", "491711234568"), ack());
  writer.take(part(2, "Ho"), ack());
  clock.now += 2_000;
  writer.take(part(2), ack());
  await turn();
  expect(sends[1]!.records).toHaveLength(3);
  expect(sends[1]!.records[2]!.headers!.id).toBe(ids[0]);
});

test("a part that could not be stored is not known when it comes again", async () => {
  const { sends, writer, ack } = world();
  const acks = [ack(), ack()];
  for (const one of acks) writer.take(part(1), one);
  await turn();
  sends[0]!.reject(new Error("closed"));
  await turn();
  for (const one of acks) expect(one).toHaveBeenCalledWith(commandStatus.ESME_RX_T_APPN);
  writer.take(part(1), ack());
  await turn();
  expect(sends[1]!.records).toHaveLength(1);
});

test("the same words twice are two messages, unless the first was stored and its acknowledgement reached nobody", async () => {
  const { sends, writer, ack } = world();
  writer.take(pdu("yes", 0), ack());
  writer.take(
    pdu("yes", 0),
    vi.fn(() => false),
  );
  await turn();
  expect(sends[0]!.records).toHaveLength(2);
  sends[0]!.resolve();
  await turn();
  const again = ack();
  writer.take(pdu("yes", 0), again);
  expect(again.mock.calls).toEqual([[]]);
  writer.take(pdu("yes", 0), ack());
  await turn();
  expect(sends[1]!.records).toHaveLength(1);
});

test("the deliver_sm of one turn are one write, and each is acknowledged when it is stored, not before", async () => {
  const { sends, writer } = world();
  const acks = [vi.fn(() => true), vi.fn(() => true)];
  writer.take(pdu("id:1 stat:DELIVRD"), acks[0]!);
  writer.take(pdu("STOP", 0), acks[1]!);
  await turn();
  expect(sends).toHaveLength(1);
  expect(sends[0]!.records.map(({ topic, key }) => [topic, key])).toEqual([
    ["sms.receipts", "491711234567"],
    ["sms.inbound", "491711234567"],
  ]);
  expect(sends[0]!.records[0]!.headers!.id).toBe("alpha/1/delivered");
  expect(acks[0]).not.toHaveBeenCalled();
  sends[0]!.resolve();
  await turn();
  for (const ack of acks) expect(ack.mock.calls).toEqual([[]]);
});

test("what cannot be stored is asked for again", async () => {
  const { sends, producer, writer } = world();
  const [lost, full] = [vi.fn(() => true), vi.fn(() => true)];
  writer.take(pdu("id:1 stat:DELIVRD"), lost);
  await turn();
  sends[0]!.reject(new Error("closed"));
  await turn();
  expect(lost).toHaveBeenCalledWith(commandStatus.ESME_RX_T_APPN);
  producer.hasRoom = false;
  writer.take(pdu("id:1 stat:DELIVRD"), full);
  expect(full).toHaveBeenCalledWith(commandStatus.ESME_RX_T_APPN);
  expect(sends).toHaveLength(1);
});
