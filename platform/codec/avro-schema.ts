/**
 * Avro schemas as trees, for reading what others wrote (Apache Avro 1.12 specification). Names count without their namespace, and
 * of a writer's schema nothing is looked at that reading does not need: defaults, aliases of types, properties of one's own.
 */

const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;
export type PrimitiveKind = (typeof PRIMITIVES)[number];

export interface PrimitiveNode {
  readonly kind: PrimitiveKind;
  /** `logicalType`, as it stands there. */
  readonly logical?: string | undefined;
  /** Of a decimal. */
  readonly scale?: number | undefined;
}
export interface FixedNode {
  readonly kind: "fixed";
  readonly name: string;
  readonly size: number;
  readonly logical?: string | undefined;
}
export interface EnumNode {
  readonly kind: "enum";
  readonly name: string;
  readonly symbols: readonly string[];
}
export interface ArrayNode {
  readonly kind: "array";
  readonly items: SchemaNode;
}
export interface MapNode {
  readonly kind: "map";
  readonly values: SchemaNode;
}
export interface UnionNode {
  readonly kind: "union";
  readonly branches: readonly SchemaNode[];
}
export interface FieldNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: SchemaNode;
  /** The JSON of the default; undefined when there is none. */
  readonly fallback?: unknown;
}
export interface RecordNode {
  readonly kind: "record";
  /** With its namespace. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly fields: readonly FieldNode[];
}
export type SchemaNode = PrimitiveNode | FixedNode | EnumNode | ArrayNode | MapNode | UnionNode | RecordNode;

/** Far beyond any contract; a schema comes from whoever may register one. */
const MAX_NODES = 10_000;
const MAX_DEPTH = 64;

/** The part of a name behind the last dot. */
export function unqualified(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/**
 * Reads a schema's JSON. `references`: schemas of other subjects that it names, those it rests on first.
 * @throws Error saying what is not Avro in it.
 */
export function readSchema(json: unknown, references: readonly unknown[] = []): SchemaNode {
  const reading = new SchemaReading();
  for (const reference of references) reading.node(reference, "", 0);
  return reading.node(json, "", 0);
}

type Json = Readonly<Record<string, unknown>>;

class SchemaReading {
  private readonly named = new Map<string, SchemaNode>();
  private nodes = 0;

  node(json: unknown, namespace: string, depth: number): SchemaNode {
    if (++this.nodes > MAX_NODES || depth > MAX_DEPTH) throw new Error("larger than any schema that is read here");
    if (typeof json === "string") return this.byName(json, namespace);
    if (Array.isArray(json))
      return { kind: "union", branches: json.map((branch) => this.node(branch, namespace, depth + 1)) };
    if (typeof json !== "object" || json === null)
      throw new Error(`not a type: ${JSON.stringify(json) ?? typeof json}`);
    return this.defined(json as Json, namespace, depth);
  }

  private defined(json: Json, namespace: string, depth: number): SchemaNode {
    const { type } = json;
    switch (type) {
      case "record":
      case "error":
        return this.record(json, namespace, depth);
      case "enum": {
        const [name] = this.nameOf(json, namespace);
        return this.keep({ kind: "enum", name, symbols: texts(json.symbols) });
      }
      case "fixed": {
        const [name] = this.nameOf(json, namespace);
        const { size } = json;
        if (!Number.isInteger(size) || (size as number) < 0) throw new Error(`the size of ${name} is no number`);
        return this.keep({ kind: "fixed", name, size: size as number, logical: textOf(json.logicalType) });
      }
      case "array":
        return { kind: "array", items: this.node(json.items, namespace, depth + 1) };
      case "map":
        return { kind: "map", values: this.node(json.values, namespace, depth + 1) };
    }
    if (!isPrimitive(type)) return this.node(type, namespace, depth + 1);
    const scale = typeof json.scale === "number" ? json.scale : 0;
    return { kind: type, logical: textOf(json.logicalType), scale };
  }

  private record(json: Json, namespace: string, depth: number): RecordNode {
    const [name, own] = this.nameOf(json, namespace);
    const fields: FieldNode[] = [];
    // It may hold itself: so it is known before its fields are read.
    const record: RecordNode = { kind: "record", name, aliases: texts(json.aliases), fields };
    this.named.set(name, record);
    if (!Array.isArray(json.fields)) throw new Error(`${name} has no fields`);
    for (const field of json.fields as Json[]) {
      if (typeof field !== "object" || field === null || typeof field.name !== "string")
        throw new Error(`a field of ${name} has no name`);
      const type = this.node(field.type, own, depth + 1);
      fields.push({ name: field.name, aliases: texts(field.aliases), type, fallback: field.default });
    }
    return record;
  }

  private byName(name: string, namespace: string): SchemaNode {
    if (isPrimitive(name)) return { kind: name };
    const found = this.named.get(namespace === "" || name.includes(".") ? name : `${namespace}.${name}`);
    const known = found ?? this.named.get(name);
    if (known === undefined) throw new Error(`the type ${name} is not defined`);
    return known;
  }

  /** The full name, and the namespace for what stands within. */
  private nameOf({ name, namespace: own }: Json, namespace: string): [string, string] {
    if (typeof name !== "string" || name === "") throw new Error("a type without a name");
    if (name.includes(".")) return [name, name.slice(0, name.lastIndexOf("."))];
    const within = typeof own === "string" ? own : namespace;
    return [within === "" ? name : `${within}.${name}`, within];
  }

  private keep<N extends FixedNode | EnumNode>(node: N): N {
    this.named.set(node.name, node);
    return node;
  }
}

function isPrimitive(type: unknown): type is PrimitiveKind {
  return (PRIMITIVES as readonly unknown[]).includes(type);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
