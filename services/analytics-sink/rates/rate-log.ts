import { CatalogLog } from "../../../pipeline/control/catalog-log.ts";
import { readControl } from "../../../pipeline/control/read-control.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import type { Decoded } from "../../../platform/codec/codec.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Control } from "../../../schemas/generated/types.ts";
import { type RateRow, rateRows } from "./rate-rows.ts";

export interface RateLogOptions {
  readonly codecs: Pick<SluiceCodecs, "control" | "loadSchema">;
  readonly log: Log;
  /** Takes the rows of a version that has rates. */
  readonly onRates: (rows: readonly RateRow[]) => void;
  /** Resolves when it is time to ask the registry again. */
  readonly pause: () => Promise<unknown>;
}

const WARN_EVERY_MS = 5_000;

/** Finds the exchange rates of each version of the catalog in sms.control. */
export class RateLog {
  private readonly options: RateLogOptions;
  private readonly control = new CatalogLog();
  /** One record after the other, also when a schema has to be loaded in between. */
  private turn: Promise<void> = Promise.resolve();

  constructor(options: RateLogOptions) {
    this.options = options;
  }

  /** Whether a version counts, so that the files do not. */
  get hasVersion(): boolean {
    return this.control.current !== undefined;
  }

  /** Takes a record. Resolves when it has been taken, and those before it. */
  accept(record: InRecord): Promise<void> {
    this.turn = this.turn
      .then(() => this.take(record))
      .catch((error: unknown) => {
        const { offset } = record;
        this.options.log.error({ offset, why: errorMessage(error) }, "exchange rates: a record of sms.control failed");
      });
    return this.turn;
  }

  private async take({ key, value, offset }: InRecord): Promise<void> {
    if (value === null) {
      this.control.removed(key?.toString() ?? "");
      return;
    }
    const decoded = await this.decode(value);
    if (!decoded.ok) {
      this.options.log.warn({ offset, why: decoded.detail }, "exchange rates: a record of sms.control is passed over");
      return;
    }
    const version = await this.control.accept(decoded.value);
    const rows = version === undefined ? [] : rateRows(version);
    if (rows.length > 0) this.options.onRates(rows);
  }

  /** Waits for the registry as long as it takes: each version is made of the one before, and without this record no later one would count. */
  private async decode(value: Buffer): Promise<Decoded<Control>> {
    const { codecs, log, pause } = this.options;
    for (;;) {
      try {
        return await readControl(value, codecs);
      } catch (error) {
        log
          .every("rates-schema", WARN_EVERY_MS)
          .warn({ why: errorMessage(error) }, "exchange rates wait for the schema registry");
        await pause();
      }
    }
  }
}
