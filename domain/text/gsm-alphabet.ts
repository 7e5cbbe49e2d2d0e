/**
 * The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1 and 6.2.1.1), as lookup tables.
 * What goes out uses these alone; what handsets write in other tables is read by `national-language.ts`.
 */

/** The escape septet: the next septet is read from the extension table. */
export const ESCAPE = 0x1b;

/** The default alphabet in septet order; the place of the escape (0x1b) holds a NUL, which is not in the alphabet. */
const DEFAULT_ALPHABET =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\0ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const EXTENSION: readonly (readonly [number, string])[] = [
  [0x0a, "\f"],
  [0x14, "^"],
  [0x28, "{"],
  [0x29, "}"],
  [0x2f, "\\"],
  [0x3c, "["],
  [0x3d, "~"],
  [0x3e, "]"],
  [0x40, "|"],
  [0x65, "€"],
];

/** One past the highest UTF-16 code unit of the alphabet (the euro sign): beyond it nothing needs looking up. */
export const ALPHABET_END = 0x20ad;

/** Septets a UTF-16 code unit takes: 1, or 2 with its escape, or 0 if it is not in the alphabet. Index < ALPHABET_END. */
export const septetCost = new Uint8Array(ALPHABET_END);

/** The (last) septet of a UTF-16 code unit of the alphabet. Index < ALPHABET_END. */
export const septetOf = new Uint8Array(ALPHABET_END);

/** Characters of the default alphabet by septet. */
export const defaultCharacters: readonly string[] = [...DEFAULT_ALPHABET];

/** Characters of the extension table by the septet after the escape. */
export const extensionCharacters: ReadonlyMap<number, string> = new Map(EXTENSION);

/** By what GSM text is read: characters by septet, and by the septet after the escape. */
export interface SeptetTables {
  readonly locking: readonly string[];
  readonly single: ReadonlyMap<number, string>;
}

export const DEFAULT_TABLES: SeptetTables = { locking: defaultCharacters, single: extensionCharacters };

for (const [septet, character] of defaultCharacters.entries()) {
  if (septet !== ESCAPE) addCharacter(character, septet, 1);
}
for (const [septet, character] of EXTENSION) addCharacter(character, septet, 2);

function addCharacter(character: string, septet: number, cost: number): void {
  septetCost[character.charCodeAt(0)] = cost;
  septetOf[character.charCodeAt(0)] = septet;
}
