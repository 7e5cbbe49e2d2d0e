import { setTimeout as pause } from "node:timers/promises";
import { askings } from "./askings.ts";
import type { FilledTables } from "./fill-tables.ts";
import { MadeBlocks } from "./insert-cost.ts";
import { insertSide } from "./insert-side.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";
import { type Asking, fullScan, type Timing, timeQuestion, withinBound } from "./question-cost.ts";

/** What was seen of one question. */
export interface QuestionReport {
  readonly name: string;
  readonly rows: number;
  /** Rows read, as a share of all events; and what it may read. */
  readonly rowsShare: number;
  readonly mayRead: string;
  readonly coldP95Ms: number;
  readonly warmP95Ms: number;
  /** Share of a full scan of the table under it, from the disk and from memory. */
  readonly coldOfScan: number;
  readonly warmOfScan: number;
  /** With inserts at full speed beside it; its median and how many times the median without them that is. */
  readonly besideP50Ms: number;
  readonly besideTimes: number;
  readonly holds: boolean;
}

const COLD = { cold: true, times: 5, budgetMs: 5_000 };
const WARM = { cold: false, times: 20, budgetMs: 4_000 };
/** Rows a second of 4,000 messages: what the whole pipeline does on two cores. */
const ROWS_PER_SECOND = 12_000;
/** Inserts may make it half as slow again. */
const SLOWER = 1.5;
/** Below so many milliseconds the network and the scheduler are most of it. */
const TOO_SHORT_MS = 50;

/** Asks every question of the filled tables. `blocks`: how many are made for the inserts beside it; they are inserted again and again. */
export async function reportOfQuestions(
  server: OwnClickhouse,
  database: string,
  { traffic, events }: FilledTables,
  say: (line: string) => void,
  { blocks }: { readonly blocks: number },
): Promise<QuestionReport[]> {
  const all = await askings(server, traffic);
  const scans = await scansOf(server, database, all);
  say(`full scans, ms: ${JSON.stringify(scans)}`);
  const cold = await timeAll(server, database, all, COLD);
  const warm = await timeAll(server, database, all, WARM);
  const beside = await whileInserting(server, blocks, () => timeAll(server, database, all, WARM));
  return all.map((asking) => {
    const [c, w, b] = [cold.get(asking)!, warm.get(asking)!, beside.get(asking)!];
    const scan = scans[asking.table]!;
    const times = b.p50 / w.p50;
    const report = {
      name: nameOf(asking),
      rows: w.rows,
      rowsShare: digits(w.rows / events, 5),
      mayRead: asking.bound.kind === "one message" ? `${asking.bound.rows} rows` : `${asking.bound.share * 100} %`,
      ...{ coldP95Ms: digits(c.p95, 1), warmP95Ms: digits(w.p95, 1) },
      ...{ coldOfScan: digits(c.p95 / scan.cold, 4), warmOfScan: digits(w.p95 / scan.warm, 4) },
      ...{ besideP50Ms: digits(b.p50, 1), besideTimes: digits(times, 2) },
      holds: withinBound(asking.bound, w.rows, events) && (b.p50 < TOO_SHORT_MS || times < SLOWER),
    };
    say(JSON.stringify(report));
    return report;
  });
}

const nameOf = ({ question, way }: Asking): string =>
  way === undefined ? question.name : `${question.name} by ${way}`;
const digits = (value: number, count: number): number => Number(value.toFixed(count));

async function scansOf(server: OwnClickhouse, database: string, all: readonly Asking[]) {
  const scans: Record<string, { cold: number; warm: number }> = {};
  for (const table of new Set(all.map((asking) => asking.table))) {
    const cold = await fullScan(server, database, table, true);
    scans[table] = { cold: Math.round(cold), warm: Math.round(await fullScan(server, database, table, false)) };
  }
  return scans;
}

async function timeAll(server: OwnClickhouse, database: string, all: readonly Asking[], how: typeof WARM) {
  const found = new Map<Asking, Timing>();
  for (const asking of all) found.set(asking, await timeQuestion(server, database, asking, how));
  return found;
}

/** Runs `work` while blocks are inserted as at full speed, into tables of the same kind beside those that are asked. */
async function whileInserting<Result>(
  server: OwnClickhouse,
  count: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const side = await insertSide(server, "HEAD", "beside");
  const blocks = await MadeBlocks.make(server, "made_beside", count, side.columns);
  let going = true;
  const inserting = (async () => {
    const began = performance.now();
    for (let [n, rows] = [0, 0]; going; n++) {
      const block = await blocks.block(n % blocks.count, side);
      await side.insert(block.bytes, `beside ${n}`);
      rows += block.rows;
      const ahead = (rows / ROWS_PER_SECOND) * 1_000 - (performance.now() - began);
      if (ahead > 0) await pause(ahead);
    }
  })();
  try {
    return await work();
  } finally {
    going = false;
    await inserting;
    await side.close();
  }
}
