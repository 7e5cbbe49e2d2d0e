/** Control characters but for line breaks and tabs, and those that turn the direction of writing: a terminal would obey them. */
const UNSAFE = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Text for a terminal. What stands in price lists, notes and names was written by others, and is shown instead of carried out. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSAFE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}
