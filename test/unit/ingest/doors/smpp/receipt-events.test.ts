import { expect, it } from "vitest";
import { BLANK_EVENT } from "../../../../../pipeline/records/event-record.ts";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../../../platform/kafka/record.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import type { Event, ReceiptTo, SmppReceipt } from "../../../../../schemas/generated/types.ts";
import { ReceiptEvents, receiptsOf } from "../../../../../services/ingest/doors/smpp/receipts/receipt-events.ts";
import { facts } from "../../../analytics-sink/events.ts";
import { PARTITIONS, testCodecs } from "../../ingest-harness.ts";

const TO: ReceiptTo = {
  ...{ ids: ["one", "two"], asked: 3, sourceTon: 5, sourceNpi: 0, source: "ACME" },
  ...{ destTon: 1, destNpi: 1, dest: "491701234567", reference: 7 },
};
const ID = "0198a000-0000-7000-8000-000000000001";

function event(over: Partial<Event>, to: Partial<ReceiptTo> | null = {}): Event {
  const receiptTo = to === null ? null : { ...TO, ...to };
  const known = { messageId: ID, accountId: "acme", acceptedAt: 1_000, receiptTo };
  return { ...BLANK_EVENT, type: "final", at: 9_000, facts: facts(known), attempt: 1, ...over };
}

const told = (...given: Parameters<typeof event>) =>
  receiptsOf(event(...given)).map(({ id, state, error }) => [id, state, error].join(" "));

it("each id that the client was answered has its receipt, in the words of receipts", () => {
  expect(told({ state: "delivered" })).toEqual(["one DELIVRD 000", "two DELIVRD 000"]);
  const one = { ids: ["one"] };
  expect(told({ state: "undelivered", errorCode: "27" }, one)).toEqual(["one UNDELIV 027"]);
  expect(told({ state: "failed", errorCode: "ESME_RSYSERR" }, one)).toEqual(["one UNDELIV 999"]);
  expect(told({ state: "expired" }, one)).toEqual(["one EXPIRED 000"]);
  expect(told({ state: "rejected" }, one)).toEqual(["one REJECTD 000"]);
  expect(told({ state: "rejected", errorCode: "cancelled" }, one)).toEqual(["one DELETED 999"]);
  expect(told({ state: "unknown" }, one)).toEqual(["one UNKNOWN 000"]);
  expect(receiptsOf(event({ state: "delivered", doneAt: 5_000 }, one))).toEqual([
    {
      accountId: "acme",
      id: "one",
      to: { ...TO, ids: [] },
      state: "DELIVRD",
      error: "000",
      submittedAt: 1_000,
      doneAt: 5_000,
      at: 9_000,
      content: null,
    },
  ]);
});

it("only what was asked for is told", () => {
  const one = { ids: ["one"] };
  expect(told({ state: "delivered" }, null)).toEqual([]);
  expect(told({ state: "delivered" }, { ...one, asked: 2 })).toEqual([]);
  expect(told({ state: "expired" }, { ...one, asked: 1 })).toEqual([]);
  expect(told({ type: "submitted" }, { ...one, asked: 3 })).toEqual([]);
  expect(told({ type: "submitted" }, { ...one, asked: 16 })).toEqual(["one ENROUTE 000"]);
  expect(told({ state: "delivered" }, { ...one, asked: 16 })).toEqual([]);
});

it("a final event becomes a record in the account's partition, each destination's under its own key; others are not even decoded", async () => {
  const codecs = await testCodecs();
  const written: OutRecord[] = [];
  const out = { decide: (record: OutRecord) => void written.push(record), effect: () => expect.unreachable() };
  let unreadable = 0;
  const options = { codecs, partitions: PARTITIONS, onUnreadable: () => void unreadable++, log: silentLog };
  const events = new ReceiptEvents({ alive: true } as never, options);
  const give = (value: Buffer | null, id: string) =>
    events.process(
      { topic: "sms.events", partition: 0, offset: 0, key: null, value, headers: { id }, timestamp: 0 },
      0,
      out,
    );
  for (const dest of ["491701234567", "491701234568"]) {
    give(codecs.event.encode(event({ state: "delivered" }, { ids: ["one"], dest })), `${ID}/final`);
  }
  give(codecs.event.encode(event({ type: "submitted" }, { ids: ["one"], asked: 16 })), `${ID}/1/submitted`);
  give(Buffer.from("no event"), `${ID}/1/routed`);
  expect(unreadable).toBe(0);
  give(Buffer.from("no event"), `${ID}/final`);
  expect(unreadable).toBe(1);
  expect(written.map(({ key }) => key)).toEqual([
    "acme/one/491701234567",
    "acme/one/491701234568",
    "acme/one/491701234567/enroute",
  ]);
  expect(new Set(written.map(({ partition }) => partition))).toEqual(new Set([partitionFor("acme", PARTITIONS)]));
  const decoded = codecs.smppReceipt.decode(written[0]!.value!) as { value: SmppReceipt };
  expect(decoded.value).toMatchObject({ id: "one", state: "DELIVRD", to: { source: "ACME" } });
});
