/** `node schemas/register.ts` puts the contracts into the registry at SLUICE_REGISTRY_URL; part of the migration. */
import { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import { errorMessage, SluiceError } from "../../platform/errors/sluice-error.ts";
import { composeContracts, readContracts } from "../../schemas/contracts.ts";
import { CONVERSIONS_TOPIC, LANES, requestTopic } from "../../schemas/topics.ts";
import { recordSubject } from "./codecs.ts";

export interface Registration {
  readonly subject: string;
  readonly id: number;
  /** False when exactly this schema was there already. */
  readonly added: boolean;
}

/** The part of the registry's client that registering needs. */
export type SchemaSink = Pick<SchemaRegistryClient, "idOf" | "register">;

/**
 * Every subject and its schema: each record under its full name and, because serializers of other languages look there
 * by default (TopicNameStrategy), what upstream systems write also under the name of each topic that carries it.
 */
export function subjects(): Map<string, object> {
  const schemas = composeContracts(readContracts());
  const named = [...schemas].map(([name, schema]) => [recordSubject(name), schema] as const);
  const requests = LANES.map((lane) => [`${requestTopic(lane)}-value`, schemas.get("SendRequest")!] as const);
  return new Map([...named, ...requests, [`${CONVERSIONS_TOPIC}-value`, schemas.get("Conversion")!]]);
}

/**
 * Registers all contracts; repeating it changes nothing. A refused schema does not keep the others from being tried.
 * @throws SluiceError `SCHEMA_INCOMPATIBLE` (permanent) with every refusal; `REGISTRY_UNAVAILABLE` (transient)
 */
export async function registerSchemas(
  registry: SchemaSink,
  contracts: ReadonlyMap<string, object> = subjects(),
): Promise<Registration[]> {
  const done: Registration[] = [];
  const refusals: string[] = [];
  for (const [subject, schema] of contracts) {
    try {
      const before = await registry.idOf(subject, schema);
      const id = await registry.register(subject, schema);
      done.push({ subject, id, added: before === undefined });
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "SCHEMA_INCOMPATIBLE") throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length === 0) return done;
  throw new SluiceError(
    `${refusals.length} of ${contracts.size} schemas cannot read what their earlier versions wrote; give new fields a default and keep the types of the others\n${refusals.join("\n")}`,
    { code: "SCHEMA_INCOMPATIBLE" },
  );
}

if (import.meta.main) {
  const url = process.env.SLUICE_REGISTRY_URL ?? "http://127.0.0.1:18081/apis/ccompat/v7";
  try {
    for (const { subject, id, added } of await registerSchemas(new SchemaRegistryClient(url)))
      console.log(`${subject}: ${added ? "registered" : "unchanged"}, id ${id}`);
  } catch (error) {
    console.error(errorMessage(error));
    process.exitCode = 1;
  }
}
