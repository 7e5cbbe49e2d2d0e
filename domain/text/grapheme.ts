const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Code points that attach to what stands before them: marks, joiners, variation selectors, modifiers, flag halves. */
const ATTACHES = /^(?:\p{M}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|[\uff9e\uff9f]|[\u{e0020}-\u{e007f}])/u;
const ZERO_WIDTH_JOINER = 0x200d;
/** Graphemes longer than this are cut anyway; it bounds the text that the segmenter is given. */
const LOOK_BACK = 64;

/**
 * The start of the grapheme that a cut at `at` (a UTF-16 index) would split, or `at` itself if it splits none. The
 * segmenter runs only where the character at the cut could belong to the one before it.
 */
export function graphemeStartBefore(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return at;
  const joined = text.charCodeAt(at - 1) === ZERO_WIDTH_JOINER;
  if (!joined && !ATTACHES.test(text.slice(at, at + 2))) return at;
  const from = Math.max(0, at - LOOK_BACK);
  const grapheme = graphemes.segment(text.slice(from, at + LOOK_BACK)).containing(at - from);
  return grapheme === undefined || grapheme.index === 0 ? at : from + grapheme.index;
}
