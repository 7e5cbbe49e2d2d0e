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
    const line = progressLine(snapshot);
    if (!this.#out.isTTY) {
      this.#out.write(`${line}\n`);
      return;
    }
    this.#line = line.slice(0, Math.max(20, this.#out.columns - 1));
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

/** One line: how far, how fast, and how each provider does. */
export function progressLine(run: RunSnapshot): string {
  const share = run.total === 0 ? 1 : Math.min(1, run.ended / run.total);
  const full = Math.floor(share * BAR);
  const bar = `[${"#".repeat(full)}${"-".repeat(BAR - full)}] ${String(Math.floor(share * 100)).padStart(3)}%`;
  const counts = [
    `accepted ${run.accepted} (${run.acceptedRate}/s)`,
    `submitted ${run.submitted} (${run.submittedRate}/s)`,
    `ended ${run.ended} (${run.endedRate}/s)`,
  ].join("  ");
  const providers = run.providers.map(({ id, circuit, rate }) => `${id} ${CIRCUIT[circuit]} ${rate}/s`).join("  ");
  return `${bar}  ${counts}  |  ${providers}`;
}
