import { describe, expect, it } from "vitest";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import type { Conversion } from "../../../../schemas/generated/types.ts";
import { ConversionBlock } from "../../../../services/analytics-sink/conversions/conversion-block.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const NOW = 1_764_000_000_000;
const ID = "0197a000-0000-7000-8000-000000000001";
const OTHER = "0197a000-0000-7000-8000-000000000002";

const stored = (value: Buffer | null, timestamp = NOW): InRecord => ({
  ...{ topic: "sms.conversions", partition: 3, offset: 5, key: null, value, headers: {}, timestamp },
});
const told = (more: Partial<Conversion> = {}, timestamp?: number) =>
  stored(
    codecs.conversion.encode({ messageId: ID, accountId: "acme", converted: true, at: NOW - 500, ...more }),
    timestamp,
  );

describe("conversions as rows", () => {
  it("say of which message, who told it, when it was stored and when it converted", () => {
    const block = new ConversionBlock(codecs);
    expect(block.add(told())).toBe("added");
    const row = block.encoded();
    expect(row.length).toBe(16 + 5 + 8 + 9);
    expect(row.toString("latin1", 17, 21)).toBe("acme");
    expect([Number(row.readBigInt64LE(21)), row[29], Number(row.readBigInt64LE(30))]).toEqual([NOW, 0, NOW - 500]);
    expect(block.add(told({ converted: false }))).toBe("added");
    expect([block.rows, block.encoded().length, block.encoded().at(-1)]).toEqual([2, 38 + 30, 1]);
  });

  it("are one word for each message and account, however often and in whatever order they were told", () => {
    const block = new ConversionBlock(codecs);
    const words = [
      { converted: false },
      {},
      { converted: false },
      { accountId: "globex", converted: false },
      { messageId: OTHER },
    ];
    for (const [i, word] of words.entries()) block.add(told(word, NOW + i));
    expect(block.rows).toBe(5);
    expect([...block.told.values()]).toEqual([
      { messageId: ID, accountId: "acme", converted: true, toldAt: NOW },
      { messageId: ID, accountId: "globex", converted: false, toldAt: NOW + 3 },
      { messageId: OTHER, accountId: "acme", converted: true, toldAt: NOW + 4 },
    ]);
  });

  it.each([
    [{ messageId: "x" }, /messageId/],
    [{ messageId: ID.toUpperCase() }, /messageId/],
    [{ accountId: "" }, /accountId/],
    [{ accountId: "x".repeat(65) }, /accountId/],
    [{ at: NOW + 2 * 86_400_000 }, /at lies in the future/],
    [{ at: NOW - 31 * 86_400_000 }, /at lies more than 30 days back/],
    [{ at: -9e15 }, /at lies/],
  ])("are refused with the field where an upstream system writes %j", (word, detail) => {
    const block = new ConversionBlock(codecs);
    expect(block.add(told(word))).toEqual({ refused: "invalid", detail: expect.stringMatching(detail) });
    expect([block.rows, block.bytes, block.told.size]).toEqual([0, 0, 0]);
  });

  it("are refused where they cannot be read", () => {
    const block = new ConversionBlock(codecs);
    for (const value of [null, Buffer.alloc(0), Buffer.from('{"converted":true}')])
      expect(block.add(stored(value))).toMatchObject({ refused: "undecodable" });
    const foreign = Buffer.concat([Buffer.from([0, 0, 0, 9, 9]), Buffer.from("x")]);
    expect(block.add(stored(foreign))).toEqual({ prepare: expect.any(Function) });
  });
});
