/** A text as it is compared: small letters without accents, words of letters and digits with single blanks between them. */
export function plainWords(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("&", " and ")
    .replace(/[^\p{L}\p{N}*]+/gu, " ")
    .trim();
}

/** The alternatives of several groups (`a, b, c`), each with what it stands for. */
export function wordTable<Value>(groups: readonly (readonly [Value, string])[]): ReadonlyMap<string, Value> {
  return new Map(groups.flatMap(([value, words]) => words.split(",").map((word) => [plainWords(word), value])));
}
