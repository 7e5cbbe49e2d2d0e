/** Without the characters at its end that `one` matches. A pattern for all of them would begin anew at each. */
export function withoutEnd(text: string, one: RegExp): string {
  let end = text.length;
  while (end > 0) {
    const size = end > 1 && text.codePointAt(end - 2)! > 0xffff ? 2 : 1;
    if (!one.test(text.slice(end - size, end))) break;
    end -= size;
  }
  return text.slice(0, end);
}
