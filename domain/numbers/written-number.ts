/** A number as somebody wrote it, taken apart: its digits, and what the writing says about how to read them. */
export type WrittenNumber =
  | {
      ok: true;
      /** ASCII digits, without the plus or the 00. */
      digits: string;
      /** Begins with a plus, or with 00 in its place (ITU-T E.123, 2.6). */
      international: boolean;
      /** Has blanks, brackets or other separators. */
      separated: boolean;
      /** How many digits stand before a slash; undefined without one. */
      slashAfter: number | undefined;
    }
  | { ok: false; empty: boolean; reason: string };

/** UTF-16 units. Longer inputs are refused unread. */
const MAX_INPUT_LENGTH = 200;
/** Of what is seen: no written form of 15 digits needs more. */
const MAX_VISIBLE_LENGTH = 40;
const TOO_LONG = "longer than any written number; give one number of at most 15 digits";
/** Format characters (Unicode Cf): zero width, left-to-right marks and the like come along when a contact is copied. */
const INVISIBLE = /\p{Cf}/gu;
/** RFC 3966 and RFC 5724. */
const URI_SCHEME = /^(?:tel|sms):/i;
const EXTENSION = /(?:;ext=|;isub=|[\d\s.,;](?:ext|extn|extension|x|#|int|poste|доб))[\s.:]*\d+$/iu;
/** Blanks and dashes of every script, and the other marks of ITU-T E.123 and RFC 3966; no line ends: those part numbers. */
const SEPARATOR = /[\p{Zs}\p{Pd}\u2212().[\]/\uff08\uff09\uff0e\uff0f\uff3b\uff3d]/u;
const SLASH = /[/\uff0f]/;
const PLUS = /[+\uff0b]/;
const BEFORE_PLUS = /^[([\uff08\uff3b]?$/;
const DIGIT = /\p{Nd}/u;
const LETTER = /\p{L}/u;

/** Takes a written number apart. Nothing is guessed: what can be read in two ways is refused. */
export function readWrittenNumber(input: string): WrittenNumber {
  if (input.length > MAX_INPUT_LENGTH) return refuse(TOO_LONG);
  const text = input.replace(INVISIBLE, "").trim();
  if (text.length > MAX_VISIBLE_LENGTH) return refuse(TOO_LONG);
  if (text === "") return { ok: false, empty: true, reason: "the destination is empty" };
  const scheme = URI_SCHEME.exec(text);
  const number = scheme === null ? text : text.slice(scheme[0].length);
  if (EXTENSION.test(number)) return refuse("an extension cannot receive messages; give the number alone");
  const read = scan(number);
  // A tel URI without a plus is a local number (RFC 3966, 5.1.5), whatever its digits would say elsewhere.
  if (read.ok && scheme !== null) return { ...read, separated: true };
  return read;
}

function scan(text: string): WrittenNumber {
  let digits = "";
  let plus = false;
  let separated = false;
  let slashAfter: number | undefined;
  let before = "";
  for (const character of text) {
    if (DIGIT.test(character)) digits += digitOf(character);
    else if (PLUS.test(character)) {
      if (plus || !BEFORE_PLUS.test(before))
        return refuse("a plus stands once, before the country code; give one number");
      plus = true;
    } else if (SEPARATOR.test(character)) {
      separated = true;
      if (SLASH.test(character)) slashAfter = digits.length;
    } else return refuse(whyNot(character));
    before += character;
  }
  if (digits === "") return refuse("no digit in it; write a number such as +491713920012");
  // No country code begins with 0, and no national number with 00.
  const zeros = !plus && /^[([\uff08\uff3b]?\p{Nd}{2}/u.test(text) && digits.startsWith("00");
  return { ok: true, digits: zeros ? digits.slice(2) : digits, international: plus || zeros, separated, slashAfter };
}

function whyNot(character: string): string {
  if (LETTER.test(character)) return "letters do not stand for digits; write digits, such as +491713920012";
  if (/[,;&\n\r\t|]/.test(character)) return "one number for each message, without commas, semicolons or line ends";
  return "a destination is digits with an optional plus, such as +491713920012";
}

/**
 * The ASCII digit for a decimal digit of any script. Unicode gives each script its ten in one run, from zero to nine
 * (general category Nd), so the place in the run is the value.
 */
function digitOf(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x80) return character;
  let start = code;
  while (DIGIT.test(String.fromCodePoint(start - 1))) start--;
  return String((code - start) % 10);
}

function refuse(reason: string): WrittenNumber {
  return { ok: false, empty: false, reason };
}
