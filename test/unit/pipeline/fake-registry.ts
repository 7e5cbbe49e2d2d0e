import type { SchemaSource } from "../../../pipeline/records/codecs.ts";
import { readSchema } from "../../../platform/codec/avro-schema.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";

/** A schema registry in memory, for tests that need codecs and no network. Gives equal schemas equal ids, as registries do. */
export class FakeRegistry implements SchemaSource {
  private readonly schemas: string[] = [];
  private readonly registered = new Set<string>();
  refuse = (_subject: string): boolean => false;

  async register(subject: string, schema: object): Promise<number> {
    if (this.refuse(subject)) throw new SluiceError(`${subject}: refused`, { code: "SCHEMA_INCOMPATIBLE" });
    const text = JSON.stringify(schema);
    if (!this.schemas.includes(text)) this.schemas.push(text);
    this.registered.add(`${subject} ${text}`);
    return this.schemas.indexOf(text) + 1;
  }

  async idOf(subject: string, schema: object): Promise<number | undefined> {
    const text = JSON.stringify(schema);
    return this.registered.has(`${subject} ${text}`) ? this.schemas.indexOf(text) + 1 : undefined;
  }

  async schemaOf(id: number) {
    const text = this.schemas[id - 1];
    return text === undefined ? undefined : ({ state: "loaded", schema: readSchema(JSON.parse(text)) } as const);
  }
}
