import { parseMoney } from "../../domain/catalog/money.ts";
import { compareLists } from "../../domain/prices/compare-lists.ts";
import { currencyOfNormalForm, type PricedEntries, readNormalForm } from "../../domain/prices/normal-form.ts";
import { ELSEWHERE_KEY, type PlacedEntry } from "../../domain/prices/price-entry.ts";
import { countsText, priceLine } from "../../domain/prices/price-words.ts";

type Plain = Readonly<Record<string, unknown>>;

/** A price list of a catalog: written beside its provider, or published from a file. */
interface StoredList {
  readonly text: string | undefined;
  readonly list: PricedEntries;
}

/** Prices that are told one by one; beyond it their number is. */
const NAMED = 20;

/** Whether a provider's prices, as a version has them, came from a file. */
export function isPublished(prices: unknown): prices is Plain & { readonly list: string } {
  return typeof prices === "object" && prices !== null && "list" in prices && typeof prices.list === "string";
}

/** What is different between the prices of two providers, of which one at least came from a file, a line each. */
export function pricesDiff(before: Plain, after: Plain): string[] {
  const [old, now] = [before, after].map((provider) => (isPublished(provider.prices) ? provider.prices : {}) as Plain);
  const [oldNext, nowNext] = [old, now].map((prices) => prices?.next as Plain | undefined);
  const settings = ["zone", "charged"].flatMap((name) =>
    old?.[name] === now?.[name] ? [] : [`prices.${name}: ${old?.[name] ?? "not set"} -> ${now?.[name] ?? "not set"}`],
  );
  return [
    ...listDiff("prices", storedList(before.prices, before.currency), storedList(after.prices, after.currency)),
    ...nextDiff(oldNext, nowNext),
    ...settings,
  ];
}

/** The list that follows on a day. */
function nextDiff(before: Plain | undefined, after: Plain | undefined): string[] {
  if (after === undefined) return before === undefined ? [] : [`prices.next: without the list from ${before.from}`];
  if (before === undefined) return [`prices.next: with a list from ${after.from}`];
  return [
    ...(before.from === after.from ? [] : [`prices.next.from: ${before.from} -> ${after.from}`]),
    ...listDiff("prices.next", publishedList(String(before.list)), publishedList(String(after.list))),
  ];
}

function listDiff(path: string, before: StoredList, after: StoredList): string[] {
  if (before.text !== undefined && before.text === after.text) return [];
  const difference = compareLists(before.list, after.list);
  if (!difference.ok) return [`${path}: ${difference.message}`];
  const { counts, prices } = difference.value;
  const changed = prices.filter(({ kind }) => kind !== "unchanged");
  if (changed.length === 0) {
    const names = before.text !== undefined && after.text !== undefined;
    return [
      `${path}: ${names ? "the same prices, with other names of networks" : "the same prices, from another place"}`,
    ];
  }
  const more = changed.length > NAMED ? [`${path}: and ${changed.length - NAMED} more`] : [];
  return [
    `${path}: ${countsText(counts)}`,
    ...changed.slice(0, NAMED).map((price) => `${path}: ${priceLine(price)}`),
    ...more,
  ];
}

function storedList(prices: unknown, currency: unknown): StoredList {
  if (isPublished(prices)) return publishedList(prices.list);
  const entries = (Array.isArray(prices) ? prices : []).map(writtenEntry);
  return { text: undefined, list: { currency: String(currency), entries } };
}

function publishedList(text: string): StoredList {
  const entries = [...readNormalForm(text)].flatMap((cell) => (cell.ok ? [cell.value] : []));
  return { text, list: { currency: currencyOfNormalForm(text) ?? "", entries } };
}

function writtenEntry({ country, mccMnc, price, charged }: Plain, index: number): PlacedEntry {
  return {
    line: index + 1,
    country: country === undefined ? undefined : String(country),
    network: mccMnc === undefined ? undefined : String(mccMnc),
    prefix: undefined,
    name: "",
    price: parseMoney(String(price)) ?? 0,
    from: undefined,
    charged: charged === "delivery" ? "delivery" : undefined,
    key: String(mccMnc ?? country ?? ELSEWHERE_KEY),
  };
}
