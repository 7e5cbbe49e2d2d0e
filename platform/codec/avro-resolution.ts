// Longer than most files: one table of rules (specification, "Schema Resolution") is easier to check in one place.

import type { AvroCursor } from "./avro-cursor.ts";
import { type FieldNode, type RecordNode, type SchemaNode, type UnionNode, unqualified } from "./avro-schema.ts";
import { bytesToDecimal, DECIMAL_SCALE } from "./decimal.ts";

/** Reads one value that the writer's schema wrote, as the reader's schema has it. @throws RangeError when it cannot. */
export type ReadValue = (cursor: AvroCursor) => unknown;

/** Why no record of a schema can be read, for whoever wrote them. */
export class SchemaMismatch extends Error {
  readonly code = "SCHEMA_MISMATCH";
}

/** Stands for a null where the reader has none and the field has a default. */
const DEFAULT = Symbol("default");

/** Ticks in a millisecond. */
const INSTANTS: ReadonlyMap<string, number> = new Map([
  ["timestamp-millis", 1],
  ["timestamp-micros", 1_000],
  ["timestamp-nanos", 1_000_000],
]);

/**
 * How to read, as one record, what a writer with another schema wrote (Avro 1.12 specification, "Schema Resolution"): names without
 * namespaces, fields by name or alias, unions by the branch that was written, promotions. Beyond that: a null where the reader has
 * none takes the field's default; an enum is a text; a timestamp of another unit is converted.
 * @throws SchemaMismatch naming every field that cannot be read.
 */
export function resolve(writer: SchemaNode, reader: RecordNode): ReadValue {
  const wanted = [reader.name, ...reader.aliases].map(unqualified);
  if (writer.kind !== "record")
    throw new SchemaMismatch(`it is ${nameOf(writer)}, and a record ${wanted[0]} is needed`);
  if (!wanted.includes(unqualified(writer.name)))
    throw new SchemaMismatch(`the record must be named ${wanted[0]}, in any namespace`);
  return new Resolution().record(writer, reader, "");
}

class Resolution {
  /** Types may hold themselves. */
  private readonly known = new Map<SchemaNode, Map<SchemaNode, { read: ReadValue }>>();
  private readonly skips = new Map<SchemaNode, { read: ReadValue }>();

  value(writer: SchemaNode, reader: SchemaNode, path: string): ReadValue {
    if (writer.kind === "union") return this.written(writer, reader, path);
    if (reader.kind === "union") return this.intoUnion(writer, reader, path);
    if (writer.kind === "record" && reader.kind === "record") return this.record(writer, reader, path);
    if (writer.kind === "array" && reader.kind === "array")
      return arrayOf(this.value(writer.items, reader.items, `${path}[]`));
    if (writer.kind === "map" && reader.kind === "map")
      return mapOf(this.value(writer.values, reader.values, `${path}{}`));
    return scalar(writer, reader, path);
  }

  record(writer: RecordNode, reader: RecordNode, path: string): ReadValue {
    const of = this.known.get(writer) ?? new Map<SchemaNode, { read: ReadValue }>();
    this.known.set(writer, of);
    const before = of.get(reader);
    if (before !== undefined) return (cursor) => before.read(cursor);
    const slot: { read: ReadValue } = { read: unfinished };
    of.set(reader, slot);
    slot.read = this.fields(writer, reader, path === "" ? "" : `${path}.`);
    return slot.read;
  }

  private fields(writer: RecordNode, reader: RecordNode, prefix: string): ReadValue {
    const wrong: string[] = [];
    const steps = writer.fields.map(
      (): { name: string | undefined; read: ReadValue; fallback: () => unknown } | undefined => undefined,
    );
    const missing: { name: string; fallback: () => unknown }[] = [];
    for (const field of reader.fields) {
      const { name, fallback } = field;
      const at = writerOf(field, writer.fields);
      if (at < 0) {
        if (fallback === undefined) wrong.push(`no field ${prefix}${name}`);
        else missing.push({ name, fallback: copyOf(fallback) });
        continue;
      }
      try {
        const type = fallback === undefined ? field.type : withDefault(field.type);
        const read = this.value(writer.fields[at]!.type, type, `${prefix}${name}`);
        steps[at] = { name, read, fallback: copyOf(fallback) };
      } catch (error) {
        if (!(error instanceof SchemaMismatch)) throw error;
        wrong.push(error.message);
      }
    }
    if (wrong.length > 0) throw new SchemaMismatch(wrong.join("; "));
    const plan = steps.map(
      (step, at) => step ?? { name: undefined, read: this.skip(writer.fields[at]!.type), fallback: nothing },
    );
    return (cursor) => {
      cursor.spend(1);
      const record: Record<string, unknown> = {};
      for (const { name, read, fallback } of plan) {
        const value = read(cursor);
        if (name !== undefined) record[name] = value === DEFAULT ? fallback() : value;
      }
      for (const { name, fallback } of missing) record[name] = fallback();
      return record;
    };
  }

  /** Only the branch that was written needs to fit. */
  private written({ branches }: UnionNode, reader: SchemaNode, path: string): ReadValue {
    const wrong: string[] = [];
    const reads = branches.map((branch): ReadValue => {
      try {
        return this.value(branch, reader, path);
      } catch (error) {
        if (!(error instanceof SchemaMismatch)) throw error;
        const { message } = error;
        wrong.push(message);
        return () => fail(message);
      }
    });
    if (wrong.length === branches.length) throw new SchemaMismatch(wrong[0] ?? `${path}: a union of nothing`);
    return (cursor) => {
      const index = cursor.long();
      const read = typeof index === "number" ? reads[index] : undefined;
      return read === undefined ? fail(`${path}: a branch that its union does not have`) : read(cursor);
    };
  }

  /** The first branch of the reader that fits. */
  private intoUnion(writer: SchemaNode, { branches }: UnionNode, path: string): ReadValue {
    let first: SchemaMismatch | undefined;
    // A null fits nothing else, and nothing else fits a null.
    for (const branch of branches) {
      if ((writer.kind === "null") !== (branch.kind === "null")) continue;
      try {
        return this.value(writer, branch, path);
      } catch (error) {
        if (!(error instanceof SchemaMismatch)) throw error;
        first ??= error;
      }
    }
    throw first ?? mismatch(writer, branches[0] ?? { kind: "null" }, path);
  }

  private skip(node: SchemaNode): ReadValue {
    const before = this.skips.get(node);
    if (before !== undefined) return (cursor) => before.read(cursor);
    const slot: { read: ReadValue } = { read: unfinished };
    this.skips.set(node, slot);
    slot.read = this.skipOf(node);
    return slot.read;
  }

  private skipOf(node: SchemaNode): ReadValue {
    switch (node.kind) {
      case "record": {
        const skips = node.fields.map(({ type }) => this.skip(type));
        return (cursor) => {
          cursor.spend(1);
          for (const skip of skips) skip(cursor);
        };
      }
      case "union": {
        const skips = node.branches.map((branch) => this.skip(branch));
        return (cursor) => {
          const skip = skips[Number(cursor.long())];
          return skip === undefined ? fail("a branch that its union does not have") : skip(cursor);
        };
      }
      case "array":
        return arrayOf(this.skip(node.items), false);
      case "map":
        return mapOf(this.skip(node.values), false);
      default:
        return plain(node);
    }
  }
}

/** Reads a value as its own schema has it. */
function plain(node: SchemaNode): ReadValue {
  switch (node.kind) {
    case "null":
      return () => null;
    case "boolean":
      return (cursor) => cursor.boolean();
    case "int":
      return (cursor) => cursor.int();
    case "long":
      return (cursor) => cursor.long();
    case "float":
      return (cursor) => cursor.float();
    case "double":
      return (cursor) => cursor.double();
    case "bytes":
      return (cursor) => cursor.octets();
    case "string":
      return (cursor) => cursor.text();
    case "fixed":
      return (cursor) => cursor.fixed(node.size);
    case "enum":
      return (cursor) => node.symbols[cursor.int()] ?? fail(`${node.name}: a symbol that it does not have`);
    default:
      throw new SchemaMismatch(`${node.kind} is not a plain type`);
  }
}

function scalar(writer: SchemaNode, reader: SchemaNode, path: string): ReadValue {
  const read = (): ReadValue => plain(writer);
  if (writer.kind === "null" && reader.kind === "null") return read();
  if (writer.kind === "null") {
    if (withDefaults.has(reader)) return () => DEFAULT;
    throw new SchemaMismatch(`${path}: null, and ${nameOf(reader)} is needed`);
  }
  switch (reader.kind) {
    case "boolean":
      if (writer.kind === "boolean") return read();
      break;
    case "int":
      if (writer.kind === "int") return read();
      break;
    case "long":
      if (writer.kind !== "int" && writer.kind !== "long") break;
      return reader.logical === "timestamp-millis" ? instant(writer, path) : exact(read(), path);
    case "float":
    case "double":
      if (writer.kind === "double" && reader.kind === "float") break;
      if (["int", "long", "float", "double"].includes(writer.kind)) return (cursor) => Number(plain(writer)(cursor));
      break;
    case "string":
      if (writer.kind === "string" || writer.kind === "bytes") return (cursor) => cursor.text();
      if (writer.kind === "enum") return read();
      break;
    case "bytes":
      if (reader.logical === "decimal") return decimal(writer, path);
      if (writer.kind === "bytes" || writer.kind === "string") return (cursor) => cursor.octets();
      break;
    case "fixed":
      if (writer.kind === "fixed" && writer.size === reader.size) return read();
      break;
    case "enum": {
      if (writer.kind !== "enum") break;
      const symbols = new Set(reader.symbols);
      const symbol = read() as (cursor: AvroCursor) => string;
      return (cursor) => {
        const value = symbol(cursor);
        return symbols.has(value) ? value : fail(`${path}: a symbol that is not among ${reader.symbols.join(", ")}`);
      };
    }
  }
  throw mismatch(writer, reader, path);
}

function exact(read: ReadValue, path: string): ReadValue {
  return (cursor) => {
    const value = read(cursor);
    return typeof value === "number" ? value : fail(`${path}: beyond 2^53, which is not read exactly`);
  };
}

/** Epoch milliseconds of whatever unit the writer has. A local time says no instant without a time zone. */
function instant(writer: SchemaNode, path: string): ReadValue {
  const { logical = "timestamp-millis" } = writer as { logical?: string };
  const read = plain(writer);
  const ticks = INSTANTS.get(logical);
  if (ticks === 1) return exact(read, path);
  if (ticks !== undefined)
    return (cursor) => {
      const value = read(cursor) as number | bigint;
      return typeof value === "number" ? Math.floor(value / ticks) : Number(value / BigInt(ticks));
    };
  if (/^(?:local-timestamp-|date$|time-)/.test(logical))
    throw new SchemaMismatch(`${path}: ${logical} says no instant; write timestamp-millis (UTC), or null`);
  return exact(read, path);
}

function decimal(writer: SchemaNode, path: string): ReadValue {
  if (writer.kind === "bytes" && writer.logical === "decimal" && writer.scale === DECIMAL_SCALE)
    return (cursor) => bytesToDecimal(cursor.octets());
  throw new SchemaMismatch(`${path}: ${nameOf(writer)}, and a decimal of scale ${DECIMAL_SCALE} is needed`);
}

function arrayOf(item: ReadValue, keep = true): ReadValue {
  return (cursor) => {
    const values: unknown[] = [];
    for (let count = cursor.block(); count > 0; count = cursor.block())
      for (let n = 0; n < count; n++) {
        const value = item(cursor);
        if (keep) values.push(value);
      }
    return values;
  };
}

function mapOf(entry: ReadValue, keep = true): ReadValue {
  return (cursor) => {
    const values: Record<string, unknown> = {};
    for (let count = cursor.block(); count > 0; count = cursor.block())
      for (let n = 0; n < count; n++) {
        const key = cursor.text();
        const value = entry(cursor);
        if (!keep) continue;
        // A plain assignment of this one key would set the object's prototype.
        if (key === "__proto__")
          Object.defineProperty(values, key, { value, enumerable: true, writable: true, configurable: true });
        else values[key] = value;
      }
    return values;
  };
}

/** The writer's field for one of the reader's: of that name, else by an alias of either. */
function writerOf({ name, aliases }: FieldNode, fields: readonly FieldNode[]): number {
  const named = fields.findIndex((field) => field.name === name);
  if (named >= 0) return named;
  const renamed = fields.findIndex((field) => aliases.includes(field.name));
  return renamed >= 0 ? renamed : fields.findIndex((field) => field.aliases.includes(name));
}

/** Types of fields that take their default where null was written; marked, so that the tree stays as it is. */
const withDefaults = new WeakSet<SchemaNode>();

function withDefault(type: SchemaNode): SchemaNode {
  if (type.kind === "union" || type.kind === "record") return type;
  const marked = { ...type };
  withDefaults.add(marked);
  return marked;
}

function copyOf(fallback: unknown): () => unknown {
  return typeof fallback === "object" && fallback !== null ? () => structuredClone(fallback) : () => fallback;
}

function nothing(): undefined {}

function unfinished(): never {
  throw new RangeError("a type that is read before it is known");
}

function mismatch(writer: SchemaNode, reader: SchemaNode, path: string): SchemaMismatch {
  return new SchemaMismatch(`${path}: ${nameOf(writer)}, and ${nameOf(reader)} is needed`);
}

function nameOf(node: SchemaNode): string {
  if (node.kind === "union") return `a union of ${node.branches.map(nameOf).join(", ")}`;
  if ("name" in node) return `${node.kind} ${node.name}`;
  const { logical } = node as { logical?: string };
  return logical === undefined ? node.kind : `${node.kind} (${logical})`;
}

function fail(message: string): never {
  throw new RangeError(message);
}
