/** Which column of a CSV file is which field of a message: by its name, by a mapping, or by a text with columns in it. */

import { METADATA_KEY } from "../message/validation.ts";
import { LONGEST_RECORD } from "./csv-begin.ts";

/** What of a message a cell can give; metadata has a name of its own: `metadata.campaign`. */
const FIELDS = [
  ...["to", "from", "text", "transliterate", "lane", "validity", "sendAt", "reference", "callbackUrl"],
  ...["id", "idempotencyKey"],
] as const;
const METADATA = "metadata.";
const FIELD_OF_NAME: ReadonlyMap<string, string> = new Map(FIELDS.map((field) => [field.toLowerCase(), field]));

export interface ColumnTerms {
  /** The column of a field, by its name in the header; empty: of none. */
  readonly map: ReadonlyMap<string, string>;
  /** What a field is in each line, with `{{column}}` or `{{column|for an empty cell}}` in it. */
  readonly set: ReadonlyMap<string, string>;
}

export interface ColumnProblem {
  /** As in the request: `map.to`, `set.text`; `header` where it is the file's. */
  readonly field: string;
  readonly message: string;
}

/** How cells become a message. */
export interface UploadColumns {
  /** The column that each field is read from, as the header writes it. */
  readonly read: Readonly<Record<string, string>>;
  /** Columns that nothing is read from. */
  readonly unread: readonly string[];
  /** The message of a line, or which cell it lacks. */
  message(cells: readonly string[]): Record<string, unknown> | ColumnProblem;
}

/** Whether a field can be mapped or set. */
export function isUploadField(field: string): boolean {
  return FIELD_OF_NAME.get(field.toLowerCase()) === field || isMetadata(field);
}

function isMetadata(field: string): boolean {
  return field.startsWith(METADATA) && METADATA_KEY.test(field.slice(METADATA.length));
}

type Part = string | { readonly column: number; readonly name: string; readonly otherwise: string | undefined };
type Source = number | readonly Part[];

const PLACE = /\{\{([^{}|]*)(?:\|([^{}]*))?\}\}/g;

/** Names are compared without regard to case, and to blanks around them. Of two columns of one name none is the right one. */
export function uploadColumns(
  header: readonly string[],
  terms: ColumnTerms,
): UploadColumns | { readonly problems: readonly ColumnProblem[] } {
  const problems: ColumnProblem[] = [];
  const places = new Map<string, number[]>();
  for (const [place, name] of header.entries()) {
    const known = places.get(nameOf(name));
    if (known === undefined) places.set(nameOf(name), [place]);
    else known.push(place);
  }
  const find = (field: string, column: string): number | undefined => {
    const found = places.get(nameOf(column)) ?? [];
    if (found.length === 1) return found[0];
    const message =
      found.length === 0 ? "the header has no such column" : `the header has ${found.length} such columns`;
    problems.push({ field, message: `${JSON.stringify(column.slice(0, 64))}: ${message}` });
    return undefined;
  };
  const sources = new Map<string, Source>();
  for (const [field, column] of terms.map) {
    if (terms.set.has(field)) problems.push({ field: `set.${field}`, message: "map or set a field, not both" });
    const place = column === "" ? undefined : find(`map.${field}`, column);
    if (place !== undefined) sources.set(field, place);
  }
  for (const [field, text] of terms.set)
    sources.set(
      field,
      partsOf(text, (column) => find(`set.${field}`, column)),
    );
  for (const name of header) {
    const field = fieldOf(name);
    if (field === undefined || sources.has(field) || terms.map.has(field)) continue;
    const place = find("header", name);
    if (place !== undefined) sources.set(field, place);
  }
  // What is asked for and not there says enough.
  const lacking = problems.length > 0 ? [] : ["to", "text"].filter((field) => !sources.has(field));
  for (const field of lacking) {
    const message = `no column is the message's ${field}: name it with map.${field}=<column>, or give it with set.${field}`;
    problems.push({ field: "header", message });
  }
  return problems.length > 0 ? { problems } : columnsOf(header, sources);
}

function columnsOf(header: readonly string[], sources: ReadonlyMap<string, Source>): UploadColumns {
  const read: Record<string, string> = {};
  const used = new Set<number>();
  for (const [field, source] of sources) {
    if (typeof source === "number") {
      read[field] = header[source]!;
      used.add(source);
    } else for (const part of source) if (typeof part !== "string") used.add(part.column);
  }
  return {
    read,
    unread: header.filter((_, place) => !used.has(place)),
    message(cells) {
      if (cells.length > header.length && cells.slice(header.length).some((cell) => cell.trim() !== ""))
        return { field: "", message: `${cells.length} cells, and the header has ${header.length}` };
      const message: Record<string, unknown> = {};
      let size = 0;
      for (const [field, source] of sources) {
        const value = typeof source === "number" ? (cells[source] ?? "") : fill(source, cells);
        if (typeof value !== "string") return { field, message: value.lacks };
        // A cell may stand in a text, and in several, any number of times.
        size += value.length;
        if (size > LONGEST_RECORD)
          return { field, message: `the line's fields come to more than ${LONGEST_RECORD} characters` };
        if (value.trim() !== "") put(message, field, value);
      }
      return message;
    },
  };
}

/** A cell that a text needs is not left out of it. */
function fill(parts: readonly Part[], cells: readonly string[]): string | { readonly lacks: string } {
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      const cell = (cells[part.column] ?? "").trim();
      if (cell === "" && part.otherwise === undefined)
        return {
          lacks: `the cell of ${JSON.stringify(part.name)} is empty; {{${part.name}|…}} says what stands there then`,
        };
      text += cell === "" ? part.otherwise : cell;
    }
  }
  return text;
}

/** Cells are texts; what is no number or no truth value goes to the schema as it is, which says what is wrong. */
function put(message: Record<string, unknown>, field: string, value: string): void {
  const bare = value.trim();
  if (field.startsWith(METADATA)) {
    message.metadata ??= {};
    (message.metadata as Record<string, string>)[field.slice(METADATA.length)] = bare;
  } else if (field === "validity") message[field] = /^\d{1,9}$/.test(bare) ? Number(bare) : bare;
  else if (field === "transliterate") message[field] = TRUTH[bare.toLowerCase()] ?? bare;
  else message[field] = field === "text" ? value : bare;
}

const TRUTH: Readonly<Record<string, boolean>> = { true: true, false: false };

function partsOf(text: string, find: (column: string) => number | undefined): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: whole, 1: name = "", 2: otherwise, index } of text.matchAll(PLACE)) {
    if (index > end) parts.push(text.slice(end, index));
    const column = find(name.trim());
    if (column !== undefined) parts.push({ column, name: name.trim(), otherwise });
    end = index + whole.length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

function fieldOf(name: string): string | undefined {
  const bare = name.trim();
  if (bare.toLowerCase().startsWith(METADATA)) {
    const field = METADATA + bare.slice(METADATA.length);
    return isMetadata(field) ? field : undefined;
  }
  return FIELD_OF_NAME.get(bare.toLowerCase());
}

function nameOf(name: string): string {
  return name.trim().toLowerCase();
}
