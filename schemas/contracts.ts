import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AvroField, type AvroRecord, type AvroSchema, isUnion } from "./avro-schema.ts";

/** The namespace that all contracts share. */
export const NAMESPACE = "sluice";

/** Records that are only parts of others: never written to a topic and so never registered alone. */
const PARTS: ReadonlySet<string> = new Set([
  "Attempt",
  "BudgetCharge",
  "HeldNetwork",
  "MessageFacts",
  "ReceiptTo",
  "SmppContent",
]);

/** Reads every contract of this folder, by record name, exactly as written. */
export function readContracts(folder: string = import.meta.dirname): Map<string, AvroRecord> {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".avsc"))
    .sort();
  const contracts = new Map<string, AvroRecord>();
  for (const file of files) {
    const record = JSON.parse(readFileSync(join(folder, file), "utf8")) as AvroRecord;
    const wanted = `${record.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}.avsc`;
    if (record.namespace !== NAMESPACE || file !== wanted)
      throw new Error(
        `${file}: holds ${record.namespace}.${record.name}; expected ${NAMESPACE} and the file ${wanted}`,
      );
    contracts.set(record.name, record);
  }
  return contracts;
}

/** The records that topics carry, each self-contained: a part stands at its first use, later uses name it. */
export function composeContracts(contracts: ReadonlyMap<string, AvroRecord>): Map<string, AvroRecord> {
  const whole = [...contracts.values()].filter((record) => !PARTS.has(record.name));
  return new Map(whole.map((record) => [record.name, compose(record, contracts)]));
}

function compose(root: AvroRecord, parts: ReadonlyMap<string, AvroRecord>): AvroRecord {
  const defined = new Set<string>();

  function record(schema: AvroRecord): AvroRecord {
    defined.add(schema.name);
    return { ...schema, fields: schema.fields.map((field): AvroField => ({ ...field, type: visit(field.type) })) };
  }

  function visit(schema: AvroSchema): AvroSchema {
    if (typeof schema === "string") {
      const part = parts.get(schema);
      return part === undefined || defined.has(schema) ? schema : record(part);
    }
    if (isUnion(schema)) return schema.map(visit);
    switch (schema.type) {
      case "record":
        return record(schema);
      case "enum":
        // A second definition of one name is an error in Avro; a later use must name it instead.
        if (defined.has(schema.name)) return schema.name;
        defined.add(schema.name);
        return schema;
      case "array":
        return { ...schema, items: visit(schema.items) };
      case "map":
        return { ...schema, values: visit(schema.values) };
      default:
        return schema;
    }
  }

  return record(root);
}
