/**
 * `make bench-sql`: what the tables of infra/clickhouse cost, on a ClickHouse of its own. First the CPU of an inserted row, for these
 * tables and an earlier commit's, in turns; then the questions of docs/sql.md on made messages: rows read, milliseconds from the disk and from memory,
 * beside full scans, and beside inserts at full speed. Ends with one line of JSON; the exit code is 1 when a question reads more than it may, or
 * slows down too much. SQL_MESSAGES (10000000), SQL_EARLIER (ff993bab; none: no comparison), SQL_ROUNDS (3), SQL_BLOCKS (60, a round and side),
 * SQL_PARTS (inserts,questions; lookups: what services ask while messages flow, and SQL_CAMPAIGN, 1000000, messages of one campaign), SQL_FIGURES=write (into infra/docs/sql-figures.json, which docs/sql.md shows; with
 * SQL_PARTS=pictures the answers that it draws, into sql-pictures.json).
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DRAWN } from "../../../infra/docs/sql-pictures.ts";
import { hasCommit } from "../../faults/earlier-sluice.ts";
import { askings } from "./askings.ts";
import { fillTables } from "./fill-tables.ts";
import { type InsertCost, type InsertSide, insertCost, MadeBlocks } from "./insert-cost.ts";
import { insertSide } from "./insert-side.ts";
import { costOfLookUps } from "./look-ups.ts";
import { OwnClickhouse } from "./own-clickhouse.ts";
import { answerOf } from "./question-cost.ts";
import { type QuestionReport, reportOfQuestions } from "./question-report.ts";

const setting = (name: string, fallback: number): number => Number(process.env[name] || fallback);
const MESSAGES = setting("SQL_MESSAGES", 10_000_000);
const EARLIER = process.env.SQL_EARLIER || "ff993bab";
const ROUNDS = setting("SQL_ROUNDS", 3);
const BLOCKS = setting("SQL_BLOCKS", 60);
const CAMPAIGN = setting("SQL_CAMPAIGN", 1_000_000);
const PARTS = (process.env.SQL_PARTS || "inserts,questions").split(",");
const PICTURES = join(import.meta.dirname, "../../../infra/docs/sql-pictures.json");
const FIGURES = join(import.meta.dirname, "../../../infra/docs/sql-figures.json");
/** Blocks that each side is given beforehand: the first inserts of a server also load its code. */
const WARM_UP = 3;
/** What a row of an insert may take of what it took. */
const TARGET = 2 / 3;

const say = (line: string): void => console.error(line);

/** CPU microseconds of an inserted row, round by round, for these tables and the earlier ones. */
async function compareInserts(server: OwnClickhouse) {
  const names = ["HEAD", ...(EARLIER === "none" ? [] : [EARLIER])];
  const sides = await Promise.all(names.map((name) => insertSide(server, name)));
  const columns = [...new Set(sides.flatMap((side) => side.columns))];
  const blocks = await MadeBlocks.make(server, "made", ROUNDS * BLOCKS + WARM_UP, columns);
  for (const side of sides) await insertCost(server, side, blocks, [ROUNDS * BLOCKS, ROUNDS * BLOCKS + WARM_UP]);
  const found: InsertCost[] = [];
  for (let round = 0; round < ROUNDS; round++)
    // Each goes first in turns: what is first finds the machine as the other left it.
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      const cost = await insertCost(server, side, blocks, [round * BLOCKS, (round + 1) * BLOCKS]);
      found.push(cost);
      say(JSON.stringify(cost));
    }
  await checkSame(server, sides);
  for (const side of sides) await side.close();
  const mean = (name: string) => {
    const own = found.filter((cost) => cost.name === name);
    return (
      own.reduce((sum, cost) => sum + cost.cpuMicrosPerRow * cost.rows, 0) /
      own.reduce((sum, { rows }) => sum + rows, 0)
    );
  };
  const [today, earlier] = [mean("HEAD"), EARLIER === "none" ? undefined : mean(EARLIER)];
  const share = earlier === undefined ? undefined : today / earlier;
  return {
    todayMicrosPerRow: round2(today),
    ...(earlier === undefined || share === undefined
      ? {}
      : { earlier: EARLIER, earlierMicrosPerRow: round2(earlier), share: round2(share), target: round2(TARGET) }),
    rounds: found.map(({ name, rows, cpuMicrosPerRow }) => ({ name, rows, cpuMicrosPerRow: round2(cpuMicrosPerRow) })),
    holds: share === undefined || share <= TARGET,
  };
}

/** That all sides have the same rows: a format or a column that was lost on the way would cost little. @throws Error when they have not */
async function checkSame(server: OwnClickhouse, sides: readonly InsertSide[]): Promise<void> {
  const hash = ["at", "type", "message_id", "account", "destination", "provider", "cost", "state", "log_offset"];
  const found = await Promise.all(
    sides.map(({ database }) =>
      server.rows<{ rows: string }>(
        `SELECT concat(toString(count()), ' ', toString(sum(sipHash64(${hash.map((name) => `toString(${name})`).join(", ")})))) AS rows FROM ${database}.events`,
      ),
    ),
  );
  const different = new Set(found.map(([row]) => row!.rows));
  if (different.size > 1) throw new Error(`the sides have not the same rows: ${[...different].join("; ")}`);
}

async function askQuestions(server: OwnClickhouse) {
  const database = "asked";
  const filled = await fillTables(server, database, MESSAGES, say);
  say(`${filled.messages} messages, ${filled.events} events filled in after ${Math.round(filled.ms / 1_000)} s`);
  const reports = await reportOfQuestions(server, database, filled, say, { blocks: BLOCKS });
  if (process.env.SQL_FIGURES === "write") writeFigures(filled, reports);
  const { messages, events, tables } = filled;
  return { messages, events, tables, questions: Object.fromEntries(reports.map(({ name, ...rest }) => [name, rest])) };
}

/** The answers that docs/sql.md draws. */
async function keepPictures(server: OwnClickhouse): Promise<void> {
  const database = "drawn";
  const { traffic, messages } = await fillTables(server, database, MESSAGES, say);
  const asked = (await askings(server, traffic)).filter(({ question }) => DRAWN[question.name] !== undefined);
  const answers: Record<string, unknown[]> = {};
  for (const { question, parameters } of asked)
    answers[question.name] = await answerOf(server, database, question, parameters);
  if (process.env.SQL_FIGURES === "write")
    writeFileSync(PICTURES, `${JSON.stringify({ messages, answers }, null, 2)}\n`);
}

/** For docs/sql.md: of a question that is asked in several ways, the one that reads most. */
function writeFigures(
  { messages, events }: { messages: number; events: number },
  reports: readonly QuestionReport[],
): void {
  const questions: Record<string, { rows: number; ms: number; coldMs: number; ofScan: number }> = {};
  for (const { name, rows, warmP95Ms, coldP95Ms, warmOfScan } of reports) {
    const [own = name] = name.split(" by ");
    if (rows < (questions[own]?.rows ?? 0)) continue;
    questions[own] = { rows, ms: Math.round(warmP95Ms), coldMs: Math.round(coldP95Ms), ofScan: warmOfScan };
  }
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(FIGURES, `${JSON.stringify({ date, messages, events, questions }, null, 2)}\n`);
}

const round2 = (value: number): number => Math.round(value * 100) / 100;

async function measure(): Promise<boolean> {
  const server = await OwnClickhouse.start(resolve(process.env.SQL_FOLDER || "/tmp"));
  const interrupted = () => void server.stop().finally(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const inserts = PARTS.includes("inserts") ? await compareInserts(server) : undefined;
    const asked = PARTS.includes("questions") ? await askQuestions(server) : undefined;
    const lookUps = PARTS.includes("lookups")
      ? await costOfLookUps(server, { messages: MESSAGES, campaign: CAMPAIGN, say })
      : undefined;
    if (PARTS.includes("pictures")) await keepPictures(server);
    const held = Object.values(asked?.questions ?? {}).every((report) => report.holds);
    console.log(JSON.stringify({ inserts, ...asked, lookUps, holds: held && (inserts?.holds ?? true) }));
    return held && (inserts?.holds ?? true);
  } finally {
    await server.stop();
  }
}

if (EARLIER !== "none" && !hasCommit(EARLIER)) {
  console.error(`this clone is shallow and lacks ${EARLIER}: git fetch --unshallow, or SQL_EARLIER=none`);
  process.exitCode = 2;
} else process.exitCode = (await measure()) ? 0 : 1;
