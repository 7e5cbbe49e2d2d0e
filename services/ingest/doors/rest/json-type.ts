/** Whether a Content-Type says JSON in UTF-8; else what is wrong with it, for the client. */
export type JsonType = { ok: true } | { ok: false; detail: string };

const OK: JsonType = { ok: true };
/** How UTF-8 is named: the IANA name and aliases, and those that clients write (WHATWG Encoding; Python's utf_8). */
const UTF8_NAMES = new Set(["utf-8", "utf8", "utf_8", "csutf8", "unicode-1-1-utf-8"]);
const JSON_TYPE = /^application\/(?:json|[!#$%&'*+.^_`|~\w-]+\+json)$/i;
/** RFC 9110, 5.6.6: a name and a token or a quoted string; empty parameters (`;;`, a last `;`) are allowed. */
const PARAMETER = /;[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))[ \t]*)?/y;
/** Of a charset's name in an answer. */
const MAX_SHOWN = 40;

/**
 * Reads a Content-Type header. JSON is UTF-8 between systems (RFC 8259, 8.1), and its type has no charset parameter (11);
 * many clients write one all the same, in many spellings. Parameters of other names do not matter.
 */
export function readJsonType(header: string | undefined): JsonType {
  if (header === undefined || header === "") return wrong("there is no Content-Type");
  const semicolon = header.indexOf(";");
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim();
  if (!JSON_TYPE.test(type)) return wrong(`the type ${shown(type)} is not JSON`);
  return semicolon < 0 ? OK : readParameters(header, semicolon);
}

function readParameters(header: string, from: number): JsonType {
  PARAMETER.lastIndex = from;
  while (PARAMETER.lastIndex < header.length) {
    const found = PARAMETER.exec(header);
    if (found === null) return wrong("the parameters of the Content-Type are not of the form name=value");
    const [, name, quoted, token] = found;
    if (name?.toLowerCase() !== "charset") continue;
    const charset = (quoted?.replace(/\\(.)/g, "$1") ?? token ?? "").trim().replace(/^'(.*)'$/, "$1");
    if (!UTF8_NAMES.has(charset.toLowerCase())) return wrong(`the charset ${shown(charset)} is not UTF-8`);
  }
  return OK;
}

function shown(value: string): string {
  return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
}

function wrong(what: string): JsonType {
  return { ok: false, detail: `${what}; send JSON in UTF-8 and say so: Content-Type: application/json` };
}
