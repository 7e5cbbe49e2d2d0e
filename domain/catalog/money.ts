/**
 * Money is kept as a whole number of micro-units (1e-6 of the currency unit) in a double: exact for sums up to about
 * nine billion units (2^53 micros), which a daily total of prices stays far below, and much faster than a bigint.
 */
export type Micros = number;

const DECIMALS = 6;
const DECIMAL = /^(-?)(\d{1,10})(?:\.(\d{1,6}))?$/;

/**
 * Reads a decimal string such as "0.0075" (7,500 micros) exactly. Undefined for anything else: more than six decimals,
 * an exponent, a plus, blanks, or an amount beyond the safe range.
 */
export function parseMoney(text: string): Micros | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, units = "", decimals = ""] = match;
  const micros = Number(units + decimals.padEnd(DECIMALS, "0"));
  if (!Number.isSafeInteger(micros)) return undefined;
  return sign === "-" && micros !== 0 ? -micros : micros;
}

/** The shortest decimal string of an amount: "0.0075", "12", "-0.5". Throws a RangeError if it is no safe integer. */
export function formatMoney(micros: Micros): string {
  if (!Number.isSafeInteger(micros)) throw new RangeError(`${micros} is not a whole number of micro-units`);
  const digits = String(Math.abs(micros)).padStart(DECIMALS + 1, "0");
  const decimals = digits.slice(-DECIMALS).replace(/0+$/, "");
  return `${micros < 0 ? "-" : ""}${digits.slice(0, -DECIMALS)}${decimals === "" ? "" : `.${decimals}`}`;
}
