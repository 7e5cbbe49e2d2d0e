/** An Avro schema as JSON, as far as the contracts use it (Avro 1.11 specification, "Schema Declaration"). */
export type AvroSchema = string | readonly AvroSchema[] | AvroNode;
export type AvroNode = AvroRecord | AvroEnum | AvroArray | AvroMap | AvroLeaf;

export interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly doc?: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
}

export interface AvroEnum {
  readonly type: "enum";
  readonly name: string;
  readonly doc?: string;
  readonly symbols: readonly string[];
}

export interface AvroArray {
  readonly type: "array";
  readonly items: AvroSchema;
}

export interface AvroMap {
  readonly type: "map";
  readonly values: AvroSchema;
}

/** A primitive with attributes. */
export interface AvroLeaf {
  readonly type: "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";
  readonly logicalType?: string;
  readonly precision?: number;
  readonly scale?: number;
}

/** Tells a union from the other kinds; `Array.isArray` does not narrow readonly arrays. */
export function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}
