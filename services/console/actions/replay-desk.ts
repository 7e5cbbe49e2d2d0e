import { randomUUID } from "node:crypto";
import type { FoundLetters, LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
import type { JudgedLetter, ReplayOptions, ReplayResult } from "../../../pipeline/dead-letters/replay.ts";
import type { LetterPlace } from "../../../pipeline/dead-letters/replay-mark.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Person } from "../access/roles.ts";

export interface ReplayDeskOptions {
  /** Finds the oldest letters that match and have not been replayed, at most so many. */
  readonly find: (filter: LetterFilter, most: number) => Promise<FoundLetters>;
  /** Judges letters, and replays them where `carryOut` says so; `run` names who. */
  readonly replay: (run: string, places: readonly LetterPlace[], options: ReplayOptions) => Promise<ReplayResult>;
  readonly log: Log;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Which letters, and how many at the most. */
export interface ReplayAsked {
  readonly filter: LetterFilter;
  readonly most: number;
  readonly asNew: boolean;
}

/** A run as the page sees it. */
export interface ReplayRun {
  /** Names it; stands on the marks behind the letters. */
  readonly run: string;
  readonly by: string;
  readonly dry: boolean;
  readonly state: "running" | "done" | "stopped" | "failed";
  /** Epoch ms. */
  readonly startedAt: number;
  /** Letters that are looked at, and those that match beyond them. */
  readonly letters: number;
  readonly leftOut: number;
  /** In a dry run, letters that would be replayed. */
  readonly replayed: number;
  readonly refused: Readonly<Record<string, number>>;
  /** The first letters with what came of each, some of them. */
  readonly lines: readonly ReplayLine[];
  /** Why it failed. */
  readonly failure: string | null;
}

export interface ReplayLine {
  /** `<partition>/<offset>` of sms.dead-letter. */
  readonly letter: string;
  readonly reason: string;
  readonly topic: string;
  /** The word of the verdict: `goes`, or why it is refused. */
  readonly verdict: string;
  readonly why: string;
}

interface Running {
  run: string;
  by: string;
  dry: boolean;
  state: ReplayRun["state"];
  startedAt: number;
  /** Epoch ms; 0 while it goes on. */
  endedAt: number;
  letters: number;
  leftOut: number;
  replayed: number;
  refused: Record<string, number>;
  lines: ReplayLine[];
  failure: string | null;
  asked: ReplayAsked;
  /** Letters that a dry run let go, in order. */
  going: LetterPlace[];
  stopAsked: boolean;
}

export const MAX_LETTERS = 1_000;
export const MAX_RATE = 100;
/** Letters shown one by one. */
const SHOWN = 100;
/** Letters looked at to find those that may go: refused ones stand among them. */
const CANDIDATES_EACH = 5;
/** What a dry run has shown counts for so long from its end on, ms: later it is looked again. */
const DRY_RUN_COUNTS_MS = 10 * 60_000;
/** Letters a second in a dry run, which writes nothing: as fast as it goes. */
const DRY_RATE = 1_000;

/** Replays of dead letters from the console: one at a time, a dry run first, and then exactly the letters that it let go. */
export class ReplayDesk {
  private readonly options: ReplayDeskOptions;
  private last: Running | undefined;
  private work: Promise<void> = Promise.resolve();

  constructor(options: ReplayDeskOptions) {
    this.options = options;
  }

  /** The last run; undefined when there was none since the start. */
  get current(): ReplayRun | undefined {
    if (this.last === undefined) return undefined;
    const { asked: _, going: __, stopAsked: ___, endedAt: ____, ...run } = this.last;
    return run;
  }

  /** Begins to look what a replay would do. @throws ProblemError 409 while another run goes on */
  look(asked: ReplayAsked, person: Person): ReplayRun {
    return this.begin(asked, person, true, async (run) => {
      const found = await this.options.find(asked.filter, asked.most * CANDIDATES_EACH);
      run.letters = found.letters.length;
      run.leftOut = found.leftOut;
      return this.options.replay(run.run, found.letters, this.replayOptions(run, asked.most, DRY_RATE));
    });
  }

  /**
   * Begins to replay the letters that the dry run `named` let go; each is judged again before it goes.
   * @throws ProblemError 409 while another run goes on, or when that was not the last one, did not end, or is too long ago
   */
  carryOut(named: string, rate: number, person: Person): ReplayRun {
    const dry = this.last;
    if (dry?.state === "running") throw busy(dry);
    const young = dry !== undefined && this.options.now() - dry.endedAt <= DRY_RUN_COUNTS_MS;
    if (dry === undefined || !dry.dry || dry.state !== "done" || dry.run !== named || !young) {
      const detail =
        "look again what a replay would do: this was not the last dry run, or is more than ten minutes ago";
      throw new ProblemError({ status: 409, code: "DRY_RUN_NEEDED", title: "A dry run comes first", detail });
    }
    const { going, asked } = dry;
    return this.begin(asked, person, false, (run) => {
      run.letters = going.length;
      return this.options.replay(run.run, going, this.replayOptions(run, going.length, rate));
    });
  }

  /** Ends the run after the letters at hand. */
  stop(person: Person): ReplayRun | undefined {
    if (this.last?.state === "running") {
      this.last.stopAsked = true;
      this.options.log.info({ person: person.name, run: this.last.run }, "a replay of dead letters is stopped");
    }
    return this.current;
  }

  /** Resolves when nothing goes on any more; a run that goes on ends after the letters at hand. */
  async close(): Promise<void> {
    if (this.last !== undefined) this.last.stopAsked = true;
    await this.work;
  }

  private begin(
    asked: ReplayAsked,
    { name, role }: Person,
    dry: boolean,
    work: (run: Running) => Promise<ReplayResult>,
  ): ReplayRun {
    if (this.last?.state === "running") throw busy(this.last);
    const run: Running = {
      ...{ run: nameOf(name), by: name, dry, state: "running", startedAt: this.options.now(), letters: 0, leftOut: 0 },
      ...{ replayed: 0, refused: {}, lines: [], failure: null, asked, going: [], stopAsked: false, endedAt: 0 },
    };
    this.last = run;
    const { log, now } = this.options;
    if (!dry) log.info({ person: name, role, run: run.run, filter: asked.filter }, "a replay of dead letters begins");
    this.work = work(run).then(
      (result) => {
        run.leftOut += result.notLookedAt;
        if (result.absent.length > 0) run.refused.gone = result.absent.length;
        run.endedAt = now();
        run.state = run.stopAsked ? "stopped" : "done";
        const { replayed, refused } = run;
        if (!dry) log.info({ person: name, run: run.run, replayed, refused }, "a replay of dead letters is over");
      },
      (error: unknown) => {
        run.state = "failed";
        run.failure = errorMessage(error);
        log.error({ err: error, person: name, run: run.run, dry }, "a replay of dead letters failed");
      },
    );
    return this.current!;
  }

  private replayOptions(run: Running, most: number, rate: number): ReplayOptions {
    return {
      carryOut: !run.dry,
      rate,
      most,
      asNew: run.asked.asNew,
      stopped: () => run.stopAsked,
      onJudged: (judged) => note(run, judged),
    };
  }
}

function note(run: Running, { letter, verdict }: JudgedLetter): void {
  const { partition, offset, content } = letter;
  if (verdict.ok) {
    run.replayed++;
    if (run.dry) run.going.push({ partition, offset });
  } else run.refused[verdict.code] = (run.refused[verdict.code] ?? 0) + 1;
  if (run.lines.length >= SHOWN) return;
  run.lines.push({
    letter: `${partition}/${offset}`,
    reason: content.reason,
    topic: content.topic,
    verdict: verdict.ok ? "goes" : verdict.code,
    why: verdict.ok ? verdict.note : verdict.detail,
  });
}

/** `console-anna-3f2a9c1e`: letters, digits, `_` and `-`, as marks need it. */
function nameOf(person: string): string {
  return `console-${person.replaceAll(/[^\w-]+/g, "-")}-${randomUUID().slice(0, 8)}`;
}

function busy({ by }: Running): ProblemError {
  const detail = `${by} has one under way: wait for its end, or stop it`;
  return new ProblemError({ status: 409, code: "REPLAY_UNDER_WAY", title: "A replay is under way", detail });
}
