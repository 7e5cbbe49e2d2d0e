/** An answer, and how old it may be. */
export interface Answered<Value> {
  readonly value: Value;
  /** When it was asked for, epoch ms. */
  readonly asOf: number;
  /** It may be shown for so long before it is asked for again, ms. */
  readonly maxAgeMs: number;
}

interface Entry {
  readonly answer: Promise<Answered<unknown>>;
  readonly at: number;
}

/** Answers kept; of more the oldest is forgotten. */
const MAX_ANSWERS = 500;

/** What ClickHouse has answered lately: however many pages are open, each question is asked once in a while. Times are epoch ms. */
export class CachedAnswers {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;
  hits = 0;
  misses = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  /** The answer to the question `key`: one that is younger than `maxAgeMs`, or what `ask` gives. An error is not kept. */
  of<Value>(key: string, maxAgeMs: number, ask: () => Promise<Value>): Promise<Answered<Value>> {
    const at = this.now();
    const known = this.entries.get(key);
    if (known !== undefined && at - known.at < maxAgeMs) {
      this.hits++;
      return known.answer as Promise<Answered<Value>>;
    }
    this.misses++;
    const answer = ask().then((value) => ({ value, asOf: at, maxAgeMs }));
    this.entries.delete(key);
    this.entries.set(key, { answer, at });
    const [oldest] = this.entries.keys();
    if (this.entries.size > MAX_ANSWERS) this.entries.delete(oldest!);
    answer.catch(() => {
      if (this.entries.get(key)?.answer === answer) this.entries.delete(key);
    });
    return answer;
  }
}
