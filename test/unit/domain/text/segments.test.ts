import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countSeptets, encodePart } from "../../../../domain/text/encoding.ts";
import { countSegments, segmentText } from "../../../../domain/text/segments.ts";
import { gsmText, ucs2Text } from "./texts.ts";

const many = { maxParts: 255 };

function partsOf(text: string, referenceBits: 8 | 16 = 8): string[] {
  const result = segmentText(text, { ...many, referenceBits });
  if (!result.ok) throw new Error(result.code);
  return result.parts;
}

/** Fewest parts by the plainest reading of the standard: whole characters, first fit. */
function naiveCount(text: string, referenceBits: 8 | 16): number {
  const gsm = countSeptets(text) >= 0;
  const size = (character: string) => (gsm ? countSeptets(character) : character.length);
  const total = [...text].reduce((sum, character) => sum + size(character), 0);
  if (total <= (gsm ? 160 : 70)) return 1;
  const limit = (gsm ? 153 : 67) - (referenceBits === 16 ? 1 : 0);
  let parts = 1;
  let used = 0;
  for (const character of text) {
    if (used + size(character) > limit) {
      parts++;
      used = 0;
    }
    used += size(character);
  }
  return parts;
}

describe("countSegments", () => {
  it("knows the limits of one and of several parts", () => {
    const count = (text: string) => countSegments(text).segments;
    expect(count("")).toBe(1);
    expect([count("a".repeat(160)), count("a".repeat(161)), count("a".repeat(306)), count("a".repeat(307))]).toEqual([
      1, 2, 2, 3,
    ]);
    expect([count("я".repeat(70)), count("я".repeat(71)), count("я".repeat(134)), count("я".repeat(135))]).toEqual([
      1, 2, 2, 3,
    ]);
    expect([count("€".repeat(80)), count("€".repeat(81)), count("€".repeat(152)), count("€".repeat(153))]).toEqual([
      1, 2, 2, 3,
    ]);
    expect([count("👋".repeat(35)), count("👋".repeat(36)), count("👋".repeat(66)), count("👋".repeat(67))]).toEqual([
      1, 2, 2, 3,
    ]);
    expect(countSegments("a".repeat(306), 16).segments).toBe(3);
  });

  it("equals the naive count and the number of parts", () => {
    fc.assert(
      fc.property(fc.oneof(gsmText, ucs2Text), fc.constantFrom<8 | 16>(8, 16), (text, bits) => {
        const { segments } = countSegments(text, bits);
        expect(segments).toBe(naiveCount(text, bits));
        fc.pre(segments <= 255);
        expect(partsOf(text, bits)).toHaveLength(segments);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("segmentText", () => {
  it("loses nothing, fits the air, and cuts no pair", () => {
    fc.assert(
      fc.property(fc.oneof(gsmText, ucs2Text), fc.constantFrom<8 | 16>(8, 16), (text, bits) => {
        const { encoding, segments } = countSegments(text, bits);
        fc.pre(segments <= 255);
        const parts = partsOf(text, bits);
        expect(parts.join("")).toBe(text);
        for (const part of parts) {
          const limit = encoding === "gsm7" ? 153 : 134;
          const header = bits === 16 ? (encoding === "gsm7" ? 1 : 2) : 0;
          if (segments > 1) expect(encodePart(part, encoding).length).toBeLessThanOrEqual(limit - header);
        }
        for (let i = 1; i < parts.length; i++) {
          const cutsPair =
            /[\ud800-\udbff]$/.test(parts[i - 1] as string) && /^[\udc00-\udfff]/.test(parts[i] as string);
          expect(cutsPair).toBe(false);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("moves an extension character whole into the next part", () => {
    expect(partsOf(`${"a".repeat(152)}€${"b".repeat(20)}`)).toEqual(["a".repeat(152), `€${"b".repeat(20)}`]);
  });

  it("keeps a grapheme whole where that is free, and cuts it where it would cost a part", () => {
    const family = "👩‍👩‍👧‍👦";
    expect(partsOf(`${"ж".repeat(60)}${family}${"ж".repeat(20)}`)).toEqual(["ж".repeat(60), family + "ж".repeat(20)]);
    const full = `${"ж".repeat(59)}${family}${"ж".repeat(64)}`;
    expect(full).toHaveLength(134);
    expect(partsOf(full).map((part) => part.length)).toEqual([67, 67]);
    expect(partsOf(`${"ж".repeat(66)}e\u0301${"ж".repeat(20)}`)[1]).toBe(`e\u0301${"ж".repeat(20)}`);
  });

  it("answers with the count when there are too many parts", () => {
    expect(segmentText("a".repeat(1531))).toEqual({
      ok: false,
      code: "text-too-many-parts",
      encoding: "gsm7",
      segments: 11,
      maxParts: 10,
    });
    expect(segmentText("a".repeat(1530))).toMatchObject({ ok: true, segments: 10 });
    expect(segmentText("a".repeat(161), { maxParts: 1 })).toMatchObject({ ok: false, segments: 2 });
  });
});
