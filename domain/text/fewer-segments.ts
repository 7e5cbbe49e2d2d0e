import { countSegments, type SegmentCount } from "./segments.ts";
import { type OutsideGsm, outsideGsm, transliterate } from "./transliterate.ts";

/** A text as it is sent. */
export interface SentText extends SegmentCount {
  readonly text: string;
  /** Segments that the text as it was given would take beyond these; 0: it is sent as it was given. */
  readonly segmentsSaved: number;
}

/** Why a text takes UCS-2: the first character that the GSM alphabet lacks. */
export interface Ucs2Cause extends OutsideGsm {
  /** Segments that the message would take if plain characters might stand in; absent where that saves none. */
  readonly segmentsTransliterated?: number;
}

/** The text in plain characters where that takes fewer segments; otherwise as it was given. */
export function inFewerSegments(text: string): SentText {
  const given = countSegments(text);
  const plain = given.encoding === "ucs2" ? transliterate(text) : undefined;
  const counted = plain === undefined ? given : countSegments(plain);
  if (plain === undefined || counted.segments >= given.segments) return { text, ...given, segmentsSaved: 0 };
  return { text: plain, ...counted, segmentsSaved: given.segments - counted.segments };
}

/** Undefined for a text of the GSM alphabet. */
export function ucs2Cause(text: string): Ucs2Cause | undefined {
  const cause = outsideGsm(text);
  if (cause === undefined) return undefined;
  const { segments, segmentsSaved } = inFewerSegments(text);
  return segmentsSaved > 0 ? { ...cause, segmentsTransliterated: segments } : cause;
}
