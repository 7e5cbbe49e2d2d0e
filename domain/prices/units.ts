import { plainWords } from "./words.ts";

/** By what the prices of a list are divided to be of one segment, in units of the currency: 100 for cents, 1000 for a price of 1,000 messages. */
export const divisors = [1, 100, 1_000] as const;
export type Divisor = (typeof divisors)[number];

/** What to do about prices in another unit. */
export const STATE_DIVISOR =
  'state what they are to be divided by ("divisor"): 100 for cents, 1000 for a price of 1,000 messages, 1 if they are of one segment in units of the currency';

const THOUSAND = "1 ?000|1k|thousand|tausend|mille|mil";
const HUNDRED = "100|hundred|hundert";
const CENTS = "(?:euro|us) ?cents?|cents?|pence|centimes?|centavos?|centesimi|rappen";
/** Units in the header of a price that a divisor can mend. */
const SCALE = new RegExp(`\\b(?:${THOUSAND}|${HUNDRED}|${CENTS}|cts?)\\b`, "g");
/** What is no price of messages, whatever it is divided by. */
const OTHER_GOODS = /\b(?:month|monthly|monat|minute|min)\b/;

/** Words that stand for one segment in a column of units. */
const ONE =
  /^(?:1|one|each|(?:per |je |pro |par |por )?(?:1 )?(?:sms|messages?|msg|mt|segments?|part|nachricht|unit|stuck))$/;
const UNIT_COLUMN =
  /^(?:units?|uom|unit of measure|(?:price|rate|billing|charging|pricing) (?:unit|basis|per)|per|einheit|preiseinheit|preis je|unite|unidad|unita|unidade)$/;

/** In free text `ct` and `100` may be of an address: they count beside a word of prices only. */
const NOTES = [
  new RegExp(`(?<!\\bper )\\b(?:${CENTS})\\b`),
  /\b(?:in|eur|euro|usd|us|prices?|preise?) cts?\b/,
  new RegExp(`\\b(?:per|je|pro|par|por|ogni) (?:${THOUSAND}|${HUNDRED})\\b`),
  new RegExp(
    `\\b(?:eur|euro|usd|gbp|chf|prices?|preise?|rates?) (?:${THOUSAND}|${HUNDRED}) (?:sms|messages?|msgs?|nachrichten|segments?|mensajes|messaggi)\\b`,
  ),
  /\b(?:cpm|tkp)\b/,
];
const PER_THOUSAND = /[\p{L}€$£]\s*\/\s*1[.,'’ ]?000\b/u;

/** The unit that the header of a price names, in plain words; undefined where it is of one segment in units of the currency. */
export function unitOfHeader(
  plain: string,
): { readonly unit: string; readonly scale: boolean; readonly rest: string } | undefined {
  const goods = OTHER_GOODS.exec(plain)?.[0];
  const unit = goods ?? plain.match(SCALE)?.[0];
  if (unit === undefined) return undefined;
  return { unit, scale: goods === undefined, rest: plain.replaceAll(SCALE, " ") };
}

/** Another unit that a line of text beside the table says prices to be in: `All prices in EUR cents`, `per 1,000 messages`. */
export function unitOfNote(text: string): string | undefined {
  const plain = plainWords(text);
  for (const pattern of NOTES) {
    const found = pattern.exec(plain)?.[0];
    if (found !== undefined) return found;
  }
  return PER_THOUSAND.exec(text)?.[0];
}

/** Whether a column says by its header of how much each row's price is. */
export const isUnitColumn = (header: string): boolean => UNIT_COLUMN.test(plainWords(header));

/** Whether a cell of such a column means one segment. */
export function isOneSegment(text: string): boolean {
  const plain = plainWords(text);
  return plain === "" || ONE.test(plain);
}
