import { UsageError } from "./command.ts";

/** ISO 8601: a date, or a time that says its zone; another one would mean something else on another machine. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** Epoch ms of a time; undefined where none is given. @throws UsageError naming the argument */
export function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`${name} ${text}: a date, or a time with its zone such as 2026-01-31T12:00:00Z, is needed`);
  return time;
}

/** Name and value of a label. @throws UsageError naming the argument */
export function readLabel(text: string): [string, string] {
  const cut = text.indexOf("=");
  if (cut < 1) throw new UsageError(`--label ${text}: name=value is needed`);
  return [text.slice(0, cut), text.slice(cut + 1)];
}

/** What `parse` gives, a call of parseArgs. @throws UsageError with its words where it does not understand the arguments */
export function understood<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
