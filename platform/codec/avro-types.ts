import avsc, { type Schema, type Type } from "avsc";
import { bytesToDecimal, DECIMAL_SCALE, decimalToBytes } from "./decimal.ts";

/**
 * Avro types as Sluice reads and writes them: decimals as safe integers, and three of avsc's types replaced. avsc has no
 * public way to write a type, so the replacements override its internal `_read`, `_skip` and `_write`; the tests in
 * test/unit/platform/codec hold what they rely on.
 */

/** The part of avsc's cursor over a buffer that the types here use. */
interface Tap {
  readonly buf: Uint8Array;
  pos: number;
  readLong(): number;
  skipLong(): void;
  writeLong(value: number): void;
  readString(): string;
  skipString(): void;
}

interface RawType {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
  _write(tap: Tap, value: unknown): void;
}

/**
 * The number of items in the next block of an array or map; 0 ends it. avsc believes any count, so that a few bad bytes
 * make it loop 2^53 times; here a block cannot have more items than bytes follow (an item of ours takes at least one).
 */
function blockSize(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  if (!(count <= tap.buf.length - tap.pos)) throw new RangeError("a block with more items than bytes");
  return count;
}

class BoundedArray extends avsc.types.ArrayType {
  /** Also runs with a resolver as `this`, which has an `itemsType` of its own. */
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as RawType;
    const values: unknown[] = [];
    for (let count = blockSize(tap); count > 0; count = blockSize(tap)) {
      for (let i = 0; i < count; i++) values.push(items._read(tap));
    }
    return values;
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as RawType;
    for (let count = blockSize(tap); count > 0; count = blockSize(tap)) {
      for (let i = 0; i < count; i++) items._skip(tap);
    }
  }
}

class BoundedMap extends avsc.types.MapType {
  /** Also runs with a resolver as `this`, which has a `valuesType` of its own. */
  _read(tap: Tap): Record<string, unknown> {
    const type = this.valuesType as RawType;
    const values: Record<string, unknown> = {};
    for (let count = blockSize(tap); count > 0; count = blockSize(tap)) {
      for (let i = 0; i < count; i++) {
        const key = tap.readString();
        const value = type._read(tap);
        // A plain assignment of this one key would set the object's prototype.
        if (key === "__proto__")
          Object.defineProperty(values, key, { value, enumerable: true, writable: true, configurable: true });
        else values[key] = value;
      }
    }
    return values;
  }

  _skip(tap: Tap): void {
    const type = this.valuesType as RawType;
    for (let count = blockSize(tap); count > 0; count = blockSize(tap)) {
      for (let i = 0; i < count; i++) {
        tap.skipString();
        type._skip(tap);
      }
    }
  }
}

/** `["null", X]`: avsc tries every branch on each value of a union with a logical type; here null decides. */
class Optional extends avsc.types.UnwrappedUnionType {
  _write(tap: Tap, value: unknown): void {
    if (value === null) tap.writeLong(0);
    else {
      tap.writeLong(1);
      (this.types[1] as unknown as RawType)._write(tap, value);
    }
  }
}

/** `decimal` with scale 6 as a safe integer of millionths. */
class Decimal extends avsc.types.LogicalType {
  constructor(schema: { scale?: number }, options?: unknown) {
    // avsc then treats the type as plain bytes, or fails when `assertLogicalTypes` is set, as it is here.
    if (schema.scale !== DECIMAL_SCALE)
      throw new RangeError(`a decimal of scale ${schema.scale ?? 0}, not ${DECIMAL_SCALE}`);
    super(schema as never, options);
  }

  protected override _fromValue(bytes: Uint8Array): number {
    return bytesToDecimal(bytes);
  }

  protected override _toValue(value: unknown): Buffer {
    return decimalToBytes(value as number);
  }

  protected override _resolve(writer: Type): ((value: Uint8Array | number) => number) | undefined {
    return writer instanceof Decimal ? (value) => value as number : undefined;
  }

  protected override _export(schema: Schema): void {
    Object.assign(schema as object, { scale: DECIMAL_SCALE });
  }
}

type Hook = (schema: unknown, options: object) => Type | undefined;

const typeHook: Hook = (schema, options) => {
  if (Array.isArray(schema)) {
    if (schema.length !== 2 || schema[0] !== "null") return undefined;
    return new Optional(schema.map((branch) => avsc.Type.forSchema(branch, options)) as never, options);
  }
  const { type } = (typeof schema === "object" ? schema : {}) as { type?: unknown };
  if (type === "array") return new BoundedArray(schema as never, options);
  return type === "map" ? new BoundedMap(schema as never, options) : undefined;
};

/** Options for avsc, also for clients that parse schemas with it. */
export const AVRO_OPTIONS = {
  assertLogicalTypes: true,
  logicalTypes: { decimal: Decimal as never },
  omitRecordMethods: true,
  typeHook: typeHook as never,
};

/** Compiles a schema. @throws Error when it is not valid Avro, or has a decimal of another scale than 6. */
export function avroType(schema: object): Type {
  return avsc.Type.forSchema(schema as never, { ...AVRO_OPTIONS });
}
