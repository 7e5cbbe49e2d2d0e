import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Alias, type Document, isNode, LineCounter, parseDocument, visit } from "yaml";
import { ZodError } from "zod";
import { SluiceError } from "../errors/sluice-error.ts";
import { explainYaml } from "./yaml-errors.ts";

/** A YAML 1.2 file, read. */
export interface YamlFile {
  readonly value: unknown;
  /** Where a value stands, or its nearest parent that does: `line 3, column 5`. */
  readonly where: (keys: readonly PropertyKey[]) => string;
}

/**
 * Reads a YAML 1.2 file and hands its value to `parse` (a zod schema's `.parse`, or any function that throws).
 * @throws SluiceError `CONFIG_INVALID`, naming the file and, for each problem, its line and column.
 */
export function loadYamlFile<Value>(path: string, parse: (value: unknown) => Value): Value {
  return parseYaml(path, readText(path), parse);
}

/** Reads the files of a folder one by one, for `loadCatalog`; an optional one that is not there is empty. @throws as {@link loadYamlFile} */
export function configFolder(folder: string) {
  return {
    yaml: (file: string, optional = false): YamlFile => {
      const path = join(folder, file);
      return openYaml(path, optional && !existsSync(path) ? "" : readText(path));
    },
    octets: (file: string): Uint8Array => readOctets(join(folder, file)),
    names: (): string[] => readdirSync(folder),
  };
}

/** As {@link loadYamlFile}, on text that is at hand already; `path` serves the messages only. */
export function parseYaml<Value>(path: string, source: string, parse: (value: unknown) => Value): Value {
  const file = openYaml(path, source);
  try {
    return parse(file.value);
  } catch (cause) {
    if (!(cause instanceof ZodError)) throw invalid(path, [(cause as Error).message], cause);
    const problems = cause.issues.map((issue) => {
      const name = issue.path.join(".") || "(top level)";
      return `${file.where(issue.path)}: ${name}: ${issue.message}`;
    });
    throw invalid(path, problems, cause);
  }
}

/** Reads YAML as a value with places. Anchors and `<<` are carried out. @throws SluiceError `CONFIG_INVALID` */
export function openYaml(path: string, source: string): YamlFile {
  const lines = new LineCounter();
  // A byte order mark would be taken for text, and the carriage returns of old systems for none.
  const text = source.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  const faults = explainYaml(document, text);
  if (faults.length > 0) {
    const problems = faults.map(({ offset, message }) => `${at(offset)}: ${message}`);
    throw invalid(path, problems, document.errors[0]);
  }
  const lost = aliasWithoutAnchor(document);
  if (lost !== undefined) {
    const message = `no anchor &${lost.source} stands before this; a text that begins with * must be in quotes`;
    throw invalid(path, [`${at(lost.range?.[0] ?? 0)}: ${message}`], undefined);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(path, [(cause as Error).message], cause);
  }
  const where = (keys: readonly PropertyKey[]): string => {
    // A missing key has no node of its own: point at the nearest parent that exists.
    for (let depth = keys.length; depth >= 0; depth--) {
      const node = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return "line 1";
  };
  return { value, where };
}

function aliasWithoutAnchor(document: Document.Parsed): Alias | undefined {
  let lost: Alias | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      lost = alias;
      return visit.BREAK;
    },
  });
  return lost;
}

function readOctets(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw invalid(path, [`cannot be read: ${(cause as Error).message}; check the path and its permissions`], cause);
  }
}

/** The text of a file in UTF-8. */
function readText(path: string): string {
  const octets = readOctets(path);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
    if (!text.includes("\0")) return text;
  } catch {
    // Told below, as for the NULs of UTF-16.
  }
  throw invalid(path, ["is not text in UTF-8 (it may be UTF-16 or Latin-1): save it as UTF-8"], undefined);
}

function invalid(path: string, problems: readonly string[], cause: unknown): SluiceError {
  const message = problems.length === 1 ? `${path}: ${problems[0]}` : `${path}:\n  ${problems.join("\n  ")}`;
  return new SluiceError(message, { code: "CONFIG_INVALID", cause });
}
