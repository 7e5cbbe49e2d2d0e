import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PduFramer } from "../../../domain/smpp/pdu-framer.ts";

function frame(length: number, fill: number): Buffer {
  const octets = Buffer.alloc(length, fill);
  octets.writeUInt32BE(length, 0);
  return octets;
}

/** Cuts `stream` at the given sizes and gives what the framer hands on. */
function framesOf(
  stream: Buffer,
  sizes: number[],
  framer = new PduFramer(),
): { frames: Buffer[]; bad: number | undefined } {
  const frames: Buffer[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const size = sizes.length === 0 ? stream.length : sizes[i % sizes.length]!;
    const bad = framer.push(stream.subarray(at, at + size), (buffer, start, end) => {
      frames.push(Buffer.from(buffer.subarray(start, end)));
      return true;
    });
    if (bad !== undefined) return { frames, bad };
    at += size;
  }
  return { frames, bad: undefined };
}

describe("PduFramer", () => {
  it("gives the same frames however the stream is cut", () => {
    const lengths = fc.array(fc.integer({ min: 16, max: 600 }), { minLength: 1, maxLength: 20 });
    const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 12 });
    fc.assert(
      fc.property(lengths, cuts, (sizes, cut) => {
        const sent = sizes.map((size, i) => frame(size, i & 0xff));
        expect(framesOf(Buffer.concat(sent), cut).frames).toEqual(sent);
      }),
      { numRuns: 500 },
    );
  });

  it("takes one octet at a time", () => {
    const sent = [frame(16, 1), frame(17, 2), frame(300, 3)];
    expect(framesOf(Buffer.concat(sent), [1]).frames).toEqual(sent);
  });

  it.each([0, 15, 65_537, 0xffffffff])("refuses command_length %i, cut anywhere", (length) => {
    const bad = Buffer.alloc(16);
    bad.writeUInt32BE(length, 0);
    for (const cut of [1, 2, 3, 5, 100]) {
      const result = framesOf(Buffer.concat([frame(20, 1), bad]), [cut]);
      expect(result).toEqual({ frames: [frame(20, 1)], bad: length });
    }
  });

  it("takes the smallest and the largest PDU of its limits", () => {
    const sent = [frame(16, 1), frame(65_536, 2)];
    expect(framesOf(Buffer.concat(sent), [1_000])).toEqual({ frames: sent, bad: undefined });
    expect(framesOf(frame(101, 0), [], new PduFramer(100)).bad).toBe(101);
  });

  it("stops when the handler says so", () => {
    const seen: number[] = [];
    new PduFramer().push(Buffer.concat([frame(16, 1), frame(17, 2)]), (_buffer, start, end) => {
      seen.push(end - start);
      return false;
    });
    expect(seen).toEqual([16]);
  });
});
