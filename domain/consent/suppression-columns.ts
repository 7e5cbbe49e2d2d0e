/** Which columns of a list of suppressions say what, by the names that other systems give them. */
import type { ConsentState } from "./consent-word.ts";

export type Column = "number" | "at" | "state" | "account" | "source";

/** How a column of states is read. `words`: opted_out and the like alone; the others also yes and no, of an opt-out or of a consent. */
export type StateKind = "words" | "out" | "in";

export interface Columns {
  readonly places: ReadonlyMap<Column, number>;
  readonly stateKind: StateKind;
  /** Whether the times are named as those of opt-outs: a line without one says of none. */
  readonly ofOptOuts: boolean;
  /** Headings of which nothing is read. */
  readonly unread: readonly string[];
}

/** Names by rank: where a column of a higher rank is there, those of a lower one are not read. */
const HEADERS: Readonly<Record<Column, readonly (readonly string[])[]>> = {
  number: [
    [
      ...["number", "phone", "phone number", "phonenumber", "mobile", "mobile number", "mobile phone", "msisdn"],
      ...["telephone", "tel", "cell", "telefon", "telefonnummer", "handynummer", "rufnummer", "nummer"],
      ...["numero", "numéro", "teléfono", "telefono", "telefone", "téléphone", "celular", "cellulare", "móvil"],
    ],
    ["to", "recipient", "destination", "contact"],
  ],
  at: [
    [
      ...["opted out at", "opted out date", "opt out at", "opt out date", "date opted out", "suppressed at"],
      ...["unsubscribed at", "unsubscribed date", "unsubscribe date", "date unsubscribed"],
    ],
    ["at", "date", "time", "timestamp", "datum", "fecha", "data"],
  ],
  state: [
    [
      ...["state", "status", "suppressed", "opted out", "opt out", "unsubscribed"],
      ...["consent", "subscribed", "opted in", "opt in"],
    ],
  ],
  account: [["account", "account id", "accountid"]],
  source: [["source"]],
};
/** Who has said it is taken from an export of Sluice alone, which has all of these: another system means something else by `source`. */
const OF_EXPORT: readonly string[] = ["account", "number", "state", "source", "at"];
const OF_CONSENT = new Set(["consent", "subscribed", "opted in", "opt in"]);
const OF_WORDS = new Set(["state", "status"]);
const OUT = new Set(
  ["opted_out", "opted out", "optout", "opt out", "out", "unsubscribed", "stop", "suppressed"].map(plain),
);
const IN = new Set(["opted_in", "opted in", "optin", "opt in", "in", "subscribed", "start"].map(plain));
const YES = new Set(["true", "yes", "y", "1"]);
const NO = new Set(["false", "no", "n", "0"]);

/** Some names of columns of numbers, for messages. */
export const NUMBER_HEADERS = HEADERS.number[0]!.slice(0, 8);

/** What the cells of a header say; undefined: none is known; a text: why they cannot be read. */
export function columnsOf(cells: readonly string[]): Columns | string | undefined {
  const words = cells.map(plain);
  const places = new Map<Column, number>();
  let ofOptOuts = false;
  for (const [column, ranks] of Object.entries(HEADERS) as [Column, readonly (readonly string[])[]][])
    for (const [rank, names] of ranks.entries()) {
      const [first, second] = words.flatMap((word, i) => (names.includes(word) ? [i] : []));
      if (first === undefined || (column === "source" && !OF_EXPORT.every((name) => words.includes(name)))) continue;
      if (second !== undefined)
        return `${column}: the columns ${shown(cells[first]!)} and ${shown(cells[second]!)} both say it; leave out one of them, or give it another name`;
      places.set(column, first);
      if (column === "at") ofOptOuts = rank === 0;
      break;
    }
  if (places.size === 0) return undefined;
  const state = words[places.get("state") ?? -1] ?? "state";
  const read = new Set(places.values());
  return {
    places,
    stateKind: OF_CONSENT.has(state) ? "in" : OF_WORDS.has(state) ? "words" : "out",
    ofOptOuts,
    unread: cells.filter((cell, i) => !read.has(i) && cell.trim() !== "").map((cell) => cell.trim().slice(0, 40)),
  };
}

/** Undefined for what says neither. "active" may be an active suppression: it is an opt-in only where the column is one of consent. */
export function stateOf(cell: string, kind: StateKind): ConsentState | undefined {
  const word = plain(cell);
  if (OUT.has(word)) return "opted_out";
  if (IN.has(word)) return "opted_in";
  if (kind === "words") return undefined;
  if (kind === "in" && word === "active") return "opted_in";
  if (YES.has(word)) return kind === "in" ? "opted_in" : "opted_out";
  if (NO.has(word)) return kind === "in" ? "opted_out" : "opted_in";
  return undefined;
}

function shown(cell: string): string {
  return JSON.stringify(cell.trim().slice(0, 40));
}

function plain(cell: string): string {
  return cell
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s-]+/g, " ");
}
