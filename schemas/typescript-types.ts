import { type AvroEnum, type AvroLeaf, type AvroRecord, type AvroSchema, isUnion } from "./avro-schema.ts";

/** TypeScript declarations, as source text, of all records and enums of the contracts, sorted by name. */
export function typescriptTypes(contracts: ReadonlyMap<string, AvroRecord>): string {
  const declarations = new Map<string, string>();
  const declare = (name: string, text: string): void => {
    const earlier = declarations.get(name);
    if (earlier !== undefined && earlier !== text) throw new Error(`${name} is defined twice, differently`);
    declarations.set(name, text);
  };
  for (const record of contracts.values()) {
    for (const found of enums(record)) declare(found.name, enumType(found));
    declare(record.name, recordType(record));
  }
  const sorted = [...declarations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return `${HEAD}\n${sorted.join("\n")}`;
}

const HEAD = `// Generated from schemas/*.avsc by "node schemas/generate.ts"; do not edit.
// Times are epoch milliseconds. Money is a whole number of millionths: 7500 is 0.0075.
`;

function recordType(record: AvroRecord): string {
  const fields = record.fields.map(
    (field) => `${comment(field.doc, "  ")}  readonly ${field.name}: ${typeOf(field.type)};\n`,
  );
  return `${comment(record.doc, "")}export interface ${record.name} {\n${fields.join("")}}\n`;
}

function enumType(schema: AvroEnum): string {
  const symbols = schema.symbols.map((symbol) => JSON.stringify(symbol)).join(" | ");
  return `${comment(schema.doc, "")}export type ${schema.name} = ${symbols};\n`;
}

function comment(doc: string | undefined, indent: string): string {
  return doc === undefined ? "" : `${indent}/** ${doc.replaceAll("*/", "* /")} */\n`;
}

function typeOf(schema: AvroSchema): string {
  if (typeof schema === "string") return PRIMITIVES[schema] ?? schema;
  if (isUnion(schema)) {
    const branches = schema.map(typeOf);
    return [...branches.filter((branch) => branch !== "null"), ...branches.filter((branch) => branch === "null")].join(
      " | ",
    );
  }
  switch (schema.type) {
    case "record":
    case "enum":
      return schema.name;
    case "array":
      return `readonly ${parenthesised(typeOf(schema.items))}[]`;
    case "map":
      return `Readonly<Record<string, ${typeOf(schema.values)}>>`;
    default:
      return leafType(schema);
  }
}

/** Only the conversions that the codec makes; another logical type would reach services unconverted. */
function leafType(schema: AvroLeaf): string {
  const logical = schema.logicalType === undefined ? schema.type : `${schema.type}:${schema.logicalType}`;
  const type = PRIMITIVES[logical];
  if (type === undefined) throw new Error(`no TypeScript type for ${JSON.stringify(schema)}`);
  return type;
}

function parenthesised(type: string): string {
  return type.includes(" | ") ? `(${type})` : type;
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "boolean",
  int: "number",
  long: "number",
  float: "number",
  double: "number",
  string: "string",
  bytes: "Buffer",
  "long:timestamp-millis": "number",
  "bytes:decimal": "number",
};

function enums(schema: AvroSchema): AvroEnum[] {
  if (typeof schema === "string") return [];
  if (isUnion(schema)) return schema.flatMap(enums);
  switch (schema.type) {
    case "record":
      return schema.fields.flatMap((field) => enums(field.type));
    case "enum":
      return [schema];
    case "array":
      return enums(schema.items);
    case "map":
      return enums(schema.values);
    default:
      return [];
  }
}
