import { writerSchemaId } from "../../platform/codec/codec.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { type InRecord, type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import type { OtherSchemas } from "../records/codecs.ts";

/** Pause after the registry could not be asked, ms. */
const ASK_AGAIN_MS = 1_000;

export interface SchemaQueueOptions<E> {
  readonly schemas: OtherSchemas;
  readonly log: KafkaLog;
  /** Undefined for an entry that is no record. */
  readonly recordOf: (entry: E) => Pick<InRecord, "value"> | undefined;
  readonly give: (entry: E) => void;
}

/**
 * What comes of one partition, in its order: each is given when the schema of its record is at hand, which is nearly always at once. The
 * registry is asked for as long as it is away.
 */
export class SchemaQueue<E> {
  private readonly options: SchemaQueueOptions<E>;
  private waiting: E[] = [];
  /** Of these so many have been given. */
  private given = 0;
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(options: SchemaQueueOptions<E>) {
    this.options = options;
  }

  /** Entries that wait. */
  get length(): number {
    return this.waiting.length - this.given;
  }

  /** Resolves when nothing waits, or it has been closed. */
  get idle(): Promise<void> {
    return this.running ?? Promise.resolve();
  }

  /** Lets go of what waits, gives nothing more, and asks the registry for nothing more. */
  close(): void {
    this.closed = true;
    this.waiting = [];
    this.given = 0;
  }

  accept(entry: E): void {
    if (this.closed) return;
    if (this.length === 0 && this.missing(entry) === undefined) this.options.give(entry);
    else {
      this.waiting.push(entry);
      this.running ??= this.run();
    }
  }

  /** Rejects with what `give` throws; what is behind that waits for the next that comes. */
  private async run(): Promise<void> {
    // Later than the call, which notes that it runs.
    await undefined;
    try {
      while (this.length > 0) {
        const entry = this.waiting[this.given]!;
        const missing = this.missing(entry);
        if (missing !== undefined) await this.load(missing);
        if (this.closed) return;
        this.given++;
        this.options.give(entry);
      }
    } finally {
      this.waiting = this.waiting.slice(this.given);
      this.given = 0;
      this.running = undefined;
    }
  }

  private missing(entry: E): number | undefined {
    const { recordOf, schemas } = this.options;
    const id = writerSchemaId(recordOf(entry)?.value ?? null);
    return id === undefined || schemas.knowsSchema(id) ? undefined : id;
  }

  /** One that does not exist is not waited for: whoever decodes the record says so. */
  private async load(id: number): Promise<void> {
    while (!this.closed) {
      try {
        await this.options.schemas.loadSchema(id);
        return;
      } catch (error) {
        seldom(this.options.log, "schema-registry").warn(
          { schemaId: id, cause: errorMessage(error) },
          "waiting for the schema registry: a record has a schema that is not known yet",
        );
        await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS).unref());
      }
    }
  }
}
