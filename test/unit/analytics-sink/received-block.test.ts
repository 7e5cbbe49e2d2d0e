import { expect, it } from "vitest";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Received } from "../../../schemas/generated/types.ts";
import { ReceivedBlock } from "../../../services/analytics-sink/inbound/received-block.ts";
import { codecs, NOW } from "../router/router-world.ts";

const RECEIVED: Received = {
  ...{
    id: "018f0000-0000-7000-8000-000000000001",
    accountId: "acme",
    provider: "a",
    from: "4915112345678",
    to: "12345",
  },
  ...{ text: "Grüße", binary: Buffer.from([1, 255]), receivedAt: NOW - 10, segments: 2, missing: 1 },
  ...{ media: ["https://m.example/1"], optOut: "STOP" },
};

function record(value: Buffer | null): InRecord {
  const place = { topic: "sms.received", partition: 3, offset: 7, timestamp: NOW };
  return { ...place, key: Buffer.from("4915112345678"), value, headers: {} };
}
const added = (changes: Partial<Received>) => {
  const block = new ReceivedBlock(codecs);
  return { block, outcome: block.add(record(codecs.received.encode({ ...RECEIVED, ...changes }))) };
};

it("a message is one row, in the order of the columns", () => {
  const { block, outcome } = added({});
  expect([outcome, block.rows]).toEqual(["added", 1]);
  const octets = block.encoded();
  let at = 24 - 3;
  // UUID: two halves, the low octet first; the account; then the time.
  expect(octets.subarray(0, 16).toString("hex")).toBe("00700000" + "00008f01" + "01000000" + "00000080");
  expect(octets.subarray(16, 21).toString()).toBe("\x04acme");
  expect(octets.readBigInt64LE(at)).toBe(BigInt(NOW - 10));
  at += 8;
  const texts: string[] = [];
  for (let i = 0; i < 5; i++) {
    const length = octets[at]!;
    texts.push(octets.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  expect(texts).toEqual(["4915112345678", "12345", "a", "Grüße", "01ff"]);
  expect([octets.readUInt16LE(at), octets.readUInt16LE(at + 2), octets[at + 4]]).toEqual([2, 1, 1]);
  expect(octets.subarray(at + 6).toString()).toBe("https://m.example/1\x04STOP");
});

it.each<[string, Partial<Received>, RegExp]>([
  ["no id", { id: "x" }, /^id is no UUID/],
  ["a name too long", { to: "1".repeat(257) }, /^to has more/],
  ["a count that is none", { segments: 300 }, /^segments or missing/],
  ["a time ahead", { receivedAt: NOW + 2 * 86_400_000 }, /future/],
  ["a time long ago", { receivedAt: 0 }, /30 days back/],
])("%s is refused by name", (_, changes, detail) => {
  expect(added(changes).outcome).toEqual({ refused: "invalid", detail: expect.stringMatching(detail) });
});

it("what is no message is refused", () => {
  const block = new ReceivedBlock(codecs);
  for (const value of [null, Buffer.from([0, 1])])
    expect(block.add(record(value))).toMatchObject({ refused: "undecodable" });
  expect(block.rows).toBe(0);
});
