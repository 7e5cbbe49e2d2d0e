/** Keys kept at once; beyond it the oldest is forgotten, so a careless key costs log lines, never memory. */
const MAX_KEYS = 1_000;

interface Window {
  endsAt: number;
  suppressed: number;
  /** Writes the latest line that was left out, told how many there were. */
  last: ((suppressed: number) => void) | undefined;
}

/** Time as the suppression sees it. */
export interface SuppressionClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs the callback once after the delay (milliseconds), without keeping the process alive. */
  after(milliseconds: number, callback: () => void): void;
}

/**
 * Lets the first line of a key through and holds back the rest of its window. When lines were held back, the latest
 * of them is written at the window's end with their count: a storm leaves its size in the log even if it just stops.
 */
export class Suppression {
  readonly #windows = new Map<string, Window>();
  readonly #clock: SuppressionClock;

  constructor(clock: SuppressionClock) {
    this.#clock = clock;
  }

  /** @param write writes the line; called now, or at the window's end with the number of lines held back, or never. */
  offer(key: string, milliseconds: number, write: (suppressed: number) => void): void {
    const now = this.#clock.now();
    const window = this.#windows.get(key);
    if (window === undefined || now >= window.endsAt) {
      const missed = window?.suppressed ?? 0;
      this.#open(key, now + milliseconds);
      write(missed);
      return;
    }
    window.suppressed++;
    window.last = write;
    if (window.suppressed === 1) this.#clock.after(window.endsAt - now, () => this.#close(key, window, milliseconds));
  }

  #open(key: string, endsAt: number): void {
    this.#windows.delete(key);
    if (this.#windows.size >= MAX_KEYS) this.#windows.delete(this.#windows.keys().next().value as string);
    this.#windows.set(key, { endsAt, suppressed: 0, last: undefined });
  }

  #close(key: string, window: Window, milliseconds: number): void {
    // A line offered between the window's end and this timer has reported the count already.
    if (this.#windows.get(key) !== window) return;
    this.#open(key, this.#clock.now() + milliseconds);
    window.last?.(window.suppressed);
  }
}
