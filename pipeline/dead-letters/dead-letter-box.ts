import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { DeadLetter } from "../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { type ContentCodecs, contentOf, type LetterOwner, ownerOf } from "./letter-content.ts";
import { type Letter, type LetterPlace, placeText, type ReplayMark, readMark } from "./replay-mark.ts";

/** Which letters are meant; all that is given must hold. */
export interface LetterFilter {
  readonly reason?: string | undefined;
  readonly service?: string | undefined;
  /** Topic that the record stood in. */
  readonly topic?: string | undefined;
  /** Stored from here on, and before there, epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** These can be told of letters only whose record can be read. */
  readonly account?: string | undefined;
  readonly provider?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** A letter without its record. */
export interface LetterSummary extends LetterPlace {
  /** When Kafka stored it, epoch ms. */
  readonly storedAt: number;
  readonly reason: string;
  readonly detail: string;
  readonly service: string;
  readonly topic: string;
  readonly messageId: string | null;
  /** Of key and value, octets. */
  readonly bytes: number;
  readonly account: string | undefined;
  readonly provider: string | undefined;
  /** When it was replayed last, epoch ms; undefined: never. */
  replayedAt: number | undefined;
}

/** Letters that were found, a bounded number, and how many there are. */
export interface FoundLetters {
  /** The oldest or the newest ones, in the order of time. */
  readonly letters: readonly LetterSummary[];
  /** All that match, by reason and topic. */
  readonly counts: ReadonlyMap<string, number>;
  readonly matched: number;
  /** Of these, not in `letters`. */
  readonly leftOut: number;
}

export interface FindOptions {
  /** Letters given at the most. */
  readonly most: number;
  readonly which: "oldest" | "newest";
  /** Leaves out what has been replayed. Default false. */
  readonly unreplayed?: boolean;
}

export interface DeadLetterBoxOptions {
  /** It knows sms.dead-letter. */
  readonly reader: Pick<TopicReader, "watermarks" | "readRange" | "offsetsAt">;
  readonly codecs: ContentCodecs & Pick<SluiceCodecs, "deadLetter">;
}

/** Counted by kind at the most; anybody may write reasons into the topic. */
const MAX_KINDS = 200;
const MAX_NAME = 256;
const MAX_DETAIL = 2_000;

/** The topic of dead letters, as who looks into it sees it. It is read anew each time; nothing of it is held. */
export class DeadLetterBox {
  private readonly options: DeadLetterBoxOptions;
  /** Schemas seen in records and not loaded. */
  private readonly wanted = new Set<number>();

  constructor(options: DeadLetterBoxOptions) {
    this.options = options;
  }

  /** Looks for letters. Reads what was stored from `filter.from` on. */
  async find(filter: LetterFilter, options: FindOptions): Promise<FoundLetters> {
    const replayed = options.unreplayed === true ? await this.replays(filter.from) : undefined;
    for (;;) {
      const search = new Search(filter, options, replayed);
      await this.readAll(filter.from, (record) => this.look(record, search));
      // Records whose schema has just been fetched may match as well.
      if (!(await this.loadWanted())) return search.result();
    }
  }

  /** Letters at these places, in the order of partition and offset; what is not there is left out. */
  async read(places: readonly LetterPlace[]): Promise<Letter[]> {
    const found: Letter[] = [];
    for (const [partition, offsets] of byPartition(places)) {
      const records: InRecord[] = [];
      const sorted = [...offsets].sort((a, b) => a - b);
      await this.options.reader.readRange(DEAD_LETTER_TOPIC, partition, sorted[0]!, sorted.at(-1)! + 1, (record) => {
        if (offsets.has(record.offset)) records.push(record);
      });
      for (const record of records) {
        const letter = this.letter(record) ?? ((await this.loadWanted()) ? this.letter(record) : undefined);
        if (letter !== undefined) found.push(letter);
      }
    }
    return found;
  }

  /** The marks of these letters, by their `placeText`, in the order of the log as of now. */
  async marks(places: readonly LetterPlace[]): Promise<Map<string, ReplayMark[]>> {
    const found = new Map<string, ReplayMark[]>(places.map((place) => [placeText(place), []]));
    const marks = await this.options.reader.watermarks(DEAD_LETTER_TOPIC);
    for (const [partition, offsets] of byPartition(places))
      await this.options.reader.readRange(
        DEAD_LETTER_TOPIC,
        partition,
        Math.min(...offsets),
        marks[partition]?.high ?? 0,
        (record) => {
          const mark = readMark(record);
          if (mark !== undefined) found.get(placeText(mark.letter))?.push(mark);
        },
      );
    return found;
  }

  /** When each letter was replayed last, epoch ms. */
  private async replays(from: number | undefined): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    await this.readAll(from, (record) => {
      const mark = readMark(record);
      if (mark?.state === "done") found.set(placeText(mark.letter), mark.storedAt);
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

  private look(record: InRecord, search: Search): void {
    const mark = readMark(record);
    if (mark !== undefined) {
      if (mark.state === "done") search.replayed(mark);
      return;
    }
    const letter = this.letter(record);
    if (letter === undefined || !search.mayTake(letter)) return;
    search.take(letter, this.owner(letter.content));
  }

  private owner(letter: DeadLetter): LetterOwner {
    const content = contentOf(this.options.codecs, letter);
    if (!content.ok && content.code === "unknown-schema" && content.schemaId !== undefined)
      this.wanted.add(content.schemaId);
    return ownerOf(content, letter);
  }

  /** Undefined for what stands in the topic and is no dead letter. */
  private letter(record: InRecord): Letter | undefined {
    const { partition, offset, timestamp, value } = record;
    const decoded = value === null ? undefined : this.options.codecs.deadLetter.decode(value);
    if (decoded?.ok) return { partition, offset, storedAt: timestamp, content: decoded.value };
    if (decoded?.code === "unknown-schema" && decoded.schemaId !== undefined) this.wanted.add(decoded.schemaId);
    return undefined;
  }

  /** True when a schema was fetched that nobody had. */
  private async loadWanted(): Promise<boolean> {
    let loaded = false;
    for (const id of this.wanted) loaded = (await this.options.codecs.loadSchema(id)) === "loaded" || loaded;
    this.wanted.clear();
    return loaded;
  }
}

/** One look through the topic: holds at most twice as many letters as are asked for. */
class Search {
  private readonly filter: LetterFilter;
  private readonly options: FindOptions;
  private held: LetterSummary[] = [];
  private readonly counts = new Map<string, number>();
  private readonly replays: Map<string, number>;
  private matched = 0;

  constructor(filter: LetterFilter, options: FindOptions, replayed = new Map<string, number>()) {
    this.filter = filter;
    this.options = options;
    this.replays = replayed;
  }

  mayTake(letter: Letter): boolean {
    const { storedAt, content } = letter;
    if (this.options.unreplayed === true && this.replays.has(placeText(letter))) return false;
    const { reason, service, topic, from, to } = this.filter;
    return (
      (reason === undefined || content.reason === reason) &&
      (service === undefined || content.service === service) &&
      (topic === undefined || content.topic === topic) &&
      (from === undefined || storedAt >= from) &&
      (to === undefined || storedAt < to)
    );
  }

  take(letter: Letter, owner: LetterOwner): void {
    const { account, provider, labels = {} } = this.filter;
    if (account !== undefined && owner.account !== account) return;
    if (provider !== undefined && owner.provider !== provider) return;
    for (const name in labels) if (owner.labels?.[name] !== labels[name]) return;
    const { content, partition, offset, storedAt } = letter;
    const { reason, service, topic, key, value } = content;
    this.held.push({
      ...{ partition, offset, storedAt, account: owner.account, provider: owner.provider },
      reason: reason.slice(0, MAX_NAME),
      detail: content.detail.slice(0, MAX_DETAIL),
      service: service.slice(0, MAX_NAME),
      topic: topic.slice(0, MAX_NAME),
      messageId: owner.messageId ?? content.messageId,
      bytes: (key?.length ?? 0) + (value?.length ?? 0),
      replayedAt: undefined,
    });
    this.matched++;
    const kind = `${reason.slice(0, MAX_NAME)}\t${topic.slice(0, MAX_NAME)}`;
    if (this.counts.has(kind) || this.counts.size < MAX_KINDS) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (this.held.length > 2 * this.options.most) this.cut();
  }

  replayed({ letter, storedAt }: ReplayMark): void {
    this.replays.set(placeText(letter), storedAt);
  }

  result(): FoundLetters {
    for (const letter of this.held) letter.replayedAt = this.replays.get(placeText(letter));
    this.cut();
    return {
      letters: this.held,
      counts: this.counts,
      matched: this.matched,
      leftOut: this.matched - this.held.length,
    };
  }

  private cut(): void {
    const { most, which } = this.options;
    this.held.sort((a, b) => a.storedAt - b.storedAt || a.partition - b.partition || a.offset - b.offset);
    this.held = which === "oldest" ? this.held.slice(0, most) : this.held.slice(-most);
  }
}

function byPartition(places: readonly LetterPlace[]): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (const { partition, offset } of places) {
    const offsets = found.get(partition) ?? new Set<number>();
    found.set(partition, offsets.add(offset));
  }
  return found;
}
