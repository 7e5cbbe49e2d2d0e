import { expect, it } from "vitest";
import { parseSmppReceipt } from "../../../../domain/receipts/smpp-receipt.ts";
import { encodePdu } from "../../../../domain/smpp/pdu-encoder.ts";
import { type ClientReceipt, receiptMessage } from "../../../../domain/smpp/server/receipt-message.ts";
import { ShortIds } from "../../../../domain/smpp/server/short-ids.ts";

const ID = "0198a000-0000-7000-8000-000000000001";
const RECEIPT: ClientReceipt = {
  id: ID,
  state: "DELIVRD",
  error: "000",
  submittedAt: Date.UTC(2026, 11, 2, 9, 5),
  doneAt: Date.UTC(2026, 11, 2, 23, 59),
  source: { ton: 5, npi: 0, address: "ACME" },
  dest: { ton: 1, npi: 1, address: "491701234567" },
  reference: 258,
};

it("a receipt goes the other way, says all in its text, and in parameters to who knows them", () => {
  const message = receiptMessage(RECEIPT, 0x34);
  expect(message).toMatchObject({ esmClass: 4, sourceAddr: "491701234567", destinationAddr: "ACME", destAddrTon: 5 });
  const text = Buffer.from(message.shortMessage!).toString();
  expect(text).toBe(
    `id:${ID} sub:001 dlvrd:001 submit date:2612020905 done date:2612022359 stat:DELIVRD err:000 text:`,
  );
  expect(message.tlvs).toEqual([
    { tag: 0x001e, value: `${ID}\0` },
    { tag: 0x0427, value: "\x02" },
    { tag: 0x0204, value: "\x01\x02" },
  ]);
  expect(receiptMessage(RECEIPT, 0x33).tlvs).toEqual([]);
  const read = parseSmppReceipt({
    text,
    messageState: undefined,
    receiptedMessageId: undefined,
    networkErrorCode: undefined,
  });
  expect(read).toMatchObject({ ok: true, receipt: { providerMessageId: ID, state: "delivered" } });
});

it("a receipt fits a deliver_sm, and one on the way is marked as such", () => {
  const message = receiptMessage({ ...RECEIPT, state: "ENROUTE" }, 0x34);
  expect(message.esmClass).toBe(0x20);
  expect(Buffer.from(message.shortMessage!).toString()).toContain("dlvrd:000");
  expect(message.shortMessage!.length).toBeLessThanOrEqual(254);
  expect(
    encodePdu({
      ...{ command: "deliver_sm", commandStatus: 0, sequence: 1, serviceType: "", sourceAddrNpi: 0, destAddrNpi: 0 },
      ...{ protocolId: 0, priorityFlag: 0, scheduleDeliveryTime: "", validityPeriod: "", registeredDelivery: 0 },
      ...{ replaceIfPresent: 0, dataCoding: 0, smDefaultMsgId: 0, sourceAddrTon: 1, destAddrTon: 1 },
      ...message,
    } as never).length,
  ).toBeGreaterThan(100);
});

it("ids of eight characters count up from a drawn place, and come round", () => {
  const draws = [1023, 2 ** 31 - 1];
  const ids = new ShortIds(() => draws.shift()!);
  const given = [ids.take(), ids.take(), ids.take()];
  expect(given.map((id) => id.length)).toEqual([8, 8, 8]);
  expect(given.map((id) => Number.parseInt(id, 36))).toEqual([2 ** 41 - 1, 1023 * 2 ** 31, 1023 * 2 ** 31 + 1]);
});
