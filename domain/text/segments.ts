import { countSeptets, type Encoding } from "./encoding.ts";
import { graphemeStartBefore } from "./grapheme.ts";
import { septetCost } from "./gsm-alphabet.ts";

/** What a message costs on the air. */
export interface SegmentCount {
  encoding: Encoding;
  /** Short messages the text takes: at least 1. */
  segments: number;
}

export type Segmentation =
  | (SegmentCount & { ok: true; parts: string[] })
  | (SegmentCount & { ok: false; code: "text-too-many-parts"; maxParts: number });

export interface SegmentOptions {
  /** 1..255; more parts than this are refused. Default 10. */
  maxParts?: number;
  /** Size of the concatenation reference: 8 bits (6 octets of header) or 16 bits (7 octets). Default 8. */
  referenceBits?: 8 | 16;
  /** `ucs2` also for a text that GSM would carry. Default: the cheaper one that carries the text. */
  encoding?: "ucs2";
}

export const DEFAULT_MAX_PARTS = 10;

/** Room in one short message of 140 octets (3GPP TS 23.040, 9.2.3.16): alone, and behind a concatenation header. */
const LIMITS = {
  gsm7: { single: 160, multi: { 8: 153, 16: 152 } },
  ucs2: { single: 70, multi: { 8: 67, 16: 66 } },
} as const;

/** Encoding and number of segments, without building the parts. Always equal to what `segmentText` would give. */
export function countSegments(text: string, referenceBits: 8 | 16 = 8): SegmentCount {
  const septets = countSeptets(text);
  if (septets < 0) return { encoding: "ucs2", segments: countUcs2(text, referenceBits) };
  return { encoding: "gsm7", segments: countGsm7(text, septets, referenceBits) };
}

/**
 * Splits a text into the parts of one concatenated message, as few as possible. An extension character stays with its
 * escape, and a surrogate pair stays whole; a grapheme (an emoji with its modifiers, a letter with its marks) is kept
 * whole where that costs no further part.
 */
export function segmentText(text: string, options: SegmentOptions = {}): Segmentation {
  const { maxParts = DEFAULT_MAX_PARTS, referenceBits = 8 } = options;
  const count: SegmentCount =
    options.encoding === "ucs2"
      ? { encoding: "ucs2", segments: countUcs2(text, referenceBits) }
      : countSegments(text, referenceBits);
  if (count.segments > maxParts) return { ok: false, code: "text-too-many-parts", maxParts, ...count };
  const { encoding } = count;
  if (count.segments === 1) return { ok: true, ...count, parts: [text] };
  const limit = LIMITS[encoding].multi[referenceBits];
  const parts: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = encoding === "gsm7" ? endOfGsm7Part(text, start, limit) : tidyEndOfUcs2Part(text, start, limit);
    parts.push(text.slice(start, end));
    start = end;
  }
  return { ok: true, ...count, parts };
}

function countGsm7(text: string, septets: number, referenceBits: 8 | 16): number {
  if (septets <= LIMITS.gsm7.single) return 1;
  const limit = LIMITS.gsm7.multi[referenceBits];
  // Without extension characters no cut can leave a septet unused.
  if (septets === text.length) return Math.ceil(septets / limit);
  let segments = 0;
  for (let start = 0; start < text.length; segments++) start = endOfGsm7Part(text, start, limit);
  return segments;
}

function countUcs2(text: string, referenceBits: 8 | 16): number {
  if (text.length <= LIMITS.ucs2.single) return 1;
  return countUcs2From(text, 0, LIMITS.ucs2.multi[referenceBits]);
}

function countUcs2From(text: string, from: number, limit: number): number {
  let segments = 0;
  for (let start = from; start < text.length; segments++) start = endOfUcs2Part(text, start, limit);
  return segments;
}

function endOfGsm7Part(text: string, start: number, limit: number): number {
  let septets = 0;
  for (let i = start; i < text.length; i++) {
    septets += septetCost[text.charCodeAt(i)] as number;
    if (septets > limit) return i;
  }
  return text.length;
}

function endOfUcs2Part(text: string, start: number, limit: number): number {
  const end = start + limit;
  if (end >= text.length) return text.length;
  const splitsPair = (text.charCodeAt(end) & 0xfc00) === 0xdc00 && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return splitsPair ? end - 1 : end;
}

/** Moves the end of a part back to the start of the grapheme it would cut, unless the rest then takes another part. */
function tidyEndOfUcs2Part(text: string, start: number, limit: number): number {
  const end = endOfUcs2Part(text, start, limit);
  const earlier = graphemeStartBefore(text, end);
  if (earlier === end || earlier <= start) return end;
  return countUcs2From(text, earlier, limit) === countUcs2From(text, end, limit) ? earlier : end;
}
