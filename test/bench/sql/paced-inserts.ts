import { setTimeout as pause } from "node:timers/promises";
import { MadeBlocks, settled } from "./insert-cost.ts";
import { insertSide } from "./insert-side.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";

/** Rows a second of 4,000 messages: what the whole pipeline does on two cores. */
const ROWS_PER_SECOND = 12_000;
/** So long inserts go on before anything is timed beside them: merges of what they wrote have begun. */
const LEAD_MS = 2_000;

interface Block {
  readonly rows: number;
  readonly bytes: Buffer;
}

/** Inserts as at full speed, into tables of the same kind beside those that are asked, while something is timed. */
export class PacedInserts {
  readonly #server: OwnClickhouse;
  readonly #side: Awaited<ReturnType<typeof insertSide>>;
  /** Read beforehand: reading them is no part of inserting. */
  readonly #blocks: readonly Block[];
  #next = 0;
  #rows = 0;
  #ms = 0;

  private constructor(server: OwnClickhouse, side: Awaited<ReturnType<typeof insertSide>>, blocks: readonly Block[]) {
    this.#server = server;
    this.#side = side;
    this.#blocks = blocks;
  }

  /** `count` blocks, which are inserted again and again. */
  static async make(server: OwnClickhouse, count: number): Promise<PacedInserts> {
    const side = await insertSide(server, "HEAD", "beside");
    const made = await MadeBlocks.make(server, "made_beside", count, side.columns);
    const blocks: Block[] = [];
    for (const numbers of MadeBlocks.together(0, made.count, side.spans)) blocks.push(await made.block(numbers, side));
    return new PacedInserts(server, side, blocks);
  }

  /** Rows a second that were inserted on the mean; below 12,000 ClickHouse did not come after. */
  get rowsPerSecond(): number {
    return this.#rows / (this.#ms / 1_000);
  }

  /** Runs `work` while blocks are inserted, and returns when merges have settled. */
  async beside<Result>(work: () => Promise<Result>): Promise<Result> {
    const stop = new AbortController();
    const inserting = this.#insertUntil(stop.signal);
    try {
      await Promise.race([pause(LEAD_MS), inserting]);
      return await work();
    } finally {
      stop.abort();
      await inserting;
      await settled(this.#server, this.#side.database);
    }
  }

  async #insertUntil(stop: AbortSignal): Promise<void> {
    const began = performance.now();
    let inserted = 0;
    while (!stop.aborted) {
      const { rows, bytes } = this.#blocks[this.#next % this.#blocks.length]!;
      await this.#side.insert(bytes, `beside ${this.#next++}`);
      inserted += rows;
      const ahead = (inserted / ROWS_PER_SECOND) * 1_000 - (performance.now() - began);
      if (ahead > 0) await pause(ahead, undefined, { signal: stop }).catch(() => {});
    }
    this.#rows += inserted;
    this.#ms += performance.now() - began;
  }

  close(): Promise<void> {
    return this.#side.close();
  }
}
