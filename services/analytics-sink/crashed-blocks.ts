import { setTimeout as pause } from "node:timers/promises";
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { COUNTS, DIMENSIONS } from "../../pipeline/read-model/roll-ups.ts";
import { type BlockFormat, BlockInserter } from "../../platform/clickhouse/block-inserter.ts";
import { type ClickhouseConfig, clientAddress } from "../../platform/clickhouse/settings.ts";
import type { Doubt } from "../../platform/kafka/sink-store.ts";
import type { Log } from "../../platform/log/log.ts";

/** A table into which a sink inserts. */
export interface SinkTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly format: BlockFormat;
}

/** How a table that sums up is compared with what it is made of, group by group, by one number a group. */
interface Sums {
  readonly table: string;
  /** Of each group: its keys and `n`. `staging`: the block alone. */
  readonly ofBlock: (staging: string) => string;
  readonly ofSource: (staging: string) => string;
  readonly kept: (staging: string) => string;
  readonly keys: string;
  /** The table's partition, by which a block's rows stand in different parts. */
  readonly part: string;
}

/** How long looks must agree before they are believed. */
export interface Looks {
  /** That a table lacks the block. Others' blocks that were cut off as well come again meanwhile, those of an owner that must be replaced among them. */
  readonly lackingMs: number;
  /** Then it is said that they cannot tell. */
  readonly mostMs: number;
}

const LOOKS: Looks = { lackingMs: 60_000, mostMs: 120_000 };
/** Others go on inserting into the same minutes and hours: what is under way is in one table and not yet in the other for some milliseconds. */
const LOOK_EVERY_MS = 200;
const LOOKS_ALIKE = 3;
const QUERY_SECONDS = 45;
const TIMEOUT_MS = 60_000;
/** `uptime()` counts whole seconds. */
const UPTIME_MS = 2_000;

const OF_GROUP = Object.keys(DIMENSIONS).join(", ");
const MINUTE_KEYS = `minute, ${OF_GROUP}`;
const HOUR_KEYS = `start, ${OF_GROUP}`;
const ALL_COUNTS = Object.keys(COUNTS);
const COUNTS_OF_PERIODS = ["submitted", "segments", "delivered"];
/** One number for several counts, so that other counts hardly make the same: each has a weight of its own. `of`: a count's expression. */
const weighed = (counts: readonly string[], of: (count: string) => string) =>
  `(${counts.map((count, i) => `toInt64(${of(count)}) * ${1 + i * 10_007}`).join(" + ")})`;
const ofRows = (counts: readonly string[]) => weighed(counts, (count) => COUNTS[count]!);
const ofSums = (counts: readonly string[]) => weighed(counts, (count) => `sum(${count})`);
/** The hours come first: events are sorted by them. */
const ofHours = (staging: string) => `toStartOfHour(at) IN (SELECT toStartOfHour(at) FROM ${staging})`;
const isIn = (time: string, unit: "Minute" | "Hour", staging: string) =>
  `${time} IN (SELECT toStartOf${unit}(at) FROM ${staging})`;

const countedMinutes = (from: string) =>
  `SELECT toStartOfMinute(at) AS minute, ${OF_GROUP}, ${ofRows(ALL_COUNTS)} AS n FROM ${from} GROUP BY ALL`;

/** Minutes that were filled in are in the periods, or found to be lacking there: they are not handed on (013-periods.sql, summed). */
const FILLED_IN = 2;
const MINUTES: Sums = {
  table: "minutes",
  keys: MINUTE_KEYS,
  part: "toYYYYMM(minute)",
  ofBlock: (staging) => `SELECT * FROM (${countedMinutes(staging)}) WHERE n > 0`,
  ofSource: (staging) =>
    countedMinutes(`events WHERE ${ofHours(staging)} AND ${isIn("toStartOfMinute(at)", "Minute", staging)}`),
  kept: (staging) =>
    `SELECT ${MINUTE_KEYS}, ${ofSums(ALL_COUNTS)} AS n FROM minutes WHERE ${isIn("minute", "Minute", staging)} GROUP BY ALL`,
};
const PERIODS: Sums = {
  table: "periods",
  keys: HOUR_KEYS,
  part: "toYYYYMM(start)",
  ofBlock: (staging) =>
    `SELECT toStartOfHour(at) AS start, ${OF_GROUP}, ${ofRows(COUNTS_OF_PERIODS)} AS n FROM ${staging} GROUP BY ALL HAVING n > 0`,
  ofSource: (staging) =>
    `SELECT toStartOfHour(minute) AS start, ${OF_GROUP}, ${ofSums(COUNTS_OF_PERIODS)} AS n
     FROM minutes WHERE summed IN (1, ${FILLED_IN}) AND ${isIn("toStartOfHour(minute)", "Hour", staging)} GROUP BY ALL`,
  kept: (staging) =>
    `SELECT ${HOUR_KEYS}, ${ofSums(COUNTS_OF_PERIODS)} AS n FROM periods WHERE span = 'hour' AND ${isIn("start", "Hour", staging)} GROUP BY ALL`,
};

/**
 * What ClickHouse's word about a block is worth after it was killed. A MergeTree table without replicas writes down a block's token first and
 * gives the block's part its name then; killed in between (ClickHouse 26.7 to 26.9: about one kill in sixty while blocks of events come in), it
 * takes the block for stored when it comes again, in that table alone. So a block whose insert had been in doubt when ClickHouse started
 * anew is looked for in each table, and filled in where it is not. Tables whose rows say the same however often they are there are just given it again.
 */
export class CrashedBlocks {
  private readonly client: ClickHouseClient;
  private readonly config: ClickhouseConfig;
  private readonly log: Pick<Log, "warn" | "error">;
  private readonly looks: Looks;
  /** When ClickHouse was started, epoch seconds by this process's clock. */
  private started = 0;

  constructor(config: ClickhouseConfig, log: Pick<Log, "warn" | "error">, looks = LOOKS) {
    this.looks = looks;
    this.config = config;
    this.log = log;
    this.client = createClient({
      ...clientAddress(config),
      request_timeout: TIMEOUT_MS,
      log: { level: ClickHouseLogLevel.OFF },
      // A query whose client has gone would go on, and another be begun beside it.
      clickhouse_settings: { max_partitions_per_insert_block: "0", max_execution_time: QUERY_SECONDS },
    });
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** Whether ClickHouse may have been killed while it was given the block. A replicated table's tokens and parts stand in Keeper together. */
  private async suspected(table: string, { ageMs }: Doubt): Promise<boolean> {
    const [row] = await this.rows<{ up: number; engine: string | null }>(
      `SELECT toFloat64(uptime()) AS up, (SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = '${table}') AS engine`,
    );
    if (row === undefined) return false;
    const started = Math.round(Date.now() / 1_000 - row.up);
    if (Math.abs(started - this.started) > UPTIME_MS / 1_000) this.started = started;
    return row.up * 1_000 <= ageMs + UPTIME_MS && /^(?!Replicated).*MergeTree$/.test(row.engine ?? "");
  }

  /** For a table whose rows are alike however often they are there. */
  async again(inserter: Pick<BlockInserter, "insert">, table: string, rows: Buffer, doubt: Doubt) {
    if (await this.suspected(table, doubt)) await inserter.insert(rows, this.tokenFor(table, doubt));
  }

  /** For a table with log_partition and log_offset. Like the others it rejects when ClickHouse does not answer, or not yet. */
  place(of: SinkTable, rows: Buffer, doubt: Doubt): Promise<void> {
    return this.staged(of, rows, doubt, (staging) => this.fillTable(of.table, staging, doubt));
  }

  /** For events, and all that views make of them. */
  events(of: SinkTable, rows: Buffer, doubt: Doubt): Promise<void> {
    return this.staged(of, rows, doubt, async (staging) => {
      await this.fillTable(of.table, staging, doubt);
      for (const table of ["recipients", "message_keys", "account_messages"])
        await this.settled(table, doubt, async () =>
          this.fillIn(table, await this.made(`${table}_from_events`, "events", staging), doubt),
        );
      const minutes = () => this.made("minutes_from_events", "events", staging);
      await this.settled("minutes", doubt, async () => {
        const made = `SELECT * REPLACE (${FILLED_IN} AS summed) FROM (${await minutes()})`;
        await this.fillSums(MINUTES, made, staging, doubt);
        // What is owed stands in the minute of its submission, which may be in another month; its greatest amount counts, however often it is there.
        await this.fillIn("minutes", `SELECT ${MINUTE_KEYS}, summed, owed FROM (${made}) WHERE notEmpty(owed)`, doubt);
      });
      await this.settled("periods", doubt, async () => {
        const made = await this.made("periods_from_minutes", "minutes", `(${await minutes()})`);
        await this.fillSums(PERIODS, made, staging, doubt);
        await this.fillIn("periods", `SELECT span, ${HOUR_KEYS}, owed FROM (${made}) WHERE notEmpty(owed)`, doubt);
      });
    });
  }

  /** Runs `work` with the name of a table that holds the block alone. A second owner makes the same one anew, with the same block. */
  private async staged(
    of: SinkTable,
    rows: Buffer,
    doubt: Doubt,
    work: (staging: string) => Promise<void>,
  ): Promise<void> {
    if (!(await this.suspected(of.table, doubt))) return;
    await this.settled(of.table, doubt, async () => {
      const staging = await this.stage(of, rows, doubt);
      await work(staging);
      await this.command(`DROP TABLE IF EXISTS ${staging}`);
    });
  }

  /** Says what can never be settled, however often it is tried: the partition would stand still for it. */
  private async settled(table: string, doubt: Doubt, work: () => Promise<void>): Promise<void> {
    if (!doubt.alive()) return;
    try {
      await work();
    } catch (error) {
      const isForGood =
        error instanceof OtherView || (error instanceof ClickHouseError && FOR_GOOD.has(error.type ?? ""));
      if (!isForGood) throw error;
      this.unsettled(table, doubt, error.message);
    }
  }

  private async stage(of: SinkTable, rows: Buffer, { partition, token }: Doubt): Promise<string> {
    const staging = `${this.config.clickhouseDatabase}.${of.table}_in_doubt_${partition}`;
    await this.command(`CREATE OR REPLACE TABLE ${staging} AS ${of.table}`);
    const inserter = new BlockInserter(this.config, { ...of, table: staging, connections: 1, timeoutMs: TIMEOUT_MS });
    try {
      await inserter.insert(rows, token);
    } finally {
      await inserter.close();
    }
    return staging;
  }

  /** Parts are taken over as they are, so no view hears of them. */
  private async fillTable(table: string, staging: string, doubt: Doubt): Promise<void> {
    const { partition, start, end } = doubt;
    const given = await this.parts(staging, "1");
    const stored = await this.parts(
      table,
      `log_partition = ${partition} AND log_offset >= ${start} AND log_offset < ${end}
       AND ${ofHours(staging)}`,
    );
    for (const [part, count] of given) {
      const there = stored.get(part) ?? 0;
      if (there === count) continue;
      if (there > 0) this.unsettled(table, doubt);
      else if (doubt.alive()) {
        await this.noneUnderWay(staging);
        await this.command(`ALTER TABLE ${table} ATTACH PARTITION ID '${part}' FROM ${staging}`);
        this.filled(table, doubt);
      }
    }
  }

  private async parts(table: string, where: string): Promise<Map<string, number>> {
    const query = `SELECT _partition_id AS part, toFloat64(count()) AS count FROM ${table} WHERE ${where} GROUP BY part`;
    return new Map((await this.rows<{ part: string; count: number }>(query)).map(({ part, count }) => [part, count]));
  }

  /** Fills in the parts of the block that a table of sums lacks, when looks that are alike say so. */
  private async fillSums(sums: Sums, select: string, staging: string, doubt: Doubt): Promise<void> {
    const seen = new Map<string, { verdict: Verdict; times: number; since: number }>();
    const began = performance.now();
    do {
      for (const { part, ...groups } of await this.look(sums, staging)) {
        const verdict = judge(groups);
        const before = seen.get(part);
        const isAlike = before?.verdict === verdict;
        seen.set(part, {
          verdict,
          times: isAlike ? before.times + 1 : 1,
          since: isAlike ? before.since : performance.now(),
        });
      }
      if ([...seen.values()].every((one) => this.isSure(one))) break;
      await pause(LOOK_EVERY_MS);
    } while (performance.now() - began < this.looks.mostMs && doubt.alive());
    if (!doubt.alive()) return;
    for (const [part, one] of seen) {
      if (!this.isSure(one)) this.unsettled(sums.table, doubt);
      else if (one.verdict === "lacking") {
        await this.fillIn(sums.table, `SELECT * FROM (${select}) WHERE ${sums.part} = ${part}`, doubt, part);
        this.filled(sums.table, doubt);
      }
    }
  }

  private isSure({ verdict, times, since }: { verdict: Verdict; times: number; since: number }): boolean {
    if (verdict === "unclear" || times < LOOKS_ALIKE) return false;
    return verdict === "stored" || performance.now() - since >= this.looks.lackingMs;
  }

  private look({ ofBlock, ofSource, kept, keys, part }: Sums, staging: string): Promise<(Groups & { part: string })[]> {
    return this.rows(
      `SELECT toString(${part}) AS part, toFloat64(count()) AS groups, toFloat64(countIf(s.n = k.n)) AS same,
         toFloat64(countIf(s.n = k.n + b.n)) AS lacking
       FROM (${ofBlock(staging)}) AS b LEFT JOIN (${ofSource(staging)}) AS s USING (${keys}) LEFT JOIN (${kept(staging)}) AS k USING (${keys})
       GROUP BY part`,
    );
  }

  /** Inserts what a view makes of the block, once more. `of`: what of it. */
  private async fillIn(table: string, select: string, doubt: Doubt, of = ""): Promise<void> {
    if (!doubt.alive()) return;
    const columns = await this.rows<{ name: string }>(`DESCRIBE TABLE (${select})`);
    const names = columns.map(({ name }) => name).join(", ");
    await this.command(`INSERT INTO ${table} (${names}) ${select}`, this.tokenFor(`${table}/${of}`, doubt));
  }

  /** One that was begun and whose answer was lost would bring the same rows once more. @throws Error while it is under way */
  private async noneUnderWay(staging: string): Promise<void> {
    const [row] = await this.rows<{ n: number }>(
      `SELECT toFloat64(count()) AS n FROM system.processes WHERE query LIKE 'ALTER TABLE % ATTACH PARTITION ID % FROM ${staging}'`,
    );
    if (row?.n !== 0) throw new Error(`parts of ${staging} are being taken over`);
  }

  /** The block's own token is taken, and this insert too may be cut off where its token is noted: another one after each start of ClickHouse. */
  private tokenFor(what: string, { token }: Doubt): string {
    return `${token}/again/${what}/${this.started}`;
  }

  /** What a view's query makes of `instead` in place of the table that it reads. */
  private async made(view: string, reads: string, instead: string): Promise<string> {
    const [row] = await this.rows<{ as_select: string }>(
      `SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = '${view}'`,
    );
    const query = row?.as_select ?? "";
    const made = query.replace(` FROM ${this.config.clickhouseDatabase}.${reads}`, () => ` FROM ${instead}`);
    if (made === query) throw new OtherView(`the view ${view} is not there, or does not read ${reads}`);
    return made;
  }

  private filled(table: string, { token }: Doubt): void {
    this.log.warn(
      { table, block: token },
      "ClickHouse was killed when it had noted this block and not yet stored it: it is filled in",
    );
  }

  private unsettled(table: string, { token }: Doubt, why?: string): void {
    this.log.error(
      { table, block: token, ...(why === undefined ? {} : { why }) },
      "ClickHouse was killed while it was given this block, and whether the table has it cannot be told: run sluice audit --clickhouse",
    );
  }

  private async rows<Row>(query: string): Promise<Row[]> {
    const answer = await this.client.query({ query, format: "JSONEachRow" });
    return (await answer.json()) as Row[];
  }

  private async command(query: string, token?: string): Promise<void> {
    const settings = token === undefined ? {} : { async_insert: 0 as const, insert_deduplication_token: token };
    await this.client.command({ query, clickhouse_settings: settings });
  }
}

/** Not the view that the migrations make. */
class OtherView extends Error {}

const FOR_GOOD = new Set(["ACCESS_DENIED", "TIMEOUT_EXCEEDED"]);

interface Groups {
  readonly groups: number;
  /** In which both sides say the same, and in which the kept side says less by just the block. */
  readonly same: number;
  readonly lacking: number;
}

type Verdict = "stored" | "lacking" | "unclear";

function judge({ groups, same, lacking }: Groups): Verdict {
  if (same === groups) return "stored";
  return lacking === groups ? "lacking" : "unclear";
}
