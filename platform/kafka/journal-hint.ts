import { readFileSync } from "node:fs";
import type { Outcome } from "./dispatch-handler.ts";
import { type JournalContent, type JournalEntry, type JournalHead, readJournal } from "./journal-format.ts";

/** What an earlier owner's journal says of the works that it may have handed over. It only ever makes less of them doubtful. */
export class JournalHint {
  private readonly entries: ReadonlyMap<string, JournalEntry>;
  private readonly knownFrom: readonly number[];

  /** `knownFrom`: by lane, from which offset on a work that is not among the entries has certainly had no effect. */
  constructor(entries: ReadonlyMap<string, JournalEntry>, knownFrom: readonly number[]) {
    this.entries = entries;
    this.knownFrom = knownFrom;
  }

  /** How it ended; undefined when that is not known. */
  outcomeOf(id: string): Outcome | undefined {
    return this.entries.get(id)?.outcome;
  }

  /** True when it certainly had no effect. */
  untouched(id: string, lane: number, offset: number): boolean {
    const entry = this.entries.get(id);
    if (entry !== undefined) return entry.kind === "stayed";
    return offset >= (this.knownFrom[lane] ?? Number.POSITIVE_INFINITY);
  }

  /** What the next journal must go on saying: all that is not below these offsets, by lane. */
  above(offsets: readonly number[]): JournalEntry[] {
    return [...this.entries.values()].filter(({ lane, offset }) => offset >= (offsets[lane] ?? 0));
  }

  /** For the log. */
  get counts(): { readonly answered: number; readonly unanswered: number } {
    let [answered, unanswered] = [0, 0];
    for (const { kind } of this.entries.values()) {
      if (kind === "outcome") answered++;
      else if (kind === "leaving") unanswered++;
    }
    return { answered, unanswered };
  }

  get unknownBelow(): readonly number[] {
    return this.knownFrom;
  }
}

/** Nothing is known of anything below these offsets, by lane. */
export function noHint(doubtBelow: readonly number[]): JournalHint {
  return new JournalHint(new Map(), doubtBelow);
}

export interface HintedOwner {
  /** The journal's files, each of which may be missing. */
  readonly files: readonly string[];
  /** The last owner's name, by its commits: nobody else has owned the partition since. */
  readonly token: string;
  /** The present run of the machine. */
  readonly boot: string;
  /** First offset not done, by lane. */
  readonly offsets: readonly number[];
  /** By lane: how far effects may have gone. */
  readonly doubtBelow: readonly number[];
}

/** Reads what the last owner left on this machine; undefined when there is nothing, or nothing to be believed. */
export function readHint({ files, token, boot, offsets, doubtBelow }: HintedOwner): JournalHint | undefined {
  const contents = files.map(contentOf);
  const found = contents
    .flatMap(headed)
    .filter(({ head }) => head.token === token && head.boot === boot)
    .sort((a, b) => b.head.generation - a.head.generation);
  const [newest, older] = found;
  if (newest === undefined) return undefined;
  const entries = new Map<string, JournalEntry>();
  // The later word counts; after an outcome there is none.
  for (const { entries: some } of [...found].reverse())
    for (const entry of some) if (entries.get(entry.id)?.outcome === undefined) entries.set(entry.id, entry);
  const below = (heads: readonly number[]) => heads.every((offset, lane) => offset <= (offsets[lane] ?? 0));
  // One file may still have been needed when the next was begun, and no more than one.
  const reaches = ({ head }: Headed) => head.generation === 0 || below(head.before);
  const follows = older?.head.generation === newest.head.generation - 1 && older.end === "whole" && reaches(older);
  // One whose head cannot be read may be newer than all that can.
  const newestKnown = contents.every((content) => content?.head !== undefined || content?.end !== "corrupt");
  const complete = newestKnown && newest.end !== "corrupt" && (reaches(newest) || follows);
  const { unknownBelow } = newest.head;
  return new JournalHint(
    entries,
    complete ? doubtBelow.map((offset, lane) => Math.min(offset, unknownBelow[lane] ?? offset)) : doubtBelow,
  );
}

const UNREADABLE: JournalContent = { head: undefined, entries: [], end: "corrupt" };

type Headed = JournalContent & { readonly head: JournalHead };

function headed(content: JournalContent | undefined): Headed[] {
  return content?.head === undefined ? [] : [content as Headed];
}

/** Undefined when the file is not there. */
function contentOf(file: string): JournalContent | undefined {
  try {
    return readJournal(readFileSync(file));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : UNREADABLE;
  }
}
