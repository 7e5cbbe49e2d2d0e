import { writerSchemaId } from "../../platform/codec/codec.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import type { SluiceCodecs } from "../records/codecs.ts";

/** Pause after the registry could not be asked, ms. */
const ASK_AGAIN_MS = 1_000;
/** "No such schema" holds for less than the codecs believe it (30 s), so that a record that passes is not unknown to them. */
const MISSING_MS = 20_000;
/** More ids than this are only seen when someone writes made-up ones. */
const MAX_IDS = 1_000;

export interface SchemaGateOptions {
  readonly codecs: Pick<SluiceCodecs, "loadSchema">;
  readonly log: KafkaLog;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
}

/**
 * Whether a record can be decoded yet. A schema that is seen for the first time is loaded in the background, for as long
 * as the registry is away; meanwhile its record waits at the head of its own input, and the other inputs go on. Shared by
 * all tasks of a process.
 */
export class SchemaGate {
  private readonly options: SchemaGateOptions;
  /** Until when what was learnt of an id holds, ms. */
  private readonly settled = new Map<number, number>();
  /** When the registry may be asked again; Infinity while it is being asked. */
  private readonly asked = new Map<number, number>();

  constructor(options: SchemaGateOptions) {
    this.options = options;
  }

  /** False when the record may be processed. */
  waits(value: Buffer | null): boolean {
    const id = writerSchemaId(value);
    if (id === undefined) return false;
    const until = this.settled.get(id);
    if (until === Number.POSITIVE_INFINITY) return false;
    const now = this.options.monotonic();
    if (until !== undefined && now < until) return false;
    if (now >= (this.asked.get(id) ?? 0)) this.ask(id);
    return true;
  }

  private ask(id: number): void {
    const { codecs, log, monotonic } = this.options;
    this.asked.set(id, Number.POSITIVE_INFINITY);
    codecs.loadSchema(id).then(
      (found) => {
        if (this.settled.size >= MAX_IDS) this.settled.clear();
        this.settled.set(id, found === "loaded" ? Number.POSITIVE_INFINITY : monotonic() + MISSING_MS);
        this.asked.delete(id);
      },
      (error: unknown) => {
        this.asked.set(id, monotonic() + ASK_AGAIN_MS);
        seldom(log, "schema-registry").warn(
          { schemaId: id, cause: errorMessage(error) },
          "waiting for the schema registry: a record has a schema that is not known yet",
        );
      },
    );
  }
}
