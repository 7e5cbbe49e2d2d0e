/**
 * The national language tables of GSM text (3GPP TS 23.038, annex A), which handsets name in the user data header (TS 23.040,
 * 9.2.3.24.15 and 9.2.3.24.16). They are read only: what goes out has the default tables or is UCS-2, as many networks do not
 * carry others. Of the languages that the standard knows, those of India (4 to 13) are not here.
 */
import { DEFAULT_TABLES, type SeptetTables } from "./gsm-alphabet.ts";
import { informationElement } from "./user-data-header.ts";

const SINGLE_SHIFT = 0x24;
const LOCKING_SHIFT = 0x25;

/** National language identifiers (TS 23.038, 6.2.1.2.4). */
const TURKISH = 1;
const SPANISH = 2;
const PORTUGUESE = 3;

/** Characters, in order, and the septets at which they stand. */
type Places = readonly (readonly [characters: string, septets: readonly number[]])[];

/** What the locking shift tables have in other places than the default alphabet (A.3.1, A.3.3). Spanish has none. */
const LOCKING: ReadonlyMap<number, readonly string[]> = new Map([
  [
    TURKISH,
    lockingTable([
      ["€ıĞğ", [0x04, 0x07, 0x0b, 0x0c]],
      ["Şş", [0x1c, 0x1d]],
      ["İç", [0x40, 0x60]],
    ]),
  ],
  [
    PORTUGUESE,
    lockingTable([
      ["êúíóçÔôÁá", [0x04, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0c, 0x0e, 0x0f]],
      ["ªÇÀ∞^\\€Ó|", [0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a]],
      ["ÂâÊº", [0x1c, 0x1d, 0x1e, 0x24]],
      ["ÍÃÕÚ", [0x40, 0x5b, 0x5c, 0x5d]],
      ["~ãõ`", [0x60, 0x7b, 0x7c, 0x7d]],
    ]),
  ],
]);

/** What the single shift tables have beyond the default extension table, all of which they keep (A.2.1 to A.2.3). */
const SINGLE: ReadonlyMap<number, ReadonlyMap<number, string>> = new Map([
  [TURKISH, singleTable([["ĞİŞçğış", [0x47, 0x49, 0x53, 0x63, 0x67, 0x69, 0x73]]])],
  [SPANISH, singleTable([["çÁÍÓÚáíóú", [0x09, 0x41, 0x49, 0x4f, 0x55, 0x61, 0x69, 0x6f, 0x75]]])],
  [
    PORTUGUESE,
    singleTable([
      ["êçÔôÁá", [0x05, 0x09, 0x0b, 0x0c, 0x0e, 0x0f]],
      ["ΦΓΩΠΨΣΘÊ", [0x12, 0x13, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1f]],
      ["ÀÍÓÚÃÕ", [0x41, 0x49, 0x4f, 0x55, 0x5b, 0x5c]],
      ["Âíóúãõâ", [0x61, 0x69, 0x6f, 0x75, 0x7b, 0x7c, 0x7f]],
    ]),
  ],
]);

export interface NationalTables {
  readonly tables: SeptetTables;
  /** False where the header names a language whose table is not here: the default one stands for it. */
  readonly complete: boolean;
}

/** The tables that a user data header (with its length octet) names for GSM text; undefined when it names none. */
export function nationalTablesOf(header: Uint8Array): NationalTables | undefined {
  const lockingElement = informationElement(header, LOCKING_SHIFT);
  const singleElement = informationElement(header, SINGLE_SHIFT);
  if (lockingElement === undefined && singleElement === undefined) return undefined;
  const locking = lockingElement === undefined ? DEFAULT_TABLES.locking : tableOf(LOCKING, lockingElement);
  const single = singleElement === undefined ? DEFAULT_TABLES.single : tableOf(SINGLE, singleElement);
  return {
    tables: { locking: locking ?? DEFAULT_TABLES.locking, single: single ?? DEFAULT_TABLES.single },
    complete: locking !== undefined && single !== undefined,
  };
}

/** The element is one octet, the language. */
function tableOf<T>(tables: ReadonlyMap<number, T>, element: Uint8Array): T | undefined {
  return element.length === 1 ? tables.get(element[0] as number) : undefined;
}

function lockingTable(places: Places): readonly string[] {
  const table = [...DEFAULT_TABLES.locking];
  for (const [septet, character] of entriesOf(places)) table[septet] = character;
  return table;
}

function singleTable(places: Places): ReadonlyMap<number, string> {
  return new Map([...DEFAULT_TABLES.single, ...entriesOf(places)]);
}

function entriesOf(places: Places): [septet: number, character: string][] {
  return places.flatMap(([characters, septets]) =>
    [...characters].map((character, i): [number, string] => [septets[i] as number, character]),
  );
}
