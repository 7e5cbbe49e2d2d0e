import { expect, test, vi } from "vitest";
import { providerSchema, type SmppProvider } from "../../../domain/catalog/provider.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { DeliverSmPdu } from "../../../domain/smpp/pdu.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { createCodecs } from "../../../schemas/codecs.ts";
import { DeliveredWriter } from "../../../services/sender/delivered-writer.ts";
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

function world() {
  const sends: { records: readonly OutRecord[]; resolve: () => void; reject: (error: Error) => void }[] = [];
  const producer = {
    hasRoom: true,
    send: (records: readonly OutRecord[]) =>
      new Promise<void>((resolve, reject) => void sends.push({ records, resolve, reject })),
  };
  const metrics = senderMetrics(new MetricRegistry(), "alpha");
  const writer = new DeliveredWriter({ provider, codecs, producer, partitions: 6, metrics, now: () => 5 });
  return { sends, producer, writer };
}

const pdu = (text: string, esmClass = 4, sourceAddr = "491711234567") =>
  ({
    sourceAddr,
    destinationAddr: "72345",
    esmClass,
    dataCoding: 0,
    shortMessage: Buffer.from(text),
    tlvs: [],
  }) as unknown as DeliverSmPdu;
const turn = () => new Promise((resolve) => setImmediate(resolve));

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

test("what cannot be stored is asked for again; what cannot be used is refused for good", async () => {
  const { sends, producer, writer } = world();
  const [lost, unusable, full] = [vi.fn(() => true), vi.fn(() => true), vi.fn(() => true)];
  writer.take(pdu("id:1 stat:DELIVRD"), lost);
  writer.take(pdu("stat:DELIVRD"), unusable);
  expect(unusable).toHaveBeenCalledWith(commandStatus.ESME_RX_P_APPN);
  await turn();
  sends[0]!.reject(new Error("closed"));
  await turn();
  expect(lost).toHaveBeenCalledWith(commandStatus.ESME_RX_T_APPN);
  producer.hasRoom = false;
  writer.take(pdu("id:1 stat:DELIVRD"), full);
  expect(full).toHaveBeenCalledWith(commandStatus.ESME_RX_T_APPN);
  expect(sends).toHaveLength(1);
});
