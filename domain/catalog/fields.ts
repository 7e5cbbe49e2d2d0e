import { z } from "zod";
import { lanes } from "../message/lane.ts";
import { readSender } from "../message/sender-id.ts";
import { METADATA_KEY, requestLimits } from "../message/validation.ts";
import { countryCodeProblem } from "../numbers/country-code.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { prefixProblem } from "../numbers/number-prefix.ts";
import { type Micros, parseMoney } from "./money.ts";

/** Field types that several parts of the catalog share. */

/** Identifiers become parts of names elsewhere (queues, metrics), hence the narrow form. */
export const kebabId = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "lower-case letters and digits in words joined by single hyphens");

/** ISO 4217. */
export const currency = z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code in capitals, such as EUR");

/** ISO 3166-1 alpha-2. */
export const country = checked(countryCodeProblem);

/** ITU-T E.212: country and network code in one word. */
export const mccMnc = checked(mccMncProblem);

/** First digits of a destination, with its calling code, without a plus. */
export const numberPrefix = checked(prefixProblem);

/** A C-octet string of SMPP (3.1): ASCII without NUL, at most so many octets. Its problems do not repeat the text, which may be a secret. */
export const cOctets = (max: number) => checked((text) => cOctetProblem(text, max));

export const lane = z.enum(lanes);

/** A sender as messages may name it; the kind of number decides what it is sent as. */
export const senderId = z.string().transform((from, context) => {
  const read = readSender(from);
  if (read.ok) return read.sender;
  context.addIssue({ code: "custom", message: read.reason });
  return z.NEVER;
});

/** A message's metadata, one key with one value, as one text. */
export const label = checked(labelProblem);

/** A list with at least one entry, none twice. */
export function distinct<T extends z.ZodType<string>>(entry: T) {
  return z
    .array(entry)
    .min(1)
    .refine((entries) => new Set(entries).size === entries.length, "an entry stands in the list twice");
}

/** A text that `problem` finds nothing wrong with. */
export function checked(problem: (text: string) => string | undefined) {
  return z.string().superRefine(saying(problem));
}

/** The check of a text by a function that says what is wrong with it. */
export function saying(problem: (text: string) => string | undefined) {
  return (text: string, context: z.core.$RefinementCtx<string>): void => {
    const message = problem(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  };
}

function mccMncProblem(text: string): string | undefined {
  const shape = 'country code (three digits) and network code (two or three) in one, in quotes, such as "26201"';
  const parts = /^(\d{3})[-/ ](\d{2,3})$/.exec(text);
  if (parts !== null) return `"${text}" in one: "${parts[1]}${parts[2]}"`;
  if (/^\d{4}$/.test(text)) return `${shape}; "${text}" lacks a digit: a network code keeps its zero, as 05`;
  if (!/^\d{5,6}$/.test(text)) return shape;
  const mcc = text.slice(0, 3);
  return countriesOfMobileCode(mcc) === undefined
    ? `"${text}": no country has the mobile country code ${mcc}`
    : undefined;
}

function labelProblem(text: string): string | undefined {
  const cut = text.indexOf("=");
  if (cut < 0) return 'key=value, such as "campaign=spring"';
  if (!METADATA_KEY.test(text.slice(0, cut))) return `${JSON.stringify(text.slice(0, cut))} is no key of metadata`;
  const { metadataValueLength } = requestLimits;
  return text.length - cut - 1 > metadataValueLength
    ? `a value has ${metadataValueLength} characters at most`
    : undefined;
}

function cOctetProblem(text: string, max: number): string | undefined {
  const octets = new TextEncoder().encode(text).length;
  if (octets > max) return `has ${octets} octets, at most ${max} can be sent`;
  const units = [...text];
  const wrong = units.findIndex((character) => character === "\0" || character > "\u007f");
  if (wrong < 0) return undefined;
  const what = units[wrong] === "\0" ? "NUL" : "not ASCII";
  return `character ${wrong + 1} is ${what}: SMPP carries ASCII without NUL here (3.4, section 3.1)`;
}

/** A decimal string, not a number: a price passes through no binary fraction. Zero or more, six decimals at most. */
export const price = z.string().transform((text, context): Micros => {
  const micros = parseMoney(text);
  if (micros !== undefined && micros >= 0) return micros;
  context.addIssue({ code: "custom", message: amountProblem(text) });
  return z.NEVER;
});

/** What is wrong with an amount, and how to write it. */
function amountProblem(text: string): string {
  const shown = JSON.stringify(text.slice(0, 20));
  if (/^\s|\s$/.test(text)) return `${shown}: without blanks around it`;
  if (/^-/.test(text)) return `${shown} is below 0`;
  if (/^\d+,\d+$/.test(text)) return `${shown}: with a point, "${text.replace(",", ".")}"`;
  if (/[\p{L}\p{Sc}]/u.test(text)) return `${shown}: the amount alone, such as "0.0075"; currency says of what`;
  if (/^\d+\.\d{7,}$/.test(text)) return `${shown}: six decimals at the most`;
  if (/^\d{10,}(?:\.\d+)?$/.test(text)) return `${shown}: 9007199254 at the most`;
  return `${shown} is no amount: digits and a point, such as "0.0075" or "500"`;
}
