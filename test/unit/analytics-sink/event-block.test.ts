import { describe, expect, it } from "vitest";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { EventBlock } from "../../../services/analytics-sink/event-block.ts";
import { event, facts } from "./events.ts";

/** JSON in place of Avro: `schema 9` must be loaded before it can be read. */
function codecs(): Pick<SluiceCodecs, "event" | "loadSchema"> & { loaded: number[] } {
  const loaded: number[] = [];
  return {
    loaded,
    loadSchema: async (id) => {
      loaded.push(id);
      return "loaded";
    },
    event: {
      encode: (value) => Buffer.from(JSON.stringify(value)),
      decode: (bytes) => {
        if (bytes[0] === 9 && !loaded.includes(9))
          return { ok: false, code: "unknown-schema", detail: "schema 9 is not loaded", schemaId: 9 };
        try {
          return { ok: true, value: JSON.parse(bytes.subarray(bytes[0] === 9 ? 1 : 0).toString()) as Event };
        } catch {
          return { ok: false, code: "undecodable", detail: "not JSON" };
        }
      },
    },
  };
}

function record(value: Buffer | null): InRecord {
  return {
    topic: "sms.events",
    partition: 4,
    offset: 17,
    key: Buffer.from("491701234567"),
    value,
    headers: { id: Buffer.from("x/1/routed"), twice: [Buffer.from("a"), Buffer.from("b")] },
    timestamp: 1,
  };
}

describe("event block", () => {
  it("counts rows and bytes of what it took", () => {
    const block = new EventBlock(codecs());
    expect(block.add(record(Buffer.from(JSON.stringify(event()))))).toBe("added");
    expect(block.rows).toBe(1);
    const { bytes } = block;
    expect(bytes).toBeGreaterThan(100);
    for (let i = 0; i < 99; i++) block.add(record(Buffer.from(JSON.stringify(event()))));
    expect(block.rows).toBe(100);
    // Words that come again are written once, and the columns' names once a block.
    expect(block.bytes).toBeLessThan(80 * bytes);
    expect(block.encoded().length - block.bytes).toBeLessThan(4_096);
  });

  it.each([
    ["undecodable", null],
    ["undecodable", Buffer.from("rubbish")],
    ["invalid", Buffer.from(JSON.stringify(event({ facts: facts({ messageId: "?" }) })))],
  ])("refuses what is %s and stays as it was", (refused, value) => {
    const block = new EventBlock(codecs());
    expect(block.add(record(value))).toMatchObject({ refused });
    expect([block.rows, block.bytes]).toEqual([0, 0]);
  });

  it("asks for an unknown schema and takes the record afterwards", async () => {
    const source = codecs();
    const block = new EventBlock(source);
    const newer = record(Buffer.concat([Buffer.from([9]), Buffer.from(JSON.stringify(event()))]));
    const first = block.add(newer);
    if (typeof first === "string" || !("prepare" in first)) throw new Error("expected to be asked to prepare");
    await first.prepare();
    expect(source.loaded).toEqual([9]);
    expect(block.add(newer)).toBe("added");
  });
});
