import { extname } from "node:path";
import { parseArgs } from "node:util";
import { readDelimiter } from "../../../domain/upload/csv-begin.ts";
import { isUploadField } from "../../../domain/upload/upload-columns.ts";
import { understood } from "../arguments.ts";
import { UsageError } from "../command.ts";

export type FileFormat = "csv" | "ndjson";

/** What `sluice send` is to do. */
export type SendArguments =
  | {
      readonly what: "message";
      readonly message: Readonly<Record<string, unknown>>;
      /** Undefined: one is made. */
      readonly key: string | undefined;
      readonly tries: number;
    }
  | {
      readonly what: "file";
      readonly file: string;
      readonly format: FileFormat;
      /** Query of the upload: how the file is read. */
      readonly query: URLSearchParams;
      readonly results: string;
      readonly resume: boolean;
      /** Undefined: one is made. */
      readonly key: string | undefined;
      readonly tries: number;
      readonly json: boolean;
    };

const DEFAULT_TRIES = 10;
const FORMATS: Readonly<Record<string, FileFormat>> = {
  ...{ ".csv": "csv", ".tsv": "csv", ".txt": "csv" },
  ...{ ".ndjson": "ndjson", ".jsonl": "ndjson" },
};
const KEY = /^[ -~]{1,255}$/;
const OF_MESSAGES = [
  "to",
  "text",
  "from",
  "lane",
  "validity",
  "reference",
  "send-at",
  "metadata",
  "transliterate",
] as const;
const OF_FILES = ["format", "map", "set", "country", "delimiter", "results", "resume", "json"] as const;

/** @throws UsageError naming the argument */
export function readSendArguments(args: readonly string[]): SendArguments {
  const { values, positionals } = understood(() => parse(args));
  const tries = readTries(values.tries);
  if (values.key !== undefined && !KEY.test(values.key))
    throw new UsageError("--key: 1 to 255 printable ASCII characters");
  const common = { key: values.key, tries };
  const [file, ...others] = positionals;
  if (others.length > 0) throw new UsageError("one file");
  if (file === undefined) {
    refuse(values, OF_FILES, "is for a file");
    return { what: "message", message: readMessage(values), ...common };
  }
  refuse(values, OF_MESSAGES, "is for a single message; for a file there is --set <field>=<value>");
  const format = readFormat(file, values.format);
  const query = new URLSearchParams();
  for (const [option, given] of [
    ["map", values.map],
    ["set", values.set],
  ] as const)
    for (const [field, value] of (given ?? []).map((text) => readPair(option, text)))
      query.append(`${option}.${field}`, value);
  if (format === "ndjson" && query.size > 0) throw new UsageError("--map and --set are for CSV");
  if (values.country !== undefined) query.set("country", values.country);
  if (values.delimiter !== undefined) {
    if (readDelimiter(values.delimiter) === undefined)
      throw new UsageError(`--delimiter ${values.delimiter}: comma, semicolon or tab`);
    query.set("delimiter", values.delimiter);
  }
  return {
    ...{ what: "file", file, format, query, ...common },
    results: values.results ?? `${file}.results.ndjson`,
    resume: values.resume ?? false,
    json: values.json ?? false,
  };
}

type Values = ReturnType<typeof parse>["values"];

function refuse(values: Values, names: readonly (keyof Values)[], why: string): void {
  const given = names.find((name) => values[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given} ${why}`);
}

function readMessage(values: Values): Record<string, unknown> {
  const { to, text, "send-at": sendAt, validity, metadata, from, lane, reference, transliterate } = values;
  if (to === undefined || text === undefined) throw new UsageError("a message needs --to and --text; or name a file");
  const labels = Object.fromEntries((metadata ?? []).map((one) => readPair("metadata", one, false)));
  const given = { from, lane, reference, sendAt, transliterate };
  return {
    to,
    text,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(validity === undefined ? {} : { validity: /^\d+$/.test(validity) ? Number(validity) : validity }),
    ...(metadata === undefined ? {} : { metadata: labels }),
  };
}

function readPair(option: string, text: string, isField = true): [string, string] {
  const cut = text.indexOf("=");
  if (cut < 1) throw new UsageError(`--${option} ${text}: ${isField ? "<field>" : "<name>"}=<value> is needed`);
  const name = text.slice(0, cut);
  if (isField && !isUploadField(name)) throw new UsageError(`--${option} ${name}: a message has no such field`);
  return [name, text.slice(cut + 1)];
}

function readFormat(file: string, given: string | undefined): FileFormat {
  const format = given ?? FORMATS[extname(file).toLowerCase()];
  if (format === "csv" || format === "ndjson") return format;
  throw new UsageError(
    given === undefined ? `${file}: --format csv or --format ndjson?` : `--format ${given}: csv or ndjson`,
  );
}

function readTries(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TRIES;
  const tries = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (tries < 1) throw new UsageError(`--tries ${text}: 1 to 9999`);
  return tries;
}

function parse(args: readonly string[]) {
  const one = { type: "string" } as const;
  const many = { type: "string", multiple: true } as const;
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ to: one, text: one, from: one, lane: one, validity: one, reference: one, "send-at": one, metadata: many },
      ...{ format: one, map: many, set: many, country: one, delimiter: one, results: one, key: one, tries: one },
      ...{ transliterate: { type: "boolean" }, resume: { type: "boolean" }, json: { type: "boolean" } },
    },
  });
}
