import { askings } from "./askings.ts";
import type { FilledTables } from "./fill-tables.ts";
import type { OwnClickhouse } from "./own-clickhouse.ts";
import { PacedInserts } from "./paced-inserts.ts";
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
  const inserts = await PacedInserts.make(server, blocks);
  const timings = new Map<Asking, { cold: Timing; warm: Timing; beside: Timing }>();
  // One right after the other: what else the machine does in the meantime is the same for both.
  for (const asking of all) {
    const cold = await timeQuestion(server, database, asking, COLD);
    const warm = await timeQuestion(server, database, asking, WARM);
    const beside = await inserts.beside(() => timeQuestion(server, database, asking, WARM));
    timings.set(asking, { cold, warm, beside });
    say(`${nameOf(asking)}: ${Math.round(warm.p50)} ms, beside inserts ${Math.round(beside.p50)}`);
  }
  say(`inserted beside them: ${Math.round(inserts.rowsPerSecond)} rows a second`);
  await inserts.close();
  return all.map((asking) => {
    const { cold: c, warm: w, beside: b } = timings.get(asking)!;
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
