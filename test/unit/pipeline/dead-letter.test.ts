import { describe, expect, it } from "vitest";
import { deadLetterRecord, deadLetterSource } from "../../../pipeline/records/dead-letter.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { DeadLetter } from "../../../schemas/generated/types.ts";

const codec = { encode: (value: unknown) => Buffer.from(JSON.stringify(value)) } as unknown as Codec<DeadLetter>;
const why = { reason: "undecodable", detail: "truncated", service: "router", now: 5 };

function record(changes: Partial<InRecord> = {}): InRecord {
  return {
    topic: "sms.events",
    partition: 4,
    offset: 17,
    key: Buffer.from("4915100000000"),
    value: Buffer.from([1, 2, 255]),
    headers: { twice: [Buffer.from("a"), Buffer.from("b")] },
    timestamp: 1,
    ...changes,
  };
}

describe("dead letter", () => {
  it("keeps the original byte for byte, with its place and the reason", () => {
    const letter = deadLetterRecord(codec, record(), why);
    expect(letter).toMatchObject({
      topic: "sms.dead-letter",
      partition: 4,
      headers: { id: "router/sms.events/4/17" },
    });
    const body = JSON.parse(letter.value!.toString());
    expect(body).toMatchObject({ reason: "undecodable", detail: "truncated", service: "router", at: 5, offset: 17 });
    expect(Buffer.from(body.value.data)).toEqual(Buffer.from([1, 2, 255]));
    expect(Buffer.from(body.headers.twice.data).toString()).toBe("a");
  });

  it("keeps headers by any name", () => {
    const headers = Object.create(null) as Record<string, Buffer>;
    for (const name of ["__proto__", "constructor"]) headers[name] = Buffer.from(name);
    let kept: DeadLetter | undefined;
    const encode = (letter: DeadLetter) => {
      kept = letter;
      return Buffer.alloc(0);
    };
    deadLetterRecord({ encode } as unknown as Codec<DeadLetter>, record({ headers }), why);
    expect(Object.entries(kept!.headers).map(([name, value]) => [name, value.toString()])).toEqual([
      ["__proto__", "__proto__"],
      ["constructor", "constructor"],
    ]);
  });

  it("of a record too large for the topic keeps the beginning, and says so", () => {
    const value = Buffer.alloc(1_600_000, 7);
    let kept: DeadLetter | undefined;
    const encode = (letter: DeadLetter) => {
      kept = letter;
      return Buffer.alloc(0);
    };
    const spy = { encode } as unknown as Codec<DeadLetter>;
    deadLetterRecord(spy, record({ value }), why);
    expect(kept!.value!.length).toBe(1_500_000);
    expect(kept!.detail).toBe("truncated (the first 1500000 of 1600000 bytes are kept)");
  });

  it("has room for any headers, which it keeps byte for byte", () => {
    let kept: DeadLetter | undefined;
    const encode = (letter: DeadLetter) => {
      kept = letter;
      return Buffer.alloc(0);
    };
    const spy = { encode } as unknown as Codec<DeadLetter>;
    const odd = Buffer.from([0xff, 0xfe, 0x00]);
    deadLetterRecord(spy, record({ headers: { odd, huge: Buffer.alloc(900_000, 0xff) } }), why);
    expect(kept!.headers).toEqual({ odd });
  });

  it("names its source in its id, so that nothing unread goes unnoticed", () => {
    const id = deadLetterRecord(codec, record(), why).headers!.id as string;
    expect(deadLetterSource(id)).toBe("sms.events/4/17");
    expect(deadLetterSource("nothing")).toBeUndefined();
  });

  it("is not keyed by a key that would make it too large", () => {
    expect(deadLetterRecord(codec, record({ key: Buffer.alloc(900_000) }), why).key).toBeNull();
  });
});
