import { readFileSync } from "node:fs";
import { isNode, LineCounter, parseDocument } from "yaml";
import { ZodError } from "zod";
import { SluiceError } from "../errors/sluice-error.ts";

/**
 * Reads a YAML 1.2 file and hands its value to `parse` (a zod schema's `.parse`, or any function that throws).
 * @throws SluiceError `CONFIG_INVALID`, naming the file and, for each problem, its line and column.
 */
export function loadYamlFile<Value>(path: string, parse: (value: unknown) => Value): Value {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(path, [`cannot be read: ${(cause as Error).message}; check the path and its permissions`], cause);
  }
  return parseYaml(path, source, parse);
}

/** As {@link loadYamlFile}, on text that is at hand already; `path` serves the messages only. */
export function parseYaml<Value>(path: string, source: string, parse: (value: unknown) => Value): Value {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  if (document.errors.length > 0) {
    throw invalid(
      path,
      document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`),
      document.errors[0],
    );
  }
  try {
    return parse(document.toJS({ maxAliasCount: 100 }));
  } catch (cause) {
    if (!(cause instanceof ZodError)) throw invalid(path, [(cause as Error).message], cause);
    const problems = cause.issues.map((issue) => {
      // A missing key has no node of its own: point at the nearest parent that exists.
      for (let depth = issue.path.length; depth >= 0; depth--) {
        const node = depth === 0 ? document.contents : document.getIn(issue.path.slice(0, depth), true);
        if (isNode(node) && node.range) {
          return `${at(node.range[0])}: ${issue.path.join(".") || "(top level)"}: ${issue.message}`;
        }
      }
      return `${issue.path.join(".") || "(top level)"}: ${issue.message}`;
    });
    throw invalid(path, problems, cause);
  }
}

function invalid(path: string, problems: readonly string[], cause: unknown): SluiceError {
  const message = problems.length === 1 ? `${path}: ${problems[0]}` : `${path}:\n  ${problems.join("\n  ")}`;
  return new SluiceError(message, { code: "CONFIG_INVALID", cause });
}
