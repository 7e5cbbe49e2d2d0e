import type { ProviderView, RunSnapshot } from "./run-view.ts";

const BAR = 24;
const CIRCUIT: Readonly<Record<ProviderView["circuit"], string>> = {
  closed: "ok",
  half_open: "trying",
  open: "DOWN",
  silent: "silent",
};

/** Where lines go: a terminal rewrites the progress line, anything else gets a line now and then. */
export interface ProgressOutput {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** A progress line that stays at the bottom, with messages above it. */
export class Progress {
  readonly #out: ProgressOutput;
  readonly #everyMs: number;
  #shownAt = Number.NEGATIVE_INFINITY;
  #line = "";

  /** `everyMs`: between two lines where they cannot be rewritten. */
  constructor(out: ProgressOutput, everyMs = 2_000) {
    this.#out = out;
    this.#everyMs = everyMs;
  }

  /** Whether a new line would be shown now; rates are best measured from one shown line to the next. */
  due(monotonic: number): boolean {
    return monotonic - this.#shownAt >= (this.#out.isTTY ? 450 : this.#everyMs);
  }

  show(snapshot: RunSnapshot, monotonic: number): void {
    this.#shownAt = monotonic;
    if (!this.#out.isTTY) {
      this.#out.write(`${progressLine(snapshot)}\n`);
      return;
    }
    const room = Math.max(20, this.#out.columns - 1);
    this.#line = progressLine(snapshot, room).slice(0, room);
    this.#out.write(`\r\x1b[K${this.#line}`);
  }

  /** Something that happened, above the progress line. */
  say(text: string): void {
    this.#out.write(this.#line === "" ? `${text}\n` : `\r\x1b[K${text}\n${this.#line}`);
  }

  /** Leaves the last line where it is. */
  end(): void {
    if (this.#line !== "") this.#out.write("\n");
    this.#line = "";
  }
}

/** One line: how far, how fast, and how each provider does. Where there is little room the bar gives way. */
export function progressLine(run: RunSnapshot, room = Number.POSITIVE_INFINITY): string {
  const share = run.total === 0 ? 1 : Math.min(1, run.ended / run.total);
  const counts = [
    `accepted ${run.accepted} (${run.acceptedRate}/s)`,
    `submitted ${run.submitted} (${run.submittedRate}/s)`,
    `ended ${run.ended} (${run.endedRate}/s)`,
  ].join("  ");
  const providers = run.providers.map(({ id, circuit, rate }) => `${id} ${CIRCUIT[circuit]} ${rate}/s`).join("  ");
  const words = `${String(Math.floor(share * 100)).padStart(3)}%  ${counts}  |  ${providers}`;
  const bar = Math.min(BAR, room - words.length - 3);
  if (bar < 5) return words;
  const full = Math.floor(share * bar);
  return `[${"#".repeat(full)}${"-".repeat(bar - full)}] ${words}`;
}
