/** The longest that a look-up service is believed when it asks to be left alone, ms. */
const MAX_PAUSE_MS = 60_000;

export interface CircuitTerms {
  readonly failures: number;
  readonly openMs: number;
}

/**
 * Whether a look-up service is asked at all: not for a while after some failures in a row, and then once, to see whether it
 * is back. So a dead one costs the time-out of a few questions, and later of one in each `openMs`. Times are ms of one clock.
 */
export class LookupCircuit {
  private readonly terms: CircuitTerms;
  private failures = 0;
  private openUntil: number | undefined;
  private trial = false;

  constructor(terms: CircuitTerms) {
    this.terms = terms;
  }

  /** It has failed and was not seen to work since. */
  get open(): boolean {
    return this.openUntil !== undefined;
  }

  /** Whether a question may go now. The one that tries an open circuit must be concluded. */
  may(at: number): boolean {
    if (this.openUntil === undefined) return true;
    if (this.trial || at < this.openUntil) return false;
    this.trial = true;
    return true;
  }

  /** Whether `may` would say no. */
  refuses(at: number): boolean {
    return this.openUntil !== undefined && (this.trial || at < this.openUntil);
  }

  succeeded(): void {
    this.failures = 0;
    this.openUntil = undefined;
    this.trial = false;
  }

  /** `pauseMs`: how long it asks to be left alone. */
  failed(at: number, pauseMs = 0): void {
    const wasOpen = this.openUntil !== undefined;
    this.failures++;
    const pause = Math.min(pauseMs, MAX_PAUSE_MS);
    if (wasOpen && !this.trial && pause === 0) return;
    if (this.trial || pause > 0 || this.failures >= this.terms.failures) {
      this.openUntil = Math.max(this.openUntil ?? 0, at + Math.max(pause, this.terms.openMs));
      this.trial = false;
    }
  }
}
