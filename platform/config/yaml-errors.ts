import type { Document, YAMLError } from "yaml";

/** One thing wrong with the text of a YAML file, at an offset into it. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/** One mistake makes the parser stumble over much that follows. */
const MAX_FAULTS = 5;

/** What is wrong with a file's YAML, in words that say what to do; empty when it can be used. One fault a line. */
export function explainYaml(document: Document.Parsed, text: string): YamlFault[] {
  const { yaml } = document.directives;
  if (yaml.explicit && yaml.version !== "1.2") {
    const message = `YAML ${yaml.version} reads NO, no, yes and on as truth values, and 010 as 8: take the %YAML line away`;
    return [{ offset: 0, message }];
  }
  const faults = new Map<number, YamlFault>();
  for (const error of [...document.errors, ...document.warnings]) {
    const begin = text.lastIndexOf("\n", error.pos[0] - 1) + 1;
    if (!faults.has(begin)) faults.set(begin, faultOf(error, text, begin));
  }
  return [...faults.values()].sort((a, b) => a.offset - b.offset).slice(0, MAX_FAULTS);
}

function faultOf(error: YAMLError, text: string, begin: number): YamlFault {
  const [offset] = error.pos;
  const lineEnd = text.indexOf("\n", begin);
  const line = text.slice(begin, lineEnd < 0 ? text.length : lineEnd);
  const tab = /^[ -]*\t/.exec(line);
  if (tab !== null)
    return {
      offset: begin + tab[0].length - 1,
      message: "a tab stands where YAML takes only blanks: indent with blanks",
    };
  return { offset, message: `${error.message}${hintFor(error, text.slice(offset, offset + 60))}` };
}

function hintFor({ code }: YAMLError, there: string): string {
  const word = /^[^\s:,}]+/.exec(there)?.[0] ?? "";
  switch (code) {
    case "DUPLICATE_KEY":
      return `: ${word} stands twice in this entry; take one of the two away`;
    case "MULTIPLE_DOCS":
      return ": one file is one document; take the line --- away";
    case "BAD_SCALAR_START":
    case "TAG_RESOLVE_FAILED":
      return ": put the value in quotes";
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
    case "UNEXPECTED_TOKEN":
      return ": a text with a colon and a blank must stand in quotes, and the lines of one entry begin in one column";
    case "MISSING_CHAR":
      return ": check the quotes, brackets and the indentation of this line and the one before";
    default:
      return "";
  }
}
