import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Concatenation, concatenationHeader, readUserData } from "../../../../domain/text/user-data-header.ts";

const concatenation: fc.Arbitrary<Concatenation> = fc
  .record({
    referenceBits: fc.constantFrom<8 | 16>(8, 16),
    reference: fc.nat(65535),
    total: fc.integer({ min: 1, max: 255 }),
    place: fc.nat(254),
  })
  .map(({ referenceBits, reference, total, place }) => ({
    referenceBits,
    reference: referenceBits === 8 ? reference & 0xff : reference,
    total,
    sequence: (place % total) + 1,
  }));

const withPayload = (header: Uint8Array, payload: Uint8Array) => Uint8Array.from([...header, ...payload]);

describe("concatenation header", () => {
  it("has the octets of TS 23.040", () => {
    expect([...concatenationHeader({ reference: 0xab, referenceBits: 8, total: 3, sequence: 2 })]).toEqual([
      5, 0, 3, 0xab, 3, 2,
    ]);
    expect([...concatenationHeader({ reference: 0xabcd, referenceBits: 16, total: 3, sequence: 2 })]).toEqual([
      6, 8, 4, 0xab, 0xcd, 3, 2,
    ]);
  });

  it("is read back with the payload", () => {
    fc.assert(
      fc.property(concatenation, fc.uint8Array(), (part, payload) => {
        expect(readUserData(withPayload(concatenationHeader(part), payload))).toEqual({
          ok: true,
          concatenation: part,
          payload,
        });
      }),
    );
  });

  it("is found behind other elements, and ignored where its numbers make no sense", () => {
    const ported = [0x05, 4, 1, 2, 3, 4];
    expect(readUserData(Uint8Array.of(11, ...ported, 0, 3, 9, 2, 1, 0x41))).toMatchObject({
      concatenation: { reference: 9, total: 2 },
    });
    for (const [total, sequence] of [
      [0, 1],
      [2, 0],
      [2, 3],
    ] as const) {
      expect(readUserData(Uint8Array.of(5, 0, 3, 9, total, sequence))).toMatchObject({
        ok: true,
        concatenation: undefined,
      });
    }
  });

  it("never throws, and refuses a header that runs over its end", () => {
    expect(readUserData(new Uint8Array())).toEqual({ ok: false, code: "user-data-header-malformed" });
    expect(readUserData(Uint8Array.of(5, 0, 3))).toEqual({ ok: false, code: "user-data-header-malformed" });
    expect(readUserData(Uint8Array.of(3, 0, 9, 1))).toEqual({ ok: false, code: "user-data-header-malformed" });
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const read = readUserData(octets);
        if (read.ok) expect(read.payload.length).toBeLessThan(octets.length);
      }),
    );
  });
});
