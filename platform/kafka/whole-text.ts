/**
 * The same text as one piece. V8 keeps a text that was put together as a tree of its pieces (a rope), also as the key of a map, and only makes one of it
 * when somebody reads it: an id with a number behind it takes twice the room. For what is remembered by the ten thousand. Takes about half a microsecond.
 */
export function wholeText(text: string): string {
  const whole = Buffer.from(text, "utf8").toString("utf8");
  // Halves of surrogate pairs have no form in UTF-8.
  return whole === text ? whole : text;
}
