import { AvroCodec } from "../../platform/codec/avro-codec.ts";
import { readSchema } from "../../platform/codec/avro-schema.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { RegistryConfig } from "../../platform/codec/registry-settings.ts";
import { SchemaRegistryClient } from "../../platform/codec/schema-registry.ts";
import { Slab } from "../../platform/codec/slab.ts";
import { type WriterSchema, WriterSchemas } from "../../platform/codec/writer-schemas.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { composeContracts, NAMESPACE, readContracts } from "../../schemas/contracts.ts";
import type {
  BudgetWord,
  Callback,
  Cancel,
  Consent,
  Control,
  Conversion,
  ConversionCounts,
  DeadLetter,
  Dispatch,
  Event,
  Frequency,
  Health,
  Inbound,
  NumberNetwork,
  Quality,
  Receipt,
  Received,
  RequestKeys,
  Retry,
  SendRequest,
  SmppBinds,
  SmppPart,
  SmppReceipt,
  SubmissionIndex,
  Suspicion,
  UploadBlock,
  Usage,
} from "../../schemas/generated/types.ts";

/** The codecs of all records, ready for use; encode and decode are synchronous and ask no one. */
export interface SluiceCodecs {
  readonly request: Codec<SendRequest>;
  readonly dispatch: Codec<Dispatch>;
  readonly retry: Codec<Retry>;
  readonly event: Codec<Event>;
  readonly receipt: Codec<Receipt>;
  readonly inbound: Codec<Inbound>;
  readonly received: Codec<Received>;
  readonly deadLetter: Codec<DeadLetter>;
  readonly consent: Codec<Consent>;
  readonly control: Codec<Control>;
  readonly health: Codec<Health>;
  readonly quality: Codec<Quality>;
  readonly conversion: Codec<Conversion>;
  readonly conversionCounts: Codec<ConversionCounts>;
  readonly submissionIndex: Codec<SubmissionIndex>;
  readonly numberNetwork: Codec<NumberNetwork>;
  readonly usage: Codec<Usage>;
  readonly suspicion: Codec<Suspicion>;
  readonly frequency: Codec<Frequency>;
  readonly budgetWord: Codec<BudgetWord>;
  readonly cancel: Codec<Cancel>;
  readonly smppReceipt: Codec<SmppReceipt>;
  readonly smppPart: Codec<SmppPart>;
  readonly smppBinds: Codec<SmppBinds>;
  readonly requestKeys: Codec<RequestKeys>;
  readonly callback: Codec<Callback>;
  readonly uploadBlock: Codec<UploadBlock>;
  /**
   * Loads a writer's schema seen in a record (`unknown-schema`), so that decoding can go on. `missing`: there is no such
   * schema; decoding the record again then says `undecodable`. Rejects with `REGISTRY_UNAVAILABLE` when the registry
   * cannot be asked: try again later.
   */
  loadSchema(id: number): Promise<"loaded" | "missing">;
  /** A writer's schema that need not be asked for any more. */
  learnSchema(id: number, schema: WriterSchema): void;
  /** Whether nothing is to be loaded for records of this schema; also when there has been no such schema a moment ago. */
  knowsSchema(id: number): boolean;
}

/** Where the schemas of other versions of this program come from, while both are at work. */
export type OtherSchemas = Pick<SluiceCodecs, "loadSchema" | "knowsSchema">;

/** Where the codecs learn schema ids and other writers' schemas; the registry, or a stand-in for tests. */
export interface SchemaSource {
  idOf(subject: string, schema: object): Promise<number | undefined>;
  schemaOf(id: number): Promise<WriterSchema | undefined>;
}

/**
 * Asks the registry for the ids of this program's schemas.
 * `registry`: its URL where nothing else is needed.
 * @throws SluiceError `SCHEMA_NOT_REGISTERED` (transient: the migration may be under way) or `REGISTRY_UNAVAILABLE` (transient)
 */
export function connectCodecs(registry: string | RegistryConfig): Promise<SluiceCodecs> {
  return createCodecs(new SchemaRegistryClient(registry));
}

/** As {@link connectCodecs}, from any source of schemas. */
export async function createCodecs(source: SchemaSource): Promise<SluiceCodecs> {
  const schemas = composeContracts(readContracts());
  const slab = new Slab();
  const writers = new WriterSchemas((id) => source.schemaOf(id));

  async function codec<T>(name: string): Promise<Codec<T>> {
    const schema = schemas.get(name)!;
    const schemaId = await source.idOf(recordSubject(name), schema);
    if (schemaId === undefined)
      throw new SluiceError(
        `this program's schema of ${recordSubject(name)} is not in the registry; run the migration (infra/migrate.ts)`,
        { code: "SCHEMA_NOT_REGISTERED", class: "transient" },
      );
    // At hand already, and so never asked for when the registry is away.
    writers.learn(schemaId, { state: "loaded", schema: readSchema(schema) });
    return new AvroCodec<T>({ schema, schemaId, slab, writers });
  }

  // All are asked for before the first is waited for.
  const asked = {
    request: codec<SendRequest>("SendRequest"),
    dispatch: codec<Dispatch>("Dispatch"),
    retry: codec<Retry>("Retry"),
    event: codec<Event>("Event"),
    receipt: codec<Receipt>("Receipt"),
    inbound: codec<Inbound>("Inbound"),
    received: codec<Received>("Received"),
    deadLetter: codec<DeadLetter>("DeadLetter"),
    consent: codec<Consent>("Consent"),
    control: codec<Control>("Control"),
    health: codec<Health>("Health"),
    quality: codec<Quality>("Quality"),
    conversion: codec<Conversion>("Conversion"),
    conversionCounts: codec<ConversionCounts>("ConversionCounts"),
    submissionIndex: codec<SubmissionIndex>("SubmissionIndex"),
    numberNetwork: codec<NumberNetwork>("NumberNetwork"),
    usage: codec<Usage>("Usage"),
    suspicion: codec<Suspicion>("Suspicion"),
    frequency: codec<Frequency>("Frequency"),
    budgetWord: codec<BudgetWord>("BudgetWord"),
    cancel: codec<Cancel>("Cancel"),
    smppReceipt: codec<SmppReceipt>("SmppReceipt"),
    smppPart: codec<SmppPart>("SmppPart"),
    smppBinds: codec<SmppBinds>("SmppBinds"),
    requestKeys: codec<RequestKeys>("RequestKeys"),
    callback: codec<Callback>("Callback"),
    uploadBlock: codec<UploadBlock>("UploadBlock"),
  };
  await Promise.all(Object.values(asked));
  return {
    request: await asked.request,
    dispatch: await asked.dispatch,
    retry: await asked.retry,
    event: await asked.event,
    receipt: await asked.receipt,
    inbound: await asked.inbound,
    received: await asked.received,
    deadLetter: await asked.deadLetter,
    consent: await asked.consent,
    control: await asked.control,
    health: await asked.health,
    quality: await asked.quality,
    conversion: await asked.conversion,
    conversionCounts: await asked.conversionCounts,
    submissionIndex: await asked.submissionIndex,
    numberNetwork: await asked.numberNetwork,
    usage: await asked.usage,
    suspicion: await asked.suspicion,
    frequency: await asked.frequency,
    budgetWord: await asked.budgetWord,
    cancel: await asked.cancel,
    smppReceipt: await asked.smppReceipt,
    smppPart: await asked.smppPart,
    smppBinds: await asked.smppBinds,
    requestKeys: await asked.requestKeys,
    callback: await asked.callback,
    uploadBlock: await asked.uploadBlock,
    loadSchema: (id) => writers.load(id),
    learnSchema: (id, schema) => writers.learn(id, schema),
    knowsSchema: (id) => writers.get(id) !== undefined,
  };
}

/** The subject of a record (Confluent's RecordNameStrategy): its full name. */
export function recordSubject(name: string): string {
  return `${NAMESPACE}.${name}`;
}
