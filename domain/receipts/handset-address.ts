import { destinationForms, parseDestination, sameHandset } from "../numbers/destination.ts";
import { idForms } from "./provider-message-id.ts";

/** An address as an SMPP provider gives it. `ton`: type of number (3.4, 5.2.5). */
export interface ProviderAddress {
  readonly ton: number;
  readonly text: string;
}

/** What is known of the numbers that a provider was given. */
export interface SubmittedNumbers {
  /** The number whose submission had this id (canonical). */
  numberOf(id: string): string | undefined;
  has(e164: string): boolean;
  /** The one number that ends in these digits; undefined for none and for several. */
  endingIn(digits: string): string | undefined;
}

const NOTHING_KNOWN: SubmittedNumbers = { numberOf: () => undefined, has: () => false, endingIn: () => undefined };

/** What helps to read a provider's addresses. */
export interface AddressTerms {
  /** ISO 3166-1 alpha-2 of the numbers that it writes in national form. */
  readonly country?: string | undefined;
  readonly known?: SubmittedNumbers;
}

/** Types of number. */
const INTERNATIONAL = 1;
const NATIONAL = 2;
const NETWORK_SPECIFIC = 3;
const ALPHANUMERIC = 5;
const ABBREVIATED = 6;
/** No handset's number is shorter, and no short code longer than 8 digits; between them the numbering plan decides. */
const MIN_NATIONAL_DIGITS = 6;
const MAX_SHORT_CODE_DIGITS = 8;
/** Few countries have longer national numbers (Germany and China have 11 digits). */
const MAX_NATIONAL_DIGITS = 11;
const DIGITS = /^\+?\d+$/;
const SEPARATORS = /[\s().\-/]/g;

/**
 * The E.164 digits of an address; undefined when it is none, or one in a national form of which nothing is known. What the
 * provider was given goes before what a numbering plan makes of the digits: also where the plan has two spellings of one
 * handset, and its network answers with the other one.
 */
export function e164Of(address: ProviderAddress, terms: AddressTerms): string | undefined {
  const number = readNumber(address, terms);
  const { known = NOTHING_KNOWN } = terms;
  if (number === undefined || known.has(number)) return number;
  return destinationForms(number).find((form) => known.has(form)) ?? number;
}

/**
 * The E.164 digits of who sent a message from a handset; undefined as above, and for a short code. A receipt comes from what was
 * sent to, whatever its form; a message may come from anybody. So of few digits, not marked as national, no number is made that
 * they did not have: they may be a service's code (5.2.5), and an answer to it would go to a stranger.
 */
export function senderOf(address: ProviderAddress, terms: AddressTerms): string | undefined {
  const digits = digitsOf(address);
  if (digits === undefined || !mayBeShortCode(address.ton, digits)) return e164Of(address, terms);
  return e164Of(address, {}) === digits ? digits : undefined;
}

function mayBeShortCode(ton: number, digits: string): boolean {
  if (digits.startsWith("+") || digits.startsWith("00")) return false;
  const isShort = digits.replace(/^0/, "").length <= MAX_SHORT_CODE_DIGITS;
  return isShort && (ton === ABBREVIATED || !isNational(ton, digits));
}

function isNational(ton: number, digits: string): boolean {
  return ton === NATIONAL || digits.startsWith("0");
}

function readNumber(address: ProviderAddress, { country, known = NOTHING_KNOWN }: AddressTerms): string | undefined {
  const { ton } = address;
  const digits = digitsOf(address);
  if (digits === undefined || ton === NETWORK_SPECIFIC) return undefined;
  const written = digits.startsWith("+") || digits.startsWith("00");
  const international = digits.replace(/^(?:\+|00)/, "");
  if (known.has(international)) return international;
  if (written || ton === INTERNATIONAL) {
    const number = numberOf(`+${international}`);
    if (number !== undefined || written) return number;
  }
  const significant = digits.replace(/^0+/, "");
  if (significant.length < MIN_NATIONAL_DIGITS) return undefined;
  const national = known.endingIn(significant);
  if (national !== undefined) return national;
  const marked = isNational(ton, digits);
  // Full numbers are labelled as national as well, by whoever labels all alike; of few digits it is the label that is right.
  const plain = marked && significant.length <= MAX_NATIONAL_DIGITS ? undefined : numberOf(`+${significant}`);
  if (!marked && plain !== undefined) return plain;
  return (country === undefined ? undefined : numberOf(digits, country)) ?? plain;
}

function numberOf(text: string, country?: string): string | undefined {
  const parsed = parseDestination(text, country);
  return parsed.ok ? parsed.e164 : undefined;
}

/** Digits with an optional plus, whatever stands between them; undefined for names (`24-7` is one) and for nothing. */
function digitsOf({ ton, text }: ProviderAddress): string | undefined {
  if (DIGITS.test(text)) return text;
  if (ton === ALPHANUMERIC) return undefined;
  const bare = text.replaceAll(SEPARATORS, "");
  return DIGITS.test(bare) ? bare : undefined;
}

/** Which of a receipt's two addresses has been the handset's, as far as submissions have shown. */
export type Handset = "source" | "destination";

export type Place =
  | { readonly ok: true; readonly to: string; readonly handset?: Handset }
  /** `digits`: what the provider wrote, without plus or international prefix; empty for none. */
  | { readonly ok: false; readonly digits: string };

/**
 * The number that a receipt is about, without asking anyone. By the standard its source address is the handset (4.6.1), but
 * centres write that in national form or leave the addresses as they were submitted; the id names the message (5.3.2.12). So:
 * an id that was given here lately and agrees with one of the addresses; else the source, if it can be a handset's; else
 * the destination, if the source cannot. `usual`: what earlier receipts have shown, for when both can be.
 */
export function placeReceipt(
  id: string,
  source: ProviderAddress,
  destination: ProviderAddress,
  terms: AddressTerms,
  usual: Handset = "source",
): Place {
  const { known = NOTHING_KNOWN } = terms;
  const from = e164Of(source, terms);
  const to = e164Of(destination, terms);
  // As nearly all receipts are.
  if (from !== undefined && to === undefined && known.has(from)) return { ok: true, to: from };
  for (const form of idForms(id)) {
    const number = known.numberOf(form);
    if (number === undefined) continue;
    if (isOf(number, from) || endsAs(number, source)) return { ok: true, to: number, ...shown("source", to) };
    if (isOf(number, to) || endsAs(number, destination)) return { ok: true, to: number, ...shown("destination", from) };
    if (from === undefined && to === undefined && !mayBeHandset(source)) return { ok: true, to: number };
  }
  if (from !== undefined && to !== undefined) {
    const mine = known.has(from);
    const other = known.has(to);
    const handset = mine === other ? usual : mine ? "source" : "destination";
    return inItsForm(handset === "source" ? from : to, known);
  }
  if (from !== undefined) return inItsForm(from, known);
  if (to !== undefined && (!mayBeHandset(source) || known.has(to))) return inItsForm(to, known);
  return { ok: false, digits: signless(source) || signless(destination) };
}

/** A number of which the plan has two spellings is no place until it is known which one was sent to. */
function inItsForm(number: string, known: SubmittedNumbers): Place {
  const sure = known.has(number) || destinationForms(number).length === 1;
  return sure ? { ok: true, to: number } : { ok: false, digits: number };
}

function isOf(number: string, address: string | undefined): boolean {
  return number === address || (address !== undefined && sameHandset(number, address));
}

/** Worth remembering only where the other address could have been a handset's as well. */
function shown(handset: Handset, other: string | undefined): { handset: Handset } | undefined {
  return other === undefined ? undefined : { handset };
}

function endsAs(number: string, address: ProviderAddress): boolean {
  const significant = signless(address).replace(/^0+/, "");
  return significant.length >= MIN_NATIONAL_DIGITS && number.endsWith(significant);
}

/** Digits that may be a handset's in a form that is not understood, and not a short code. */
export function mayBeHandset(address: ProviderAddress): boolean {
  return address.ton !== NETWORK_SPECIFIC && signless(address).replace(/^0+/, "").length > MIN_NATIONAL_DIGITS;
}

function signless(address: ProviderAddress): string {
  return digitsOf(address)?.replace(/^(?:\+|00)/, "") ?? "";
}
