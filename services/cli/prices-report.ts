import type { ListDifference } from "../../domain/prices/compare-lists.ts";
import type { Field } from "../../domain/prices/header-words.ts";
import { formatProblem, type ListProblem, someOf } from "../../domain/prices/list-problem.ts";
import { countsText, percentText, priceLine } from "../../domain/prices/price-words.ts";
import type { PriceFile } from "../../domain/prices/read-list.ts";
import { midnightOf } from "../../domain/prices/zone.ts";

/** Changed prices that are listed unless all are asked for. */
const SHOWN = 40;

/** What was understood of a list, as plain data. */
export interface ListFacts {
  readonly currency: string;
  readonly columns: Partial<Record<Field, string>>;
  readonly notRead: readonly string[];
  readonly lines: PriceFile["lines"];
  readonly networks: number;
  readonly prefixes: number;
  readonly countries: readonly string[];
  readonly elsewhere: boolean;
  /** Days from which prices hold, the earliest first. */
  readonly dates: readonly { readonly day: string; readonly begins: string | undefined; readonly prices: number }[];
  /** Prices by when they are charged, where the list says it. */
  readonly charged: { readonly submit: number; readonly delivery: number };
  readonly warnings: readonly string[];
}

export function listFacts(list: PriceFile, zone: string | undefined): ListFacts {
  const { entries, currency, columns, ignored, lines } = list;
  const keys = (of: (entry: PriceFile["entries"][number]) => string | undefined) =>
    [...new Set(entries.flatMap((entry) => of(entry) ?? []))].sort();
  const days = keys(({ from }) => from);
  const charged = (when: string) => entries.filter((entry) => entry.charged === when).length;
  return {
    currency,
    columns: Object.fromEntries(columns),
    notRead: ignored,
    lines,
    networks: keys(({ network }) => network).length,
    prefixes: keys(({ prefix }) => prefix).length,
    countries: keys(({ country }) => country),
    elsewhere: entries.some(({ key }) => key === "*"),
    dates: days.map((day) => ({
      day,
      begins: zone === undefined ? undefined : new Date(midnightOf(day, zone)).toISOString(),
      prices: entries.filter(({ from }) => from === day).length,
    })),
    charged: { submit: charged("submit"), delivery: charged("delivery") },
    warnings: list.warnings.map(formatProblem),
  };
}

export const problemLines = (file: string, problems: readonly ListProblem[]): string[] =>
  problems.map((problem) => `${file}: ${formatProblem(problem)}`);

export function listTable(file: string, facts: ListFacts): string {
  const { lines, countries, elsewhere, charged } = facts;
  const columns = Object.entries(facts.columns).map(([field, name]) => `${field} "${name}"`);
  const others = (["heading", "total", "blank", "unserved"] as const).filter((kind) => lines[kind] > 0);
  const dates = facts.dates.map(
    ({ day, begins, prices }) => `${day}${begins === undefined ? "" : ` (${begins})`}: ${counted(prices, "price")}`,
  );
  const row = (name: string, text: string) => (text === "" ? [] : [`  ${name.padEnd(10)} ${text}`]);
  return [
    `${file}: ${counted(lines.row, "row")}, in ${facts.currency}`,
    ...row("columns", columns.join(", ")),
    ...row("not read", facts.notRead.map((name) => `"${name}"`).join(", ")),
    ...row("left out", others.map((kind) => `${lines[kind]} ${kind}`).join(", ")),
    ...row(
      "prices of",
      `${counted(facts.networks, "network")}, ${counted(facts.prefixes, "prefix", "prefixes")}, in ${counted(countries.length, "country", "countries")}${elsewhere ? ", and everywhere else" : ""}`,
    ),
    ...row("countries", someOf(countries, 20)),
    ...row("valid from", dates.join("; ")),
    ...row(
      "charged",
      charged.submit + charged.delivery === 0 ? "" : `${charged.submit} on submit, ${charged.delivery} on delivery`,
    ),
    ...facts.warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}

/** Counts, a line for each country in which a price changed, and the changed prices. */
export function differenceTable(
  against: string,
  { counts, countries, prices, currency }: ListDifference,
  all: boolean,
): string {
  const changed = prices.filter(({ kind }) => kind !== "unchanged");
  const shown = all ? changed : changed.slice(0, SHOWN);
  const moved = countries.filter((country) => changed.some((price) => price.country === country.country));
  return [
    `against ${against}: ${countsText(counts)}`,
    ...moved.map(({ country, counts: of, largestRise, largestFall }) => {
      const largest = [largestRise, largestFall].flatMap((one) => (one === undefined ? [] : [percentText(one)]));
      const most = largest.length === 0 ? "" : `, at most ${largest.join(" and ")}`;
      return `  ${(country ?? "--").padEnd(3)} ${countsText(of)}${most}`;
    }),
    ...(changed.length === 0 ? [] : [`changed prices in ${currency}:`]),
    ...shown.map((price) => `  ${priceLine(price)}`),
    ...(shown.length < changed.length ? [`  and ${changed.length - shown.length} more (--all)`] : []),
  ].join("\n");
}

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
