import { beforeEach, expect, it } from "vitest";
import { encodeGsm7Unpacked } from "../../../../../domain/text/encoding.ts";
import type { InRecord, OutRecord } from "../../../../../platform/kafka/record.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../../platform/telemetry/metric-registry.ts";
import type { DeadLetter, SendRequest, SmppPart, SmppReceipt } from "../../../../../schemas/generated/types.ts";
import { RecentAcceptances } from "../../../../../services/ingest/acceptance/recent-acceptances.ts";
import { doorMetrics } from "../../../../../services/ingest/doors/smpp/door-metrics.ts";
import { PartsTask } from "../../../../../services/ingest/doors/smpp/parts/parts-task.ts";
import { ACME, FakeWriter, newAcceptor, PARTITIONS, testCodecs } from "../../ingest-harness.ts";

const codecs = await testCodecs();
const NOW = Date.now();
const ID = (n: number) => `0198a000-0000-7000-8000-00000000000${n}`;

let log: InRecord[];
let written: OutRecord[];
let clock: number;
let recent: RecentAcceptances;

beforeEach(() => {
  log = [];
  written = [];
  clock = NOW;
  recent = new RecentAcceptances(100, performance.now());
});

const out = {
  decide: (record: OutRecord) => void written.push(record),
  effect: () => expect.unreachable(),
};

/** The owner of the partition from `offset` on, with what the last one committed. */
async function owner(offset = 0, state = ""): Promise<PartsTask> {
  const acceptor = newAcceptor({ writer: new FakeWriter(), codecs, recent, metrics: new MetricRegistry() });
  const task = {
    alive: true,
    partition: 0,
    inputs: [{ topic: "sms.smpp-parts" }],
    restored: { offsets: [offset], state },
  };
  const parts = new PartsTask(task as never, {
    codecs,
    reader: {
      readRange: async (_topic, _partition, from, to, onRecord) => {
        for (const record of log) if (record.offset >= from && record.offset < to) onRecord(record);
      },
    },
    acceptor,
    accountOf: (id) => (id === "acme" ? ACME : undefined),
    partitions: PARTITIONS,
    waitMs: 60_000,
    metrics: doorMetrics(new MetricRegistry()),
    log: silentLog,
    now: () => clock,
  });
  await parts.restore();
  return parts;
}

function kept(number: number, text: string | Buffer, over: Partial<SmppPart> = {}): InRecord {
  const receiptTo = {
    ...{ ids: [ID(number)], asked: 3, sourceTon: 5, sourceNpi: 0, source: "ACME" },
    ...{ destTon: 1, destNpi: 1, dest: "491701234567", reference: null },
  };
  const value = codecs.smppPart.encode({
    ...{ accountId: "acme", messageId: ID(number), to: "491701234567", from: "ACME", lane: "otp", validitySeconds: 60 },
    ...{ sendAt: null, reference: 9, total: 2, part: number, alphabet: "gsm7", header: null },
    octets: typeof text === "string" ? Buffer.from(encodeGsm7Unpacked(text)) : text,
    receiptTo,
    ...over,
  });
  const record = {
    ...{ topic: "sms.smpp-parts", partition: 0, offset: log.length, key: Buffer.from("491701234567"), value },
    ...{ headers: {}, timestamp: clock },
  };
  log.push(record);
  return record;
}

const requests = () =>
  written
    .filter(({ topic }) => topic.startsWith("sms.requests."))
    .map((record) => [record.topic, (codecs.request.decode(record.value!) as { value: SendRequest }).value] as const);
const receipts = () =>
  written
    .filter(({ topic }) => topic === "sms.smpp-receipts")
    .map((record) => (codecs.smppReceipt.decode(record.value!) as { value: SmppReceipt }).value);
const letters = () =>
  written
    .filter(({ topic }) => topic === "sms.dead-letter")
    .map((record) => (codecs.deadLetter.decode(record.value!) as { value: DeadLetter }).value);

it("a message is handed in whole, under its first part's id, and each part has its receipt", async () => {
  const parts = await owner();
  // The cut is between the escape and the euro sign.
  parts.process(kept(2, Buffer.from([0x65, 0x21])), 0, out);
  expect(written).toEqual([]);
  parts.process(kept(1, Buffer.from([0x31, 0x1b])), 0, out);
  const [[topic, request]] = requests() as [[string, SendRequest]];
  expect(topic).toBe("sms.requests.otp");
  expect(request).toMatchObject({
    ...{ messageId: ID(1), accountId: "acme", to: "491701234567", from: "ACME", text: "1€!", validitySeconds: 60 },
    receiptTo: { ids: [ID(1), ID(2)], asked: 3 },
  });
  expect(recent.find(ID(1), "acme", performance.now())).toMatchObject({ lane: "otp", destination: "491701234567" });
});

it("whoever takes over reads from the first part that waits, and hands in what is whole now alone", async () => {
  const before = await owner();
  before.process(kept(1, "one", { reference: 1 }), 0, out);
  before.process(kept(1, "a", { reference: 2 }), 0, out);
  before.process(kept(2, "b", { reference: 2 }), 0, out);
  expect(requests()).toHaveLength(1);
  expect(before.state([3])).toBe("0");
  const after = await owner(3, "0");
  expect(requests()).toHaveLength(1);
  after.process(kept(2, "two", { reference: 1 }), 0, out);
  expect(requests().map(([, { text }]) => text)).toEqual(["ab", "onetwo"]);
  expect(after.state([4])).toBe("4");
});

it("what does not become whole is put aside in time, and its client told; not while parts may stand unread", async () => {
  const parts = await owner();
  parts.process(kept(1, "alone"), 0, out);
  clock += 60_001;
  parts.tick(out, false);
  expect(written).toEqual([]);
  parts.tick(out, true);
  expect(receipts()).toMatchObject([{ id: ID(1), state: "EXPIRED", accountId: "acme", to: { dest: "491701234567" } }]);
  expect(letters()).toMatchObject([{ reason: "incomplete", messageId: ID(1), detail: "1 of 2 parts came", offset: 0 }]);
  expect(parts.waiting).toBe(0);
});

it("what is no message when it is whole is put aside, and its client told", async () => {
  const parts = await owner();
  for (const number of [1, 2]) parts.process(kept(number, "x".repeat(900)), 0, out);
  expect(requests()).toEqual([]);
  expect(receipts().map(({ state }) => state)).toEqual(["REJECTD", "REJECTD"]);
  expect(letters().map(({ reason }) => reason)).toEqual(["invalid", "invalid"]);
});

it("a record that is no part is put aside and holds up nobody", async () => {
  const parts = await owner();
  parts.process({ ...kept(1, "x"), value: Buffer.from("nothing") }, 0, out);
  parts.process(kept(3, "x", { total: 2 }), 0, out);
  expect(letters().map(({ reason }) => reason)).toEqual(["undecodable", "undecodable"]);
});
