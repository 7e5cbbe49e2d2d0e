import {
  type AppliedVersion,
  CatalogLog,
  type InstanceWord,
  KEPT_VERSIONS,
} from "../../../pipeline/control/catalog-log.ts";
import { readControl } from "../../../pipeline/control/read-control.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Log } from "../../../platform/log/log.ts";

/** The catalog's last versions, and which of them each process works with: from sms.control. */
export class CatalogHistory {
  private readonly control = new CatalogLog(KEPT_VERSIONS);
  private readonly codecs: Pick<SluiceCodecs, "control" | "loadSchema">;
  private readonly log: Log;
  private readonly onWord: () => void;
  /** One record after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(codecs: Pick<SluiceCodecs, "control" | "loadSchema">, log: Log, onWord: () => void) {
    this.codecs = codecs;
    this.log = log;
    this.onWord = onWord;
  }

  accept(record: InRecord): void {
    this.turn = this.turn
      .then(() => this.take(record))
      .catch((err: unknown) =>
        this.log.warn({ err, offset: record.offset }, "a record of sms.control is left out of the history"),
      );
  }

  /** Oldest first. */
  get versions(): readonly AppliedVersion[] {
    return this.control.versions;
  }

  get instances(): Iterable<InstanceWord> {
    return this.control.instances.values();
  }

  private async take({ key, value }: InRecord): Promise<void> {
    if (value === null) this.control.removed(key?.toString() ?? "");
    else {
      const decoded = await readControl(value, this.codecs);
      if (decoded.ok) await this.control.accept(decoded.value);
    }
    this.onWord();
  }
}
