/** Signs of currencies; where several countries use one, the first is meant unless another is stated. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  US$: ["USD"],
  A$: ["AUD"],
  C$: ["CAD"],
  NZ$: ["NZD"],
  HK$: ["HKD"],
  S$: ["SGD"],
  R$: ["BRL"],
  $: ["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "CLP", "COP", "ARS"],
  "€": ["EUR"],
  "£": ["GBP", "EGP"],
  "¥": ["JPY", "CNY"],
  "₹": ["INR"],
  "₽": ["RUB"],
  "₺": ["TRY"],
  "₴": ["UAH"],
  "₦": ["NGN"],
  "₱": ["PHP"],
  "₫": ["VND"],
  "₪": ["ILS"],
  "₩": ["KRW"],
  "฿": ["THB"],
  "₸": ["KZT"],
};
const codes: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));
/** Names that are written for a code; "kr" alone may be Swedish, Norwegian or Danish and is refused. */
const NAMES: Readonly<Record<string, string>> = { euro: "EUR", euros: "EUR", "us dollar": "USD", zł: "PLN" };

/** Whether it is a code of ISO 4217. */
export const isCurrency = (code: string): boolean => codes.has(code);

/** The ISO 4217 code of a code, sign or name; `stated`: which of several that share a sign. Undefined: none is known. */
export function currencyOf(text: string, stated: string | undefined): string | undefined {
  const trimmed = text.trim();
  const upper = trimmed.toUpperCase();
  // GBp and ZAc are hundredths.
  if (/^[A-Z]{2}[a-z]$/.test(trimmed)) return undefined;
  if (isCurrency(upper)) return upper;
  const candidates = Object.hasOwn(SIGNS, upper) ? SIGNS[upper] : undefined;
  if (candidates !== undefined) return candidates.find((code) => code === stated) ?? candidates[0];
  const name = trimmed.toLowerCase();
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

const SIGN = /(?:US|NZ|HK|[ACSR])?\$|[€£¥₹₽₺₴₦₱₫₪₩฿₸]/u;

/** Codes that are words too, and mean a currency only in capitals. */
const WORDS = /^(?:all|top|try|sos|pen|lit)$/;

/** A currency that stands within a header, such as `Price (EUR)` or `€ per SMS`, and the header without it. */
export function currencyWithin(header: string, stated: string | undefined): { currency?: string; rest: string } {
  const codes = (header.match(/\p{L}+/gu) ?? []).filter(
    (word) => word.length === 3 && isCurrency(word.toUpperCase()) && !WORDS.test(word),
  );
  const capitals = codes.filter((word) => word === word.toUpperCase());
  const found = SIGN.exec(header)?.[0] ?? capitals.at(-1) ?? codes.at(-1);
  const currency = found === undefined ? undefined : currencyOf(found, stated);
  return found === undefined || currency === undefined
    ? { rest: header }
    : { currency, rest: header.replace(found, " ") };
}

/** The one currency that lines of text above a header name: `All prices in EUR`; undefined for none, or several. */
export function currencyOfTitles(lines: readonly string[], stated: string | undefined): string | undefined {
  const named = /(?:\bin|currency|währung|devise|moneda|valuta)\s*(?:[:=]\s*)?((?:[A-Z]{2})?\$|[€£¥]|[A-Za-z]{3}\b)/giu;
  const found = lines.flatMap((line) =>
    [...line.matchAll(named)].flatMap(([, text = ""]) =>
      text === text.toUpperCase() ? (currencyOf(text, stated) ?? []) : [],
    ),
  );
  return new Set(found).size === 1 ? found[0] : undefined;
}
