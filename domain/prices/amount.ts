import { type Micros, parseMoney } from "../catalog/money.ts";
import { currencyOf } from "./currencies.ts";
import { type Cell, read, unreadable } from "./list-problem.ts";
import type { Divisor } from "./units.ts";

/** The sign before the decimals. */
export type DecimalSign = "comma" | "point";

export interface Amount {
  readonly price: Micros;
  /** ISO 4217, where the cell says it. */
  readonly currency: string | undefined;
}

/** Blanks, apostrophes and thin spaces that part thousands. */
const GROUPING = /(?<=\d)[\s'’\u00a0\u2009\u202f](?=\d{3}(?!\d))/gu;
const PARTS = /^([^\d.,+-]*)([+-]?)([\d.,]+)(?:[eE]([+-]?\d{1,2}))?([^\d.,+-]*)$/u;
const MAX_DECIMALS = 6;

/** One sign and three digits, and no zero before it: 1,234 may be a thousand, or one and a quarter. */
const EITHER = /^[1-9]\d{0,2}[.,]\d{3}$/;

/** What the numbers of a column say of its sign; undefined where they say nothing, or both. */
export function decimalSignOf(cells: Iterable<string>): DecimalSign | undefined {
  const seen = new Set<DecimalSign>();
  for (const cell of cells) {
    const digits = PARTS.exec(cell.replace(GROUPING, "").trim())?.[3];
    const sign = digits === undefined ? undefined : ownSign(digits);
    if (sign !== undefined) seen.add(sign);
  }
  return seen.size === 1 ? [...seen][0] : undefined;
}

/** What a number alone says of its sign. */
function ownSign(digits: string): DecimalSign | undefined {
  const [comma, point] = [digits.lastIndexOf(","), digits.lastIndexOf(".")];
  if (comma < 0 && point < 0) return undefined;
  if (comma >= 0 && point >= 0) return comma > point ? "comma" : "point";
  if (EITHER.test(digits)) return undefined;
  const sign = comma >= 0 ? "," : ".";
  // Several of one sign part thousands, so the other one is that of the decimals.
  const several = digits.indexOf(sign) !== digits.lastIndexOf(sign);
  return (sign === ",") === several ? "point" : "comma";
}

/**
 * A price as it stands in a list: `0.0065`, `0,0065 €`, `EUR 1.234,50`, `6.5E-3`. `column`: the sign that its column uses, for
 * numbers that do not say it; `divisor`: by what it is divided. Exact: no binary fraction is passed through.
 */
export function readAmount(
  text: string,
  column: DecimalSign | undefined,
  stated: string | undefined,
  divisor: Divisor = 1,
): Cell<Amount> {
  const parts = PARTS.exec(text.replace(GROUPING, "").trim());
  if (parts === null) return unreadable(`"${text}" is no price`);
  const [, before = "", minus, digits = "", exponent = "0", after = ""] = parts;
  if (minus === "-") return unreadable(`"${text}" is below zero`);
  const currency = currencyAround(before, after, stated);
  if (!currency.ok) return unreadable(`"${text}": ${currency.message}`);
  const sign = ownSign(digits) ?? column;
  if (sign === undefined && EITHER.test(digits)) {
    return unreadable(
      `"${text}" may be ${digits.replace(/[.,]/, "")} or ${digits.replace(",", ".")}: state whether decimals follow a comma or a point ("decimal")`,
    );
  }
  const plain = plainDecimal(digits, sign ?? "point");
  if (plain === undefined) return unreadable(`"${text}" is no price: its commas and points do not part thousands`);
  const shifted = shift(plain, Number(exponent) - Math.log10(divisor));
  if ((shifted.split(".")[1] ?? "").length > MAX_DECIMALS)
    return unreadable(`"${text}" has more than ${MAX_DECIMALS} decimals: round it`);
  const price = parseMoney(shifted);
  return price === undefined ? unreadable(`"${text}" is too large`) : read({ price, currency: currency.value });
}

function currencyAround(before: string, after: string, stated: string | undefined): Cell<string | undefined> {
  const words = [before.trim(), after.trim()].filter((word) => word !== "");
  const found = words.map((word) => currencyOf(word, stated));
  const strange = words.find((_, index) => found[index] === undefined);
  if (strange !== undefined) return unreadable(`"${strange}" is no currency that is known (ISO 4217, such as EUR)`);
  if (new Set(found).size > 1) return unreadable("names two currencies");
  return read(found[0]);
}

/** Digits with a point alone; undefined where the other sign does not stand before groups of three. */
function plainDecimal(digits: string, sign: DecimalSign): string | undefined {
  const [decimal, grouping] = sign === "comma" ? [",", "."] : [".", ","];
  const [whole = "", decimals, more] = digits.split(decimal);
  if (more !== undefined || decimals?.includes(grouping)) return undefined;
  const groups = whole.split(grouping);
  const grouped = groups.slice(1).every((group) => group.length === 3) && (groups[0] ?? "").length <= 3;
  if (groups.length > 1 && (!grouped || groups[0] === "")) return undefined;
  const joined = groups.join("");
  return joined === "" && !decimals ? undefined : `${joined || "0"}${decimals ? `.${decimals}` : ""}`;
}

/** A decimal text times a power of ten, without zeros at its ends. */
function shift(plain: string, exponent: number): string {
  const [whole = "", decimals = ""] = plain.split(".");
  const digits = whole + decimals;
  const places = decimals.length - exponent;
  const padded = places < 0 ? digits + "0".repeat(-places) : digits.padStart(places + 1, "0");
  const cut = padded.length - Math.max(places, 0);
  const rest = padded.slice(cut).replace(/0+$/, "");
  const units = padded.slice(0, cut).replace(/^0+(?=\d)/, "");
  return rest === "" ? units : `${units}.${rest}`;
}
