/** The part of JSON Schema 2020-12 that our OpenAPI document uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const KNOWN = new Set(
  "$ref type const enum oneOf required properties additionalProperties propertyNames maxProperties items minItems maxItems minLength maxLength pattern minimum maximum description default examples format".split(
    " ",
  ),
);

/** Where a value does not fit a schema. Stricter than JSON Schema in one thing: every property must be described. */
export function mismatches(
  schema: object,
  value: unknown,
  definitions: Readonly<Record<string, object>>,
  path = "$",
): string[] {
  const rule = schema as Schema;
  const unknown = Object.keys(rule).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) throw new Error(`this matcher does not know ${unknown.join(", ")}`);
  const into = (part: object, item: unknown, at: string) => mismatches(part, item, definitions, `${path}${at}`);
  if (rule.$ref !== undefined) return into(definitions[rule.$ref.split("/").at(-1) as string] as object, value, "");
  if (rule.oneOf !== undefined) {
    const fitting = rule.oneOf.filter((option) => into(option, value, "").length === 0).length;
    return fitting === 1 ? [] : [`${path}: fits ${fitting} of oneOf`];
  }
  const wrong: string[] = [];
  if ("const" in rule && rule.const !== value) wrong.push(`${path}: not ${String(rule.const)}`);
  if (rule.enum !== undefined && !rule.enum.includes(value)) wrong.push(`${path}: not one of ${rule.enum.join()}`);
  if (rule.type !== undefined && !hasType(rule.type, value)) return [...wrong, `${path}: not of type ${rule.type}`];
  if (typeof value === "string") wrong.push(...textProblems(rule, value, path));
  if (typeof value === "number" && (value < (rule.minimum ?? -Infinity) || value > (rule.maximum ?? Infinity)))
    wrong.push(`${path}: out of range`);
  if (Array.isArray(value)) {
    if (value.length < (rule.minItems ?? 0) || value.length > (rule.maxItems ?? Infinity))
      wrong.push(`${path}: length`);
    const { items } = rule;
    if (items !== undefined) wrong.push(...value.flatMap((item, i) => into(items, item, `[${i}]`)));
  } else if (typeof value === "object" && value !== null && rule.type === "object") {
    for (const name of rule.required ?? []) if (!(name in value)) wrong.push(`${path}: ${name} is missing`);
    if (Object.keys(value).length > (rule.maxProperties ?? Infinity)) wrong.push(`${path}: too many properties`);
    for (const [name, item] of Object.entries(value)) {
      if (rule.propertyNames !== undefined) wrong.push(...into(rule.propertyNames, name, ` name ${name}`));
      const known =
        rule.properties?.[name] ??
        (typeof rule.additionalProperties === "object" ? rule.additionalProperties : undefined);
      wrong.push(...(known === undefined ? [`${path}: ${name} is not described`] : into(known, item, `.${name}`)));
    }
  }
  return wrong;
}

function textProblems(rule: Schema, value: string, path: string): string[] {
  const wrong: string[] = [];
  if (value.length < (rule.minLength ?? 0) || value.length > (rule.maxLength ?? Infinity))
    wrong.push(`${path}: length`);
  if (rule.pattern !== undefined && !new RegExp(rule.pattern, "u").test(value))
    wrong.push(`${path}: not ${rule.pattern}`);
  return wrong;
}

function hasType(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return type === typeof value;
}
