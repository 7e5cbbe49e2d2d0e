/** Texts made comparable, for rules about content: what is written in two ways and reads as one becomes one. */

const ASCII = /^[\0-\x7f]*$/;
/** Nothing is seen of them: blanks without width, soft hyphens, variation selectors, fillers. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;
/** Unseen as well; in some scripts they make another word, and another domain, of one. */
const JOINERS = /\p{Join_Control}/gu;
const UNSEEN_BUT_JOINERS = /(?!\p{Join_Control})\p{Default_Ignorable_Code_Point}/gu;
/** Strokes, dots and lines put over or under any letter. What belongs to a letter, such as an accent, NFKC has made one with it. */
const LOOSE_MARKS = /\p{Script=Inherited}+/gu;

/** One width, one form of each letter (NFKC), and nothing that is not seen except joiners. */
export function plainText(text: string): string {
  if (ASCII.test(text)) return text;
  const composed = text.normalize("NFKC");
  const seen = composed.replace(UNSEEN_BUT_JOINERS, "");
  // What was kept apart by something unseen is composed now.
  return seen.length === composed.length ? seen : seen.normalize("NFKC");
}

export function withoutJoiners(text: string): string {
  return text.replace(JOINERS, "");
}

/** For comparing words: plain, without case, joiners and marks that belong to no letter. "ß" is "ss", a final sigma is a sigma. */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const cased = plainText(text).toUpperCase().toLowerCase().replaceAll("ς", "σ");
  return cased.normalize("NFKC").replace(UNSEEN, "").replace(LOOSE_MARKS, "");
}
