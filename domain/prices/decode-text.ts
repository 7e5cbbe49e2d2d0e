import { type Cell, read, unreadable } from "./list-problem.ts";

/** Characters without any width, which nobody sees and no cell means. */
const UNSEEN = /[\u200b-\u200f\u2060\ufeff]/g;
const SAVE = "save it as CSV in UTF-8";
const ENCODINGS: readonly { readonly mark: readonly number[]; readonly encoding: string }[] = [
  { mark: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { mark: [0xff, 0xfe], encoding: "utf-16le" },
  { mark: [0xfe, 0xff], encoding: "utf-16be" },
];
/** The first octets of a zip archive (xlsx, ods) and of an old Excel workbook. */
const WORKBOOKS: readonly (readonly number[])[] = [
  [0x50, 0x4b, 0x03, 0x04],
  [0xd0, 0xcf, 0x11, 0xe0],
];

/**
 * The text of a file: UTF-8, or UTF-16 with its byte order mark, as spreadsheets write "Unicode text". Nothing is guessed: in
 * a wrong code page names would be read wrongly, and nobody would see it.
 */
export function decodeText(octets: Uint8Array): Cell<string> {
  const begins = (mark: readonly number[]) => mark.every((octet, index) => octets[index] === octet);
  if (WORKBOOKS.some(begins)) return unreadable(`is a workbook and no CSV: open it in a spreadsheet and ${SAVE}`);
  const marked = ENCODINGS.find(({ mark }) => begins(mark));
  const body = octets.subarray(marked?.mark.length ?? 0);
  try {
    const text = new TextDecoder(marked?.encoding ?? "utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    if (!text.includes("\0")) return read(text.replaceAll(UNSEEN, ""));
    return unreadable(`holds NUL characters (UTF-16 without a byte order mark?): ${SAVE}`);
  } catch {
    const name = marked === undefined ? "UTF-8 (perhaps Windows-1252 or Latin-1)" : marked.encoding.toUpperCase();
    return unreadable(`is not text in ${name}: ${SAVE}`);
  }
}
