import { setTimeout as sleep } from "node:timers/promises";
import { writerSchemaId } from "../../platform/codec/codec.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { Fence, InRecord } from "../../platform/kafka/record.ts";
import type { Log } from "../../platform/log/log.ts";
import type { SluiceCodecs } from "../records/codecs.ts";

const RETRY_MS = 1_000;
/** More ids than this are only seen when someone writes made-up ones. */
const MAX_KNOWN = 1_000;

/** Sees to it that the schemas which records were written with are loaded before the records are decoded. */
export class WriterSchemaLoader {
  private readonly codecs: Pick<SluiceCodecs, "loadSchema">;
  private readonly log: Log;
  private readonly known = new Set<number>();

  constructor(codecs: Pick<SluiceCodecs, "loadSchema">, log: Log) {
    this.codecs = codecs;
    this.log = log;
  }

  /** Undefined when nothing is missing, which is nearly always. Waits for the registry as long as the fence stands. */
  load(records: readonly InRecord[], fence: Fence): Promise<void> | undefined {
    let missing: Set<number> | undefined;
    for (const { value } of records) {
      const id = writerSchemaId(value);
      if (id === undefined || this.known.has(id)) continue;
      missing ??= new Set();
      missing.add(id);
    }
    return missing === undefined ? undefined : this.loadAll(missing, fence);
  }

  async loadAll(ids: Iterable<number>, fence: Fence): Promise<void> {
    for (const id of ids) {
      while (fence.alive) {
        try {
          if ((await this.codecs.loadSchema(id)) === "loaded") this.remember(id);
          break;
        } catch (error) {
          this.log
            .every("schema-registry", 5_000)
            .warn({ schemaId: id, cause: errorMessage(error) }, "waiting for the schema registry");
          await sleep(RETRY_MS);
        }
      }
    }
  }

  private remember(id: number): void {
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.add(id);
  }
}
