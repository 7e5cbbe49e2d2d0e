import { type Cell, read, unreadable } from "./list-problem.ts";
import { wordTable } from "./words.ts";

/** A day of a calendar without its zone: `2026-12-01`. */
export type LocalDate = string;
export type DateOrder = "day-first" | "month-first";

const MONTHS = wordTable([
  [1, "jan,january,januar,janvier,janv,ene,enero,gennaio,gen,janeiro"],
  [2, "feb,february,februar,fevrier,fev,febrero,febbraio,fevereiro"],
  [3, "mar,march,marz,maerz,mrz,mars,marzo,marco"],
  [4, "apr,april,avril,avr,abr,abril,aprile"],
  [5, "may,mai,mayo,maggio,mag,maio"],
  [6, "jun,june,juni,juin,junio,giugno,giu,junho"],
  [7, "jul,july,juli,juillet,juil,julio,luglio,lug,julho"],
  [8, "aug,august,aout,ago,agosto"],
  [9, "sep,sept,september,septembre,septiembre,settembre,set,setembro"],
  [10, "oct,october,okt,oktober,octobre,octubre,ottobre,ott,out,outubro"],
  [11, "nov,november,novembre,noviembre,novembro"],
  [12, "dec,december,dez,dezember,decembre,dic,diciembre,dicembre,dezembro"],
]);

const MIDNIGHT = /(?<![T\s])[T\s]+(?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)?\s*AM)$/i;
const YEAR_FIRST = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/;
const JOINED = /^(20\d\d)(\d\d)(\d\d)$/;
const DOTTED = /^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d\d)$/;
const SLASHED = /^(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d\d)$/;
const DAY_NAMED = /^(\d{1,2})(?:st|nd|rd|th)?\.?[-\s/.]*(?:de\s)?(\p{L}+)\.?[-\s/,.]*(?:de\s)?(\d{4}|\d\d)$/u;
const MONTH_NAMED = /^(\p{L}+)\.?\s*(\d{1,2})(?:st|nd|rd|th)?(?:\s*,)?\s+(\d{4})$/u;

/** What the dates of a column say of their order: one with a 13 or more in it tells; undefined for none, or both. */
export function dateOrderOf(cells: Iterable<string>): DateOrder | undefined {
  const seen = new Set<DateOrder>();
  for (const cell of cells) {
    const [, first, , second] = SLASHED.exec(cell.trim().replace(MIDNIGHT, "")) ?? [];
    if (Number(first) > 12) seen.add("day-first");
    if (Number(second) > 12) seen.add("month-first");
  }
  return seen.size === 1 ? [...seen][0] : undefined;
}

/** A date in one of the usual forms; a time other than midnight is refused, since prices change at midnight. */
export function readDate(text: string, order: DateOrder | undefined): Cell<LocalDate> {
  const bare = text.trim().replace(MIDNIGHT, "");
  const [, year, month, day] = YEAR_FIRST.exec(bare) ?? JOINED.exec(bare) ?? [];
  if (year !== undefined) return dateOf(text, year, Number(month), Number(day));
  const dotted = DOTTED.exec(bare);
  if (dotted !== null) return dateOf(text, dotted[3]!, Number(dotted[2]), Number(dotted[1]));
  const slashed = SLASHED.exec(bare);
  if (slashed !== null) return readSlashed(text, slashed, order);
  const plain = bare.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const dayNamed = DAY_NAMED.exec(plain);
  if (dayNamed !== null) return dateOf(text, dayNamed[3]!, MONTHS.get(dayNamed[2]!) ?? 0, Number(dayNamed[1]));
  const monthNamed = MONTH_NAMED.exec(plain);
  if (monthNamed !== null) return dateOf(text, monthNamed[3]!, MONTHS.get(monthNamed[1]!) ?? 0, Number(monthNamed[2]));
  if (/\d:\d\d/.test(bare))
    return unreadable(`"${text}": prices change at midnight of the zone that is stated ("zone"); give the date alone`);
  return unreadable(`"${text}" is no date that can be read: write it as 2026-12-31`);
}

function readSlashed(text: string, match: RegExpExecArray, order: DateOrder | undefined): Cell<LocalDate> {
  const [first, second] = [Number(match[1]), Number(match[3])];
  const year = match[4]!;
  const own = first > 12 || first === second ? "day-first" : second > 12 ? "month-first" : order;
  if (own === undefined) {
    return unreadable(
      `"${text}" may be the ${ordinal(first)} of month ${second} or the ${ordinal(second)} of month ${first}: state day-first or month-first ("dates")`,
    );
  }
  return own === "day-first" ? dateOf(text, year, second, first) : dateOf(text, year, first, second);
}

/** A year of two digits before this one is more likely a day that stands at the end. */
const FIRST_SHORT_YEAR = 10;

function dateOf(text: string, year: string, month: number, day: number): Cell<LocalDate> {
  const full = year.length === 2 ? `20${year}` : year;
  if (year.length === 2 && Number(year) < FIRST_SHORT_YEAR)
    return unreadable(`"${text}" is of ${full}, or its year stands elsewhere: write the year with four digits`);
  const date = new Date(Date.UTC(Number(full), month - 1, day));
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || Number(full) < 1990) return unreadable(`"${text}" is no date that there is`);
  return read(date.toISOString().slice(0, 10));
}

/** Of 1 to 12. */
const ordinal = (day: number): string => `${day}${["th", "st", "nd", "rd"][day] ?? "th"}`;
