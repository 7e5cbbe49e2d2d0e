import type { FoundLetters, LetterSummary } from "../../../pipeline/dead-letters/letter-search.ts";
import type { JudgedLetter, ReplayResult } from "../../../pipeline/dead-letters/replay.ts";
import type { LetterPlace } from "../../../pipeline/dead-letters/replay-mark.ts";

const DETAIL_CHARACTERS = 100;

/** The letters as a table, and what is not in it. */
export function letterTable({ letters, counts, matched, leftOut, others }: FoundLetters): string {
  if (matched === 0)
    return others === 0 ? "No dead letters." : `No dead letter matches; without the filters there are ${others}.`;
  const rows = letters.map(lineOf);
  const kinds = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `  ${String(count).padStart(7)}  ${kind.replace("\t", " of ")}`);
  const more = leftOut === 0 ? [] : [`${leftOut} older ones are not shown: --most, or a filter`];
  return [...rows, ...more, `${matched} in all:`, ...kinds].join("\n");
}

function lineOf(letter: LetterSummary): string {
  const { partition, offset, storedAt, reason, service, topic, messageId, account, provider, replayedAt } = letter;
  const of = [messageId ?? "-", account, provider].filter((one) => one !== undefined).join(" ");
  const replayed = replayedAt === undefined ? "" : `  (replayed ${new Date(replayedAt).toISOString()})`;
  const time = new Date(storedAt).toISOString();
  const { detail } = letter;
  const cut = detail.length > DETAIL_CHARACTERS ? `${detail.slice(0, DETAIL_CHARACTERS)}…` : detail;
  return `${`${partition}/${offset}`.padEnd(10)} ${time} ${reason} (${service}) ${topic}  ${of}  ${cut.replaceAll("\n", " ")}${replayed}`;
}

/** One letter of a replay; `text` is its line. */
export function judgedLine({ letter, verdict, replayed }: JudgedLetter) {
  const { content } = letter;
  const name = `${letter.partition}/${letter.offset}`;
  const what = verdict.ok ? (replayed ? "replayed" : "would be replayed") : `refused, ${verdict.code}`;
  const why = verdict.ok ? verdict.note : verdict.detail;
  const messageId = (verdict.ok ? verdict.messageId : undefined) ?? content.messageId ?? undefined;
  const text = `${name.padEnd(10)} ${content.reason} of ${content.topic}: ${what}: ${why}`;
  return { letter: name, reason: content.reason, topic: content.topic, ok: verdict.ok, replayed, why, messageId, text };
}

/** What is said where the filters of a replay find nothing. `others`: letters of that time, replayed ones included. */
export function nothingToReplay(others: number, again: boolean): string {
  const what = again ? "No dead letter matches" : "No dead letter matches that has not been replayed";
  return others === 0 ? `${what}.` : `${what}; without the filters there are ${others} ("list" shows them).`;
}

/** A place where there is no letter (any more). */
export function absentLine({ partition, offset }: LetterPlace): string {
  return `${`${partition}/${offset}`.padEnd(10)} sms.dead-letter has no letter there (any more)`;
}

/** The last line. */
export function replaySummary(result: ReplayResult, carriedOut: boolean, run: string): string {
  const refused = [...result.refused].map(([code, count]) => `${count} ${code}`).join(", ");
  const left = result.notLookedAt;
  return [
    carriedOut ? `${result.replayed} replayed by ${run}` : `${result.replayed} would be replayed (--yes does it)`,
    ...(refused === "" ? [] : [`refused: ${refused}`]),
    ...(result.absent.length === 0 ? [] : [`${result.absent.length} not there`]),
    ...(left === 0 ? [] : [`${left} not looked at: run it again, or raise --most`]),
  ].join("; ");
}
