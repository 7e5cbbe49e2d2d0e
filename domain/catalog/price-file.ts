import { z } from "zod";
import { decodeText } from "../prices/decode-text.ts";
import { fields } from "../prices/header-words.ts";
import { formatProblem } from "../prices/list-problem.ts";
import { readDate } from "../prices/local-date.ts";
import { normalForm } from "../prices/normal-form.ts";
import { type PriceFile, readList } from "../prices/read-list.ts";
import { divisors } from "../prices/units.ts";
import { isZone, midnightOf } from "../prices/zone.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import type { PublishedPrices } from "./compiled-prices.ts";
import { explainIssue } from "./explain-issue.ts";
import { currency } from "./fields.ts";
import { charged } from "./price-list.ts";

/** The octets of a file of the catalog's folder; throws, with a message for people, when it cannot be read. */
export type ReadOctets = (file: string) => Uint8Array;

const file = z
  .string()
  .regex(/^(?![/\\])(?!(?:.*[/\\])?\.\.(?:[/\\]|$)).+$/, "a file in the catalog's folder, such as prices/smsc-a.csv");
const day = z
  .string()
  .refine((text) => /^\d{4}-\d\d-\d\d$/.test(text) && readDate(text, undefined).ok, "a day such as 2027-01-31");

/** How a provider's price list is to be read: `prices` of providers.yaml, when it is no list itself. */
export const priceFileSettings = z.strictObject({
  file,
  /** The list that takes its place on a day. */
  next: z.strictObject({ file, from: day }).optional(),
  /** IANA zone in whose midnight prices change. */
  zone: z.string().refine(isZone, "a zone of the IANA database, such as Europe/Berlin or UTC").optional(),
  currency: currency.optional(),
  /** Whose rows are read, where a list has those of several. */
  provider: z.string().min(1).optional(),
  /** Headers of columns whose words are not understood. */
  columns: z.partialRecord(z.enum(fields), z.string().min(1)).default({}),
  decimal: z.enum(["comma", "point"]).optional(),
  dates: z.enum(["day-first", "month-first"]).optional(),
  /** By what its prices are divided to be of one segment, in units of the currency. */
  divisor: z.literal(divisors).optional(),
  /** When all of its prices are owed. `submit` holds also for rows that say delivery; without it each row says it, or is on submit. */
  charged: charged.optional(),
});

type Settings = z.output<typeof priceFileSettings>;
type Plain = Readonly<Record<string, unknown>>;
type Keys = readonly (string | number)[];

type IsToCome = (day: string) => boolean;
type Following = NonNullable<Settings["next"]>;

export interface WithPriceFiles {
  /** The catalog with lists in the form in which they are published; none where something is wrong with one. */
  readonly value: Plain;
  readonly problems: readonly CatalogProblem[];
  /** What the lists say and probably do not mean. */
  readonly warnings: readonly CatalogProblem[];
}

/** Reads every price list that a catalog, given as plain data, names. `now`: epoch ms, where it is to be told what is still to come. */
export function withPriceFiles(input: Plain, octets: ReadOctets, now?: number): WithPriceFiles {
  const { providers } = input;
  if (!Array.isArray(providers)) return { value: input, problems: [], warnings: [] };
  const problems: CatalogProblem[] = [];
  const warnings: CatalogProblem[] = [];
  const read = providers.map((provider: unknown, index) => {
    if (!isPlain(provider) || !isPlain(provider.prices)) return provider;
    const lists = new ListReader(["providers", index, "prices"], octets, now);
    const prices = lists.published(provider.prices) ?? [];
    problems.push(...lists.problems);
    warnings.push(...lists.warnings);
    return { ...provider, prices };
  });
  return { value: { ...input, providers: read }, problems, warnings };
}

/** Reads the lists of one provider. */
class ListReader {
  readonly problems: CatalogProblem[] = [];
  readonly warnings: CatalogProblem[] = [];
  private readonly at: Keys;
  private readonly octets: ReadOctets;
  private readonly now: number | undefined;

  /** `at`: where its prices stand in the catalog; `now`: epoch ms. */
  constructor(at: Keys, octets: ReadOctets, now: number | undefined) {
    this.at = at;
    this.octets = octets;
    this.now = now;
  }

  /** Undefined when something is wrong with them. */
  published(written: Plain): PublishedPrices | undefined {
    const parsed = priceFileSettings.safeParse(written);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) this.problem(issue.path as Keys, explainIssue(issue, written));
      return undefined;
    }
    const settings = parsed.data;
    const { next, zone, charged: when } = settings;
    const first = this.list(settings.file, settings, ["file"]);
    const following = next && this.list(next.file, settings, ["next", "file"]);
    if (first === undefined || (next !== undefined && following === undefined)) return undefined;
    const dated = [first, following].some((list) => list?.entries.some(({ from }) => from !== undefined));
    if ((dated || next !== undefined) && zone === undefined) {
      this.problem(["zone"], "is missing: the list has dates, and a day begins at another time in each zone");
      return undefined;
    }
    if (zone !== undefined) this.warnOfGap(first, this.isToCome(zone), settings.file);
    if (zone !== undefined && following && next)
      this.warnOfGapAfter(following, this.isToCome(zone) ?? (() => true), next);
    return {
      list: normalForm(first),
      ...(following && next ? { next: { list: normalForm(following), from: next.from } } : {}),
      ...(zone === undefined ? {} : { zone }),
      ...(when === undefined ? {} : { charged: when }),
    };
  }

  private list(name: string, settings: Settings, key: Keys): PriceFile | undefined {
    let text: ReturnType<typeof decodeText>;
    try {
      text = decodeText(this.octets(name));
    } catch (error) {
      this.problem(key, (error as Error).message);
      return undefined;
    }
    if (!text.ok) {
      this.problem(key, `${name} ${text.message}`);
      return undefined;
    }
    const list = readList(text.value, settings);
    if (!list.ok) {
      for (const one of list.problems) this.problem(key, `${name}, ${formatProblem(one)}`);
      return undefined;
    }
    this.warn(list.value, name, key);
    return settings.charged !== "delivery" || this.neverOnSubmit(list.value, name, key) ? list.value : undefined;
  }

  private warn({ warnings }: PriceFile, name: string, key: Keys): void {
    for (const one of warnings) this.warnings.push(problemAt([...this.at, ...key], `${name}, ${formatProblem(one)}`));
  }

  /** Whether a day has not begun in a zone; undefined where the moment is not known. */
  private isToCome(zone: string): IsToCome | undefined {
    const { now } = this;
    if (now === undefined) return undefined;
    const begins = new Map<string, number>();
    return (day) => {
      if (!begins.has(day)) begins.set(day, midnightOf(day, zone));
      return begins.get(day)! > now;
    };
  }

  /** Prices that are to come, where nothing of the same holds until then: a list of new prices alone takes those of today away. */
  private warnOfGap({ entries }: PriceFile, isToCome: IsToCome | undefined, name: string): void {
    if (isToCome === undefined) return;
    const late = lateOnes(entries, isToCome);
    if (late === undefined) return;
    const message = `${name}, line ${late.line}: ${late.count} hold from a day to come alone (${late.first}): until then a wider price counts, or the provider does not serve them; a list that takes the place of another on a day is its "next"`;
    this.warnings.push(problemAt([...this.at, "file"], message));
  }

  /** The same in the list that follows: it takes the other's place as a whole, also where its own prices begin later. */
  private warnOfGapAfter({ entries }: PriceFile, isToCome: IsToCome, { file: name, from: day }: Following): void {
    const late = lateOnes(entries, (from) => from > day && isToCome(from));
    if (late === undefined) return;
    const message = `${name}, line ${late.line}: ${late.count} hold only from a day after ${day}, when this list takes the place of the one before (${late.first}): until then a wider price counts, or the provider does not serve them; write the prices that hold until then into this list, too, or let it begin later ("from")`;
    this.warnings.push(problemAt([...this.at, "next", "file"], message));
  }

  /** A price that the provider says to take for every submission would be counted too low without a word. */
  private neverOnSubmit({ entries }: PriceFile, name: string, key: Keys): boolean {
    const other = entries.find((entry) => entry.charged === "submit");
    if (other === undefined) return true;
    const message = `${name}, line ${other.line}: is charged on submit, and "charged: delivery" would count nothing where it fails; without "charged" each row counts as it says`;
    this.problem(key, message);
    return false;
  }

  private problem(key: Keys, message: string): void {
    this.problems.push(problemAt([...this.at, ...key], message));
  }
}

/** Prices whose first day is late, and nothing of the same holds before; undefined where there are none. */
function lateOnes(entries: PriceFile["entries"], isLate: (day: string) => boolean) {
  const earliest = new Map<string, PriceFile["entries"][number]>();
  for (const entry of entries) {
    const before = earliest.get(entry.key);
    if (before === undefined || (entry.from ?? "") < (before.from ?? "")) earliest.set(entry.key, entry);
  }
  const late = [...earliest.values()].filter(({ from }) => from !== undefined && isLate(from));
  const [first] = late;
  if (first === undefined) return undefined;
  const count = `${late.length} of ${earliest.size} prices`;
  return { line: first.line, count, first: `${first.key} from ${first.from}` };
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
