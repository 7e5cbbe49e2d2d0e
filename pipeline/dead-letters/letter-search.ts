import type { LetterOwner } from "./letter-content.ts";
import { type Letter, type LetterPlace, placeText, type ReplayMark } from "./replay-mark.ts";
import type { ReplayedPlaces } from "./replayed-places.ts";

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

/** By what letters are in the order of time. */
export type LetterTime = Pick<LetterSummary, "storedAt" | "partition" | "offset">;

/** Letters that were found, a bounded number, and how many there are. */
export interface FoundLetters {
  /** The oldest or the newest ones, in the order of time. */
  readonly letters: readonly LetterSummary[];
  /** All that match, by reason and topic. */
  readonly counts: ReadonlyMap<string, number>;
  readonly matched: number;
  /** Of these, not in `letters`. */
  readonly leftOut: number;
  /** Letters of that time that do not match. */
  readonly others: number;
}

export interface FindOptions {
  /** Letters given at the most. */
  readonly most: number;
  readonly which: "oldest" | "newest";
  /** Leaves out what has been replayed. Default false. */
  readonly unreplayed?: boolean;
  /** Leaves out this letter and what stands before it in the order of time. */
  readonly after?: LetterTime;
}

/** Counted by kind at the most; anybody may write reasons into the topic. */
const MAX_KINDS = 200;
/** Characters that are kept of a letter's fields. */
const MAX_NAME = 256;
const MAX_DETAIL = 500;

/** One look through the topic: holds at most twice as many letters as are asked for. */
export class LetterSearch {
  private readonly filter: LetterFilter;
  private readonly options: FindOptions;
  /** Left out. */
  private readonly replays: ReplayedPlaces | undefined;
  /** By `placeText`: a mark stands behind its letter, which is held by then, or will not be given. */
  private held = new Map<string, LetterSummary>();
  private readonly counts = new Map<string, number>();
  private matched = 0;
  /** Letters looked at, whether they match or not. */
  looked = 0;

  constructor(filter: LetterFilter, options: FindOptions, replays?: ReplayedPlaces) {
    this.filter = filter;
    this.options = options;
    this.replays = replays;
  }

  mayTake(letter: Letter): boolean {
    const { storedAt, content } = letter;
    if (this.replays?.has(letter) === true) return false;
    const { after } = this.options;
    if (after !== undefined && byTime(letter, after) <= 0) return false;
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
    this.held.set(placeText(letter), {
      ...{ partition, offset, storedAt },
      account: shortened(owner.account, MAX_NAME),
      provider: shortened(owner.provider, MAX_NAME),
      reason: shortened(reason, MAX_NAME),
      detail: shortened(content.detail, MAX_DETAIL),
      service: shortened(service, MAX_NAME),
      topic: shortened(topic, MAX_NAME),
      messageId: shortened(owner.messageId ?? content.messageId, MAX_NAME),
      bytes: (key?.length ?? 0) + (value?.length ?? 0),
      replayedAt: undefined,
    });
    this.matched++;
    const kind = `${shortened(reason, MAX_NAME)}\t${shortened(topic, MAX_NAME)}`;
    if (this.counts.has(kind) || this.counts.size < MAX_KINDS) this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (this.held.size > 2 * this.options.most) this.cut();
  }

  replayed({ letter, storedAt }: ReplayMark): void {
    const held = this.held.get(placeText(letter));
    if (held !== undefined) held.replayedAt = storedAt;
  }

  result(): FoundLetters {
    this.cut();
    const letters = [...this.held.values()];
    const { counts, matched, looked } = this;
    return { letters, counts, matched, leftOut: matched - letters.length, others: looked - matched };
  }

  private cut(): void {
    const { most, which } = this.options;
    const sorted = [...this.held].sort(([, a], [, b]) => byTime(a, b));
    this.held = new Map(which === "oldest" ? sorted.slice(0, most) : sorted.slice(-most));
  }
}

function byTime(a: LetterTime, b: LetterTime): number {
  return a.storedAt - b.storedAt || a.partition - b.partition || a.offset - b.offset;
}

/** The beginning of a text. A copy, since a slice would hold all of it: anybody may write a long one into the topic. */
function shortened<Text extends string | null | undefined>(text: Text, most: number): Text | string {
  return typeof text === "string" && text.length > most ? Buffer.from(text.slice(0, most)).toString() : text;
}
