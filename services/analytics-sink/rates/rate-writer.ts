import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { RateRow } from "./rate-rows.ts";

export interface RateWriterOptions {
  /** Writes rows into the table `exchange_rates`. Rejects when that is not certain. */
  readonly insert: (rows: readonly RateRow[]) => Promise<void>;
  readonly log: Pick<Log, "warn">;
  /** Resolves when it is time to try again. Rejects when there is no again: what waits is given up. */
  readonly pause: () => Promise<unknown>;
}

/** Sets that wait for ClickHouse: as many versions as sms.control keeps. Of more the oldest are not written. */
const MAX_WAITING = 20;

/** Writes sets of exchange rates one after the other, each until ClickHouse has it: the same rows twice are one. */
export class RateWriter {
  private readonly options: RateWriterOptions;
  private readonly waiting: (readonly RateRow[])[] = [];
  private writing: Promise<void> | undefined;

  constructor(options: RateWriterOptions) {
    this.options = options;
  }

  add(rows: readonly RateRow[]): void {
    this.waiting.push(rows);
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
    this.writing ??= this.write()
      .catch(() => {})
      .finally(() => {
        this.writing = undefined;
      });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
  }

  private async write(): Promise<void> {
    const { insert, log, pause } = this.options;
    for (let rows = this.waiting.shift(); rows !== undefined; rows = this.waiting.shift()) {
      try {
        await insert(rows);
      } catch (error) {
        const [{ version, date }] = rows as readonly [RateRow];
        log.warn({ version, date, why: errorMessage(error) }, "ClickHouse does not take exchange rates; again later");
        // A newer set may have come meanwhile, and the order of sets is in their rows.
        this.waiting.unshift(rows);
        if (this.waiting.length > MAX_WAITING) this.waiting.shift();
        await pause();
      }
    }
  }
}
