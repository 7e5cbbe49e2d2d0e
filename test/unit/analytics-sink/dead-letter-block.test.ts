import { describe, expect, it } from "vitest";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { DeadLetterBlock } from "../../../services/analytics-sink/dead-letter-block.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const NOW = 1_764_000_000_000;

const source: InRecord = {
  topic: "sms.requests.otp",
  partition: 3,
  offset: 77,
  key: Buffer.from("491700000012"),
  value: Buffer.from('{"text":"the secret text"}'),
  headers: {},
  timestamp: NOW,
};
const stored = (value: Buffer | null): InRecord => ({
  topic: "sms.dead-letter",
  partition: 3,
  offset: 5,
  key: null,
  value,
  headers: {},
  timestamp: NOW + 10,
});
const letter = (detail: string, now = NOW) =>
  deadLetterRecord(codecs.deadLetter, source, {
    reason: "undecodable",
    detail,
    service: "router",
    now,
    messageId: "m",
  });

describe("dead letters as rows", () => {
  it("say what is wrong and where, and nothing of the record", () => {
    const block = new DeadLetterBlock(codecs);
    expect(block.add(stored(letter("JSON, not Avro").value!))).toBe("added");
    expect(block.rows).toBe(1);
    const row = block.encoded();
    for (const text of ["undecodable", "JSON, not Avro", "router", "sms.requests.otp", "m"])
      expect(row.includes(text)).toBe(true);
    expect(row.includes("secret")).toBe(false);
    expect(row.includes("491700000012")).toBe(false);
    expect(Number(row.readBigInt64LE(0))).toBe(NOW);
    // Behind the texts: partition and offset, the message, and where the letter stands.
    const end = row.subarray(row.length - 24);
    expect([end.readUInt32LE(0), Number(end.readBigInt64LE(4)), end.toString("latin1", 13, 14)]).toEqual([3, 77, "m"]);
    expect([end.readUInt16LE(14), Number(end.readBigInt64LE(16))]).toEqual([3, 5]);
  });

  it("are never refused: what cannot be read is a row that says so, at the time at which it was stored", () => {
    const block = new DeadLetterBlock(codecs);
    for (const value of [null, Buffer.from("rubbish"), Buffer.alloc(0)]) expect(block.add(stored(value))).toBe("added");
    expect(block.rows).toBe(3);
    expect(
      block
        .encoded()
        .toString("latin1")
        .match(/this dead letter cannot be read/g)?.length,
    ).toBe(3);
    expect(Number(block.encoded().readBigInt64LE(0))).toBe(NOW + 10);
  });

  it("are bounded, and a made-up time opens no partition of its own", () => {
    const block = new DeadLetterBlock(codecs);
    block.add(stored(letter("x".repeat(100_000), 0).value!));
    expect(block.bytes).toBeLessThan(3_000);
    expect(Number(block.encoded().readBigInt64LE(0))).toBe(NOW + 10);
  });

  it("wait for a schema that is not known yet", () => {
    const block = new DeadLetterBlock(codecs);
    expect(block.add(stored(Buffer.from([0, 0, 0, 9, 9, 1])))).toMatchObject({ prepare: expect.any(Function) });
    expect(block.rows).toBe(0);
  });
});
