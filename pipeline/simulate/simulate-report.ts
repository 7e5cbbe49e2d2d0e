import type { ExchangeRates } from "../../domain/catalog/exchange-rates.ts";
import type { SeenDeliveries } from "./seen-deliveries.ts";
import type { Tally } from "./tally.ts";

/** What a simulation found. */
export interface Simulation {
  /** Epoch ms of the first and the last decision; undefined when there was none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly recorded: Tally;
  /** The catalog at work; undefined where none was applied. */
  readonly atWork: { readonly name: string; readonly tally: Tally } | undefined;
  readonly changed: { readonly name: string; readonly tally: Tally };
  readonly seen: SeenDeliveries;
  /** By what costs in several currencies are put together. */
  readonly rates: ExchangeRates | undefined;
  /** Messages by how their network was known: `prefix`, `lookup`, `learned`. */
  readonly networkSources: ReadonlyMap<string, number>;
  /** Events that could not be read. */
  readonly unreadable: number;
  /** Records of the time that were not read, since there are more than may be. */
  readonly leftOut: number;
}

/** What no replay knows, whatever it shows. */
const UNKNOWABLE = [
  "the providers' health and backlog: all count as well, with nothing waiting, so rates and fail-overs do not show",
  "caps of senders and campaigns: all have room",
  "later tries: only the first decision on each message is made again",
  "networks by other means than then: every message has the network that it was routed by, whatever look-ups the catalog has",
  "the month's volume: a provider with volume terms has the prices of a month's first segment, those of its commitment if it has one",
  "what receipts would have said elsewhere: a provider is taken to deliver as it did then, in the same network where it had enough messages there",
  "what is charged on delivery and not delivered: such prices count by the share that the provider delivered then",
  "what applications tell of conversions: routes with measure: conversions go by deliveries here",
  "what chance would draw: a message has the same draw with every catalog, and each time that this is run",
] as const;

const MICROS = 1_000_000;
/** Micro-units. */
const SMALL_AMOUNT = 1_000 * MICROS;

interface Column {
  readonly name: string;
  readonly tally: Tally;
}

/** The simulation as a table for people. */
export function simulateTable(simulation: Simulation): string {
  const { recorded, changed, atWork, first, last } = simulation;
  if (recorded.messages === 0 || first === undefined || last === undefined)
    return "No message was decided in this time: there is nothing to compare.";
  const columns: Column[] = [
    { name: "as it was", tally: recorded },
    ...(atWork === undefined ? [] : [atWork]),
    changed,
  ];
  const base = (atWork ?? columns[0]!).tally;
  const rows = [
    ["", ...columns.map(({ name }) => name), "difference"],
    ...providersOf(columns).map((id) => providerRow(id, columns, base)),
    row("not carried", columns, base, (tally) => tally.notCarried, whole),
    ...reasonsOf(columns).map((reason) =>
      row(`  ${reason}`, columns, base, (tally) => tally.refused.get(reason) ?? 0, whole),
    ),
    ...moneyRows(columns, base, simulation.rates),
    row(
      "expected delivered",
      columns,
      base,
      (tally) => tally.delivered,
      (count) => whole(Math.round(count)),
    ),
    ...perDelivered(columns, base, simulation.rates),
  ];
  return [
    `${recorded.messages} messages, decided from ${time(first)} to ${time(last)}`,
    "",
    ...aligned(rows),
    "",
    `difference: ${changed.name} against ${atWork === undefined ? "what was" : atWork.name}`,
    ...notes(simulation),
  ].join("\n");
}

/** The same for programs. */
export function simulateJson(simulation: Simulation): object {
  const { first, last, recorded, atWork, changed, rates, networkSources, unreadable, leftOut } = simulation;
  const of = (tally: Tally) => ({
    messages: tally.messages,
    providers: Object.fromEntries(tally.providers),
    notCarried: Object.fromEntries(tally.refused),
    costs: Object.fromEntries([...tally.costs].map(([unit, micros]) => [unit, micros / MICROS])),
    expectedDelivered: tally.delivered,
    total: plain(tally.total(rates)),
  });
  return {
    from: first === undefined ? null : time(first),
    until: last === undefined ? null : time(last),
    recorded: of(recorded),
    atWork: atWork === undefined ? null : { name: atWork.name, ...of(atWork.tally) },
    changed: { name: changed.name, ...of(changed.tally) },
    /** Messages that ended in the time: by them the expected deliveries are reckoned. */
    ended: simulation.seen.all,
    networkSources: Object.fromEntries(networkSources),
    unreadable,
    leftOut,
    notKnown: [...UNKNOWABLE, ...unseen(simulation)],
  };
}

function plain(total: ReturnType<Tally["total"]>): { amount: number; currency: string } | null {
  return total === undefined ? null : { amount: total.micros / MICROS, currency: total.currency };
}

function providersOf(columns: readonly Column[]): string[] {
  return [...new Set(columns.flatMap(({ tally }) => [...tally.providers.keys()]))].sort();
}

function reasonsOf(columns: readonly Column[]): string[] {
  return [...new Set(columns.flatMap(({ tally }) => [...tally.refused.keys()]))].sort();
}

function providerRow(id: string, columns: readonly Column[], base: Tally): string[] {
  const messages = (tally: Tally) => tally.providers.get(id)?.messages ?? 0;
  const shown = (tally: Tally) => `${messages(tally)} (${percent(messages(tally) / Math.max(1, tally.messages))})`;
  const { tally } = columns.at(-1)!;
  return [id, ...columns.map((column) => shown(column.tally)), signed(messages(tally) - messages(base), whole)];
}

function row(
  name: string,
  columns: readonly Column[],
  base: Tally,
  value: (tally: Tally) => number,
  text: (value: number) => string,
): string[] {
  const { tally } = columns.at(-1)!;
  return [name, ...columns.map((column) => text(value(column.tally))), signed(value(tally) - value(base), text)];
}

function moneyRows(columns: readonly Column[], base: Tally, rates: ExchangeRates | undefined): string[][] {
  const units = [...new Set(columns.flatMap(({ tally }) => [...tally.costs.keys()]))].sort();
  const rows = units.map((unit) => moneyRow(`cost ${unit}`, columns, base, (tally) => tally.costs.get(unit) ?? 0));
  const totals = columns.map(({ tally }) => tally.total(rates));
  // Without rates columns of one currency each have totals, and nothing to compare these by.
  if (units.length < 2 || rates === undefined || totals.some((total) => total === undefined)) return rows;
  const total = (tally: Tally) => tally.total(rates)!.micros;
  return [...rows, moneyRow(`cost in ${rates.base}`, columns, base, total)];
}

/** A few messages cost cents, whose differences show in the fourth place only. */
function moneyRow(name: string, columns: readonly Column[], base: Tally, value: (tally: Tally) => number): string[] {
  const largest = Math.max(...columns.map(({ tally }) => value(tally)));
  const places = largest < SMALL_AMOUNT ? 4 : 2;
  return row(name, columns, base, value, (micros) => (micros / MICROS).toFixed(places));
}

function perDelivered(columns: readonly Column[], base: Tally, rates: ExchangeRates | undefined): string[][] {
  const totals = columns.map(({ tally }) => tally.total(rates));
  const unit = totals[0]?.currency;
  if (unit === undefined || totals.some((total) => total?.currency !== unit)) return [];
  const each = (tally: Tally) => (tally.delivered > 0 ? tally.total(rates)!.micros / tally.delivered : 0);
  return [row(`${unit} a delivered message`, columns, base, each, (micros) => (micros / MICROS).toFixed(5))];
}

function notes(simulation: Simulation): string[] {
  const { rates, seen, networkSources, unreadable, leftOut } = simulation;
  const { ended, delivered } = seen.all;
  return [
    ...(rates === undefined ? [] : [`${rates.base}: by the rates of ${rates.date}`]),
    ended === 0
      ? "expected delivered: nothing has ended yet, so every message counts as delivered"
      : `expected delivered: by ${ended} messages that ended, ${percent(delivered / ended)} of them delivered`,
    `networks known by: ${[...networkSources].map(([source, count]) => `${source} ${count}`).join(", ")}`,
    ...(unreadable === 0 ? [] : [`${unreadable} events could not be read and are left out`]),
    ...(leftOut === 0 ? [] : [`${leftOut} older records of the time were not read`]),
    "What this cannot know:",
    ...[...UNKNOWABLE, ...unseen(simulation)].map((line) => `  - ${line}`),
  ];
}

/** Providers that would get messages and had none that ended. */
function unseen({ changed, seen }: Simulation): string[] {
  return [...changed.tally.providers.keys()]
    .filter((id) => !seen.knows(id))
    .sort()
    .map((id) => `how ${id} delivers: no message of it ended in this time, so it counts as the others together`);
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

function signed(value: number, text: (value: number) => string): string {
  const [shown, none] = [text(Math.abs(value)), text(0)];
  return shown === none ? none : `${value > 0 ? "+" : "-"}${shown}`;
}

function whole(count: number): string {
  return String(count);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
