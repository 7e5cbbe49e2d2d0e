/** How a provider writes its message ids: as opaque text, or as a number in hexadecimal or decimal digits. */
export type IdFormat = "as-is" | "hex" | "decimal";

/** Numeric ids are 64-bit at most; longer digit strings are opaque. */
const MAX_HEX_DIGITS = 16;
const MAX_DECIMAL_DIGITS = 20;
const HEX = /^[0-9a-fA-F]+$/;
const DECIMAL = /^\d+$/;
/** 2^64 - 1: as long as other ids that are no numbers of 64 bits. */
const MAX_DECIMAL = "18446744073709551615";
/** As nearly all ids are: no blank, no capital, no leading zero. */
const CANONICAL = /^[1-9a-f][0-9a-f]*$/;

/**
 * The one written form under which ids of a provider meet, given the notation of this one: decimal without leading
 * zeros for numbers, the trimmed text for `as-is` and for what is no number in that notation. A centre that answers
 * submits in hexadecimal and sends receipts in decimal is matched by normalising each with its own format.
 */
export function normaliseProviderMessageId(id: string, format: IdFormat): string {
  const text = trimId(id);
  if (format === "hex" && HEX.test(text) && significant(text).length <= MAX_HEX_DIGITS) return hexToDecimal(text);
  if (format === "decimal" && DECIMAL.test(text) && text.length <= MAX_DECIMAL_DIGITS) return significant(text);
  return text;
}

/**
 * The form under which a submission's id is indexed where the provider's notation is not known: see `idForms`. In small
 * letters, as centres write the same id (hexadecimal digits, a UUID) in either case; since an id counts together with its
 * destination, two ids that differ in nothing else do not meet.
 */
export function canonicalId(id: string): string {
  if (CANONICAL.test(id)) return id;
  const text = trimId(id).toLowerCase();
  return HEX.test(text) ? significant(text) : text;
}

/**
 * All forms in which the same id may have stood in a submit response, canonical and without repeats, the likeliest
 * first: as it is, its decimal digits in hexadecimal, its hexadecimal digits in decimal. Looking each up among
 * `canonicalId`s finds the submission whatever the two notations were.
 */
export function idForms(id: string): string[] {
  const canonical = canonicalId(id);
  const forms = [canonical];
  if (!HEX.test(canonical)) return forms;
  if (DECIMAL.test(canonical) && fits(canonical)) addForm(forms, decimalToHex(canonical));
  if (canonical.length <= MAX_HEX_DIGITS) addForm(forms, hexToDecimal(canonical));
  return forms;
}

/** Whether decimal digits without leading zeros are a number of 64 bits. */
function fits(digits: string): boolean {
  return digits.length < MAX_DECIMAL_DIGITS || (digits.length === MAX_DECIMAL_DIGITS && digits <= MAX_DECIMAL);
}

function addForm(forms: string[], form: string): void {
  if (!forms.includes(form)) forms.push(form);
}

/** Some centres pad ids with blanks, or leave the C-octet string's NUL in. */
function trimId(id: string): string {
  const end = id.indexOf("\0");
  return (end < 0 ? id : id.slice(0, end)).trim();
}

function significant(digits: string): string {
  return digits.replace(/^0+(?=.)/, "");
}

function hexToDecimal(digits: string): string {
  // Up to 13 hexadecimal digits are exact in a double, and several times faster than a bigint.
  return digits.length <= 13 ? String(Number.parseInt(digits, 16)) : BigInt(`0x${digits}`).toString();
}

function decimalToHex(digits: string): string {
  return digits.length <= 15 ? Number(digits).toString(16) : BigInt(digits).toString(16);
}
