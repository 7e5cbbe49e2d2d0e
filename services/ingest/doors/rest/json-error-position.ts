/** Where a JSON text stops being one. */
export interface JsonErrorPosition {
  /** Characters before the error (UTF-16 units). */
  readonly position: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;
const [QUOTE, BACKSLASH, FIRST_PRINTABLE] = [0x22, 0x5c, 0x20];
const LITERAL = /true|false|null/y;

/**
 * Finds where a text that `JSON.parse` refused goes wrong (RFC 8259). V8 quotes the text in its message instead of naming
 * the place, and a body must not be quoted back. Only for the error path.
 * @returns undefined when the text is valid JSON.
 */
export function locateJsonError(text: string): JsonErrorPosition | undefined {
  const position = firstError(text);
  if (position < 0) return undefined;
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { position, line, column: position - lineStart + 1 };
}

/** An automaton with a stack of open brackets, so that depth costs memory and not the call stack. */
function firstError(text: string): number {
  const open: ("{" | "[")[] = [];
  let expect: "value" | "first-value" | "key" | "first-key" | "next" = "value";
  let at = skip(SPACE, text, 0);
  for (;;) {
    const char = text[at];
    if (expect === "next") {
      const top = open.at(-1);
      if (top === undefined) return at === text.length ? -1 : at;
      if (char === ",") expect = top === "{" ? "key" : "value";
      else if (char === (top === "{" ? "}" : "]")) open.pop();
      else return at;
      at++;
    } else if (expect === "first-value" && char === "]") {
      open.pop();
      expect = "next";
      at++;
    } else if (expect === "first-key" && char === "}") {
      open.pop();
      expect = "next";
      at++;
    } else if (expect === "key" || expect === "first-key") {
      if (char !== '"') return at;
      const end = endOfRun(text, at + 1);
      if (text[end] !== '"') return end;
      at = skip(SPACE, text, end + 1);
      if (text[at] !== ":") return at;
      at++;
      expect = "value";
    } else if (char === "{" || char === "[") {
      open.push(char);
      expect = char === "{" ? "first-key" : "first-value";
      at++;
    } else {
      const end = scalarEnd(text, at);
      if (end < 0) return ~end;
      at = end;
      expect = "next";
    }
    at = skip(SPACE, text, at);
  }
}

/** The end of a string, number or literal, or the complement of where it goes wrong. */
function scalarEnd(text: string, at: number): number {
  if (text[at] === '"') {
    const end = endOfRun(text, at + 1);
    return text[end] === '"' ? end + 1 : ~end;
  }
  const number = skip(NUMBER, text, at);
  if (number > at) return number;
  const literal = skip(LITERAL, text, at);
  return literal > at ? literal : ~at;
}

/** The closing quote of a string, or the first character that a string cannot have (RFC 8259, section 7). */
function endOfRun(text: string, from: number): number {
  for (let at = from; ; ) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) {
      const end = skip(ESCAPE, text, at);
      if (end === at) return at;
      at = end;
    } else if (unit === QUOTE || unit < FIRST_PRINTABLE || Number.isNaN(unit)) return at;
    else at++;
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
