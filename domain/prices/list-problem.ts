/** One thing wrong or doubtful in a price list, and where. */
export interface ListProblem {
  /** Line of the file, from 1; undefined where it concerns all of it. */
  readonly line: number | undefined;
  /** The column by the words of its header. */
  readonly column: string | undefined;
  readonly message: string;
}

/** What a cell was read as, or why it cannot be read. */
export type Cell<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export const read = <T>(value: T): Cell<T> => ({ ok: true, value });
export const unreadable = (message: string): { readonly ok: false; readonly message: string } => ({
  ok: false,
  message,
});

/** `line 3, column "Price": is empty`. */
export function formatProblem({ line, column, message }: ListProblem): string {
  const place = [
    ...(line === undefined ? [] : [`line ${line}`]),
    // A header may hold line breaks.
    ...(column === undefined ? [] : [`column "${column.replace(/\s+/g, " ")}"`]),
  ];
  return place.length === 0 ? message : `${place.join(", ")}: ${message}`;
}

/** As many names as a reader takes in, and how many more there are. */
export function someOf(names: readonly string[], shown = 8): string {
  const more = names.length > shown ? ` and ${names.length - shown} more` : "";
  return `${names.slice(0, shown).join(", ")}${more}`;
}
