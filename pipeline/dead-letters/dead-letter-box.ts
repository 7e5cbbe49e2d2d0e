import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { type ContentCodecs, contentOf, type LetterOwner, ownerOf } from "./letter-content.ts";
import { byPartition, LetterMarks } from "./letter-marks.ts";
import { type FindOptions, type FoundLetters, type LetterFilter, LetterSearch } from "./letter-search.ts";
import { type Letter, type LetterPlace, readMark } from "./replay-mark.ts";
import { ReplayedPlaces } from "./replayed-places.ts";

export interface DeadLetterBoxOptions {
  /** It knows sms.dead-letter. */
  readonly reader: Pick<TopicReader, "watermarks" | "readRange" | "offsetsAt">;
  readonly codecs: ContentCodecs & Pick<SluiceCodecs, "deadLetter">;
}

/** Schemas asked for after a look at the most: what is no record of ours may begin as if it had one. */
const MAX_WANTED = 500;

/**
 * The topic of dead letters, as who looks into it sees it. It is read anew each time. Held of it are the letters that are asked for, at most
 * twice as many of them while it is read, and where those that have been replayed are left out, a bit for each place (`ReplayedPlaces`).
 */
export class DeadLetterBox {
  private readonly options: DeadLetterBoxOptions;
  /** Schemas seen in records and not loaded. */
  private readonly wanted = new Set<number>();

  constructor(options: DeadLetterBoxOptions) {
    this.options = options;
  }

  /** Looks for letters. Reads what was stored from `filter.from` on, or from the letter behind which it looks. */
  async find(filter: LetterFilter, options: FindOptions): Promise<FoundLetters> {
    const from = options.after?.storedAt ?? filter.from;
    const replayed = options.unreplayed === true ? await this.replays(from) : undefined;
    for (;;) {
      const search = new LetterSearch(filter, options, replayed);
      await this.readAll(from, (record) => this.look(record, search));
      // Records whose schema has just been fetched may match as well.
      if (!(await this.loadWanted())) return search.result();
    }
  }

  /** Letters at these places, in the order of partition and offset; what is not there is left out. */
  async read(places: readonly LetterPlace[]): Promise<Letter[]> {
    const { reader } = this.options;
    const found: Letter[] = [];
    const marks = await reader.watermarks(DEAD_LETTER_TOPIC);
    for (const [partition, offsets] of byPartition(places)) {
      // Beyond the end a reader would wait for what comes.
      const { low, high } = marks[partition] ?? { low: 0, high: 0 };
      const sorted = [...offsets].filter((offset) => offset >= low && offset < high).sort((a, b) => a - b);
      if (sorted.length === 0) continue;
      const records: InRecord[] = [];
      await reader.readRange(DEAD_LETTER_TOPIC, partition, sorted[0]!, sorted.at(-1)! + 1, (record) => {
        if (offsets.has(record.offset)) records.push(record);
      });
      for (const record of records) {
        const letter = this.letter(record) ?? ((await this.loadWanted()) ? this.letter(record) : undefined);
        if (letter !== undefined) found.push(letter);
      }
    }
    return found;
  }

  /** The marks of these letters, followed as far as `read` is called. */
  marksOf(places: readonly LetterPlace[]): LetterMarks {
    return new LetterMarks(this.options.reader, places);
  }

  private async replays(from: number | undefined): Promise<ReplayedPlaces> {
    const found = new ReplayedPlaces();
    await this.readAll(from, (record) => {
      const mark = readMark(record);
      if (mark?.state === "done") found.add(mark.letter);
    });
    return found;
  }

  private async readAll(from: number | undefined, take: (record: InRecord) => void): Promise<void> {
    const { reader } = this.options;
    const marks = await reader.watermarks(DEAD_LETTER_TOPIC);
    const starts = from === undefined ? [] : await reader.offsetsAt(DEAD_LETTER_TOPIC, from);
    await Promise.all(
      marks.map(({ low, high }, partition) =>
        reader.readRange(DEAD_LETTER_TOPIC, partition, starts[partition] ?? low, high, take),
      ),
    );
  }

  private look(record: InRecord, search: LetterSearch): void {
    const mark = readMark(record);
    if (mark !== undefined) {
      if (mark.state === "done") search.replayed(mark);
      return;
    }
    const letter = this.letter(record);
    if (letter === undefined) return;
    search.looked++;
    if (search.mayTake(letter)) search.take(letter, this.owner(letter.content));
  }

  private owner(letter: DeadLetter): LetterOwner {
    const content = contentOf(this.options.codecs, letter);
    if (!content.ok) this.want(content);
    return ownerOf(content, letter);
  }

  /** Undefined for what stands in the topic and is no dead letter. */
  private letter(record: InRecord): Letter | undefined {
    const { partition, offset, timestamp, value } = record;
    const decoded = value === null ? undefined : this.options.codecs.deadLetter.decode(value);
    if (decoded?.ok) return { partition, offset, storedAt: timestamp, content: decoded.value };
    if (decoded !== undefined) this.want(decoded);
    return undefined;
  }

  private want({ code, schemaId }: { readonly code: string; readonly schemaId?: number | undefined }): void {
    if (code === "unknown-schema" && schemaId !== undefined && this.wanted.size < MAX_WANTED) this.wanted.add(schemaId);
  }

  /** True when a schema was fetched that nobody had. */
  private async loadWanted(): Promise<boolean> {
    let loaded = false;
    for (const id of this.wanted) loaded = (await this.options.codecs.loadSchema(id)) === "loaded" || loaded;
    this.wanted.clear();
    return loaded;
  }
}
