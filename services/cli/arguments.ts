import { readWrittenTime } from "../../domain/message/written-time.ts";
import { UsageError } from "./command.ts";

/** Epoch ms of a date, or of a time that says its zone: another one would mean something else on another machine; undefined where none is given. @throws UsageError naming the argument */
export function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const written = readWrittenTime(text, { days: true });
  if (!written.ok) throw new UsageError(`${name} ${text}: ${written.reason}`);
  return written.at;
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
