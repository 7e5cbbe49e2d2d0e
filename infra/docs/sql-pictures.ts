import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bars, stackedColumns } from "./bar-pictures.ts";

/** Answers to some of the questions, as `make bench-sql` had them of its made messages. */
export interface PicturedAnswers {
  readonly messages: number;
  readonly answers: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

/** A picture of a question's answer. */
export interface SqlPicture {
  /** In docs. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const FILE = join(import.meta.dirname, "sql-pictures.json");

/** Questions whose answers are drawn, and how. */
export const DRAWN: Readonly<
  Record<string, (rows: readonly Readonly<Record<string, unknown>>[]) => Omit<SqlPicture, "file">>
> = {
  "funnel-by-hour": (rows) => {
    const title = "Messages by the hour of their acceptance: what became of them";
    const series = [
      { name: "delivered", colour: "#1a7f37" },
      { name: "failed", colour: "#cf222e" },
      { name: "unknown", colour: "#bf8700" },
      { name: "open", colour: "#8c959f" },
    ];
    const stacks = rows.map((row) => ({
      name: String(row.hour).slice(11, 16),
      values: series.map(({ name }) => Number(row[name])),
    }));
    return { title, svg: stackedColumns(title, series, stacks) };
  },
  "cost-per-delivered": (rows) => {
    const [{ stated_currency: unit = "" } = {}] = rows;
    const title = `What a delivered message costs by country, in ${String(unit)}`;
    return { title, svg: bars(title, { colour: "#0969da" }, byCountry(rows), { unit: String(unit), digits: 4 }) };
  },
};

/** Networks and providers of a country together; what delivered nothing, or has an amount without a rate, is not drawn. */
function byCountry(rows: readonly Readonly<Record<string, unknown>>[]): { name: string; value: number }[] {
  const countries = new Map<string, { cost: number; delivered: number }>();
  // A way with amounts in two currencies has two rows, whose deliveries are the same.
  const seen = new Set<string>();
  for (const row of rows) {
    const name = String(row.country);
    const country = countries.get(name) ?? { cost: 0, delivered: 0 };
    countries.set(name, country);
    country.cost += row.stated_cost === null ? Number.NaN : Number(row.stated_cost);
    const way = `${name} ${String(row.network)} ${String(row.provider)}`;
    if (!seen.has(way)) country.delivered += Number(row.delivered);
    seen.add(way);
  }
  return [...countries]
    .filter(([, { cost, delivered }]) => delivered > 0 && Number.isFinite(cost))
    .map(([name, { cost, delivered }]) => ({ name, value: cost / delivered }))
    .sort((a, b) => b.value - a.value);
}

/** The pictures by question; none where no answers were kept. */
export function sqlPictures(
  kept: PicturedAnswers | undefined = existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, "utf8")) as PicturedAnswers)
    : undefined,
): Record<string, SqlPicture> {
  return Object.fromEntries(
    Object.entries(DRAWN).flatMap(([name, draw]) => {
      const rows = kept?.answers[name];
      return rows === undefined || rows.length === 0 ? [] : [[name, { file: `sql-${name}.svg`, ...draw(rows) }]];
    }),
  );
}
