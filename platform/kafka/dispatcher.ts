/**
 * A processor with many records in flight that complete in any order: lanes by urgency, in order per key, memory
 * bounded, and at every moment a stated set of records that may have had an effect outside. Nothing is handed over
 * before a commit whose horizon lies beyond it; an outcome is stored before anything is done about it; after a takeover
 * the records between the committed offset and the horizon that have no stored outcome are in doubt, and the handler
 * says what becomes of them. See docs/architecture.md, "One runtime, four rules".
 *
 * Longer than the other files: one loop owns all of this state, and every step of it relies on the order of the others.
 */
import { faultPoint } from "#fault-point";
import { Arrivals } from "../flow/arrivals.ts";
import type { DispatchHandler, Outcome, Work } from "./dispatch-handler.ts";
import type { DispatchJournal } from "./dispatch-journal.ts";
import { DispatchLane } from "./dispatch-lane.ts";
import { type DispatchState, readState } from "./dispatch-state.ts";
import { Doubt, nothingToRead } from "./doubt.ts";
import { HeldWorks } from "./held-works.ts";
import { KeyChains } from "./key-chains.ts";
import { type OutcomeProducer, OutcomeWriter } from "./outcome-writer.ts";
import { packOffsets, unpackOffsets } from "./packed-offsets.ts";
import { Positions } from "./positions.ts";
import { ReadBackMarks } from "./read-back-mark.ts";
import type { InRecord } from "./record.ts";
import type { Task } from "./task.ts";

export type { Decision, DispatchHandler, Outcome, Work, WorkPlace } from "./dispatch-handler.ts";

export interface DispatcherOptions {
  readonly producer: OutcomeProducer;
  /** Topics whose positions may stand in the `src` header, in a fixed order, and their partition count. */
  readonly sources: { readonly topics: readonly string[]; readonly partitions: number };
  /** Records staged per lane, and those of all lanes that may be handed over before the next commit: bounds what can be in doubt. */
  readonly step: number;
  /** Records taken and not done per lane at the most. Default 5,000. */
  readonly maxPending?: number;
  /** Outcomes not yet stored beyond which nothing more is handed over: when Kafka is slow they would all be in doubt. Default: four steps, at least 200. */
  readonly maxUnstored?: number;
  /** Records that are taken of a lane beyond the first one that is not done, at the most, and up to a step more: the next owner takes them up again. Default 50,000. */
  readonly maxSpan?: number;
  /** Works that may wait behind another of their key while as many as `maxUnstored` wait in all. Default 32. */
  readonly maxChained?: number;
  /** Indices of the input topics, most urgent first. Default: as the group lists them. */
  readonly urgency?: readonly number[];
  /** Every so many picks a less urgent lane with work goes first, each in turn. Default 20: a share of 5 %. */
  readonly reserveEvery?: number;
  /** Octets of commit metadata that the broker takes (`offset.metadata.max.bytes`). Default 4,096, as in Kafka. */
  readonly maxMetadata?: number;
  /** How long a new owner waits for outcomes that the old one may still be writing. Default 1,000 ms. */
  readonly settleMs?: number;
  /** What this owner does is also kept on this machine, for the next one. The handler says what is leaving. */
  readonly journal?: DispatchJournal | undefined;
}

/** Records of the most urgent lane for which the horizon is committed before they have come, at the most. */
const MOST_EXPECTED = 50;
const MARK_EVERY_MS = 1_000;
const COMMIT_EVERY_MS = 250;
/** What is in flight when a task is to drain has so long; what is still without an answer then is in doubt, and only that. With RELEASE_MS less than what a group gives its tasks. */
const DRAIN_MS = 4_000;
const RELEASE_MS = 2_000;
/** Octets that the last commit's metadata may need beyond what it needs now, when the drain begins. */
const METADATA_SLACK = 256;
/** With nothing open and no room for so long, the horizon is taken back: then nothing is in doubt, however long that lasts. */
const REST_AFTER_MS = 1_000;
/** After what a record waited for has failed: asked again so much later. */
const WAIT_AGAIN_MS = 1_000;
/** Works that were never handed over and may be set aside at the most: a drained owner can name about as many in its last commit. */
const MOST_SET_ASIDE = 1_000;
const NONE: ReadonlySet<number> = new Set();

export class Dispatcher<W, O> {
  private readonly task: Task;
  private readonly handler: DispatchHandler<W, O>;
  private readonly options: Required<Omit<DispatcherOptions, "journal">>;
  private readonly journal: DispatchJournal | undefined;
  private lanes: DispatchLane<W>[] = [];
  /** The lanes, most urgent first. */
  private urgent: DispatchLane<W>[] = [];
  /** Of the most urgent lane. */
  private readonly arrivals = new Arrivals();
  private marks = new ReadBackMarks(0, [], []);
  private readonly outcomes: OutcomeWriter<W>;
  private doubt: Doubt<W, O>;
  private readonly chains = new KeyChains<W>();
  private readonly held: HeldWorks<W>;
  /** Partitions of the outcome log whose works are set aside this turn; undefined, as nearly always: none. */
  private still: ReadonlySet<number> | undefined;
  /** Partitions that were not read back yet when that was last looked at. */
  private unreadBefore = 0;
  /** At its end nothing more is read back. */
  private readonly ending = new AbortController();
  /** Works that a drain left where they are, by lane: their offsets. */
  private leftBehind: number[][] = [];
  private picks = 0;
  private reserve = 0;
  private committing = false;
  private committed: number[] = [];
  private committedAt = 0;
  private markedAt = 0;
  private busyAt = 0;
  private marking = false;
  private lost = false;
  private failure: unknown;
  private over = false;
  /** Works handed over and not yet settled. */
  inFlight = 0;

  constructor(task: Task, handler: DispatchHandler<W, O>, options: DispatcherOptions) {
    this.task = task;
    this.handler = handler;
    this.options = {
      maxPending: 5_000,
      maxSpan: 50_000,
      maxUnstored: Math.max(200, options.step * 4),
      maxChained: 32,
      reserveEvery: 20,
      settleMs: 1_000,
      maxMetadata: 4_096,
      urgency: task.inputs.map((_, i) => i),
      ...options,
    };
    this.journal = options.journal;
    this.outcomes = new OutcomeWriter(task, options.producer, options.journal, (error) => this.fail(error));
    this.doubt = new Doubt(handler, this.outcomes, nothingToRead(), undefined);
    this.held = new HeldWorks(Math.min(this.options.maxUnstored, MOST_SET_ASIDE));
  }

  /** Records read or waiting in the log that have not been handed over. */
  get backlog(): number {
    return this.task.inputs.reduce((sum, _, i) => sum + this.backlogOf(i), 0);
  }

  /** The same of one input. */
  backlogOf(index: number): number {
    const lane = this.lanes[index];
    const taken = (lane?.staged.length ?? 0) + (lane?.unread === undefined ? 0 : 1);
    return (this.task.inputs[index]?.backlog ?? 0) + taken;
  }

  /** The loop for `TaskGroup.run`. */
  async run(): Promise<void> {
    try {
      await this.own();
    } finally {
      this.ending.abort();
    }
  }

  private async own(): Promise<void> {
    await this.restore();
    if (!this.task.alive) return;
    this.task.begin();
    let drainedBy = Number.POSITIVE_INFINITY;
    while (this.task.alive && !this.lost && performance.now() < drainedBy) {
      if (this.task.draining && drainedBy === Number.POSITIVE_INFINITY) drainedBy = performance.now() + DRAIN_MS;
      try {
        this.turn();
      } catch (error) {
        // What is in flight goes on, and its outcomes must be stored.
        this.fail(error);
        break;
      }
      if (this.task.draining && this.nothingOpen && this.outcomes.waiting === 0) break;
      await this.task.wait(COMMIT_EVERY_MS);
    }
    await this.release();
    // With the partition still ours it is a fault, and the group must know, to begin again less and less often.
    if (this.failure !== undefined && this.task.alive) throw this.failure;
  }

  private turn(): void {
    if (this.task.taking) this.stage();
    this.setAside();
    if (this.task.draining) this.disband();
    this.dismiss();
    this.hand();
    this.outcomes.flush();
    this.advance();
  }

  private fail(error: unknown): void {
    this.lost = true;
    this.failure ??= error;
    this.task.wake();
  }

  private get nothingOpen(): boolean {
    return this.inFlight === 0 && this.chains.size === 0 && this.outcomes.writing === 0;
  }

  private async restore(): Promise<void> {
    const { offsets, state } = this.task.restored;
    const parsed = readState(state);
    const { topics, partitions } = this.options.sources;
    this.lanes = offsets.map((offset, i) => {
      const done = new Positions(topics, partitions);
      // An input that was added later has no positions yet.
      if (parsed?.p[i] !== undefined) done.unpack(parsed.p[i]);
      return new DispatchLane(offset, Math.max(offset, parsed?.h[i] ?? 0), done, unpackOffsets(parsed?.u?.[i] ?? ""));
    });
    this.urgent = this.options.urgency.map((i) => this.lanes[i]!);
    this.leftBehind = this.lanes.map(() => []);
    const inDoubt = this.lanes.some((lane, i) => lane.doubtBelow > offsets[i]!);
    if (inDoubt) await new Promise((resolve) => setTimeout(resolve, this.options.settleMs));
    // With nothing in doubt there is nothing to be found before this moment, however old the last mark is. Where it cannot be told, that one stands.
    const ends = (inDoubt ? parsed?.e : undefined) ?? (await this.handler.outcomeEnds());
    const from = ends.map((end, partition) => end ?? parsed?.e[partition] ?? 0);
    const readBack = inDoubt ? await this.handler.readBack(from, this.ending.signal) : nothingToRead<O>();
    const inherited = this.lanes.map((lane) => lane.doubtBelow);
    // After the wait above: an owner that is still there may have noted its last in it.
    // One that has lost the partition meanwhile must not touch what its successor may have begun in the same folder.
    const hint = this.task.alive
      ? this.journal?.begin({ token: parsed?.j, offsets, doubtBelow: inherited })
      : undefined;
    this.doubt = new Doubt(this.handler, this.outcomes, readBack, hint);
    this.marks = new ReadBackMarks(0, from, offsets, inherited);
    this.committed = [...offsets];
    this.committedAt = performance.now();
  }

  /** Takes records from the inputs, up to a step per lane. */
  private stage(): void {
    this.lanes.forEach((lane, i) => {
      const input = this.task.inputs[i]!;
      if (lane.waiting || lane.tracker.span >= this.options.maxSpan) return;
      while (
        lane.unread !== undefined ||
        (lane.staged.length < this.options.step && lane.tracker.pending < this.options.maxPending)
      ) {
        const again = lane.unread;
        lane.unread = undefined;
        const record = again ?? this.task.take(input);
        if (record === undefined) break;
        if (again === undefined && !lane.take(record)) continue;
        const decision = this.handler.decode(record, i);
        if (decision.ok) {
          lane.accept(record);
          if (lane === this.urgent[0]) this.arrivals.came(performance.now());
          const { value, key, id } = decision;
          const work: Work<W> = { record, lane: i, value, key: `${i}/${key}`, id };
          if (lane.mayHaveGone(record.offset)) this.doubt.look(lane, work);
          lane.staged.push(work);
        } else if ("wait" in decision) {
          this.await(lane, record, decision.wait);
          break;
        } else this.outcomes.write([decision.deadLetter], [], [{ lane, offset: record.offset }]);
      }
    });
  }

  /** The lane stands still, in order, until the record may be understood; the others go on. */
  private await(lane: DispatchLane<W>, record: InRecord, wait: Promise<unknown>): void {
    lane.unread = record;
    lane.waiting = true;
    const goOn = () => {
      lane.waiting = false;
      this.task.wake();
    };
    wait.then(goOn, () => void setTimeout(goOn, WAIT_AGAIN_MS).unref());
  }

  /** Looks which works must be set aside, and takes up those that need not be any more. A drained task leaves all where they are. */
  private setAside(): void {
    const { unread } = this.doubt;
    const unwritable = this.handler.unwritable?.();
    if (this.still !== undefined) for (const lane of this.lanes) lane.stuck = false;
    this.still = undefined;
    if (unread.size === this.unreadBefore && unread.size === 0 && unwritable === undefined && this.held.isEmpty) return;
    const still = this.task.draining ? NONE : new Set([...unread, ...(unwritable ?? NONE)]);
    if (!this.task.draining) this.still = still;
    const released = this.held.releaseBut(still, (work) => this.inDoubt(work));
    this.lanes.forEach((lane, i) => {
      const works = released.filter((work) => work.lane === i);
      if (works.length > 0) lane.restage(works);
      if (unread.size < this.unreadBefore)
        for (const work of lane.staged) if (this.inDoubt(work)) this.doubt.look(lane, work);
    });
    this.unreadBefore = unread.size;
  }

  private inDoubt({ lane, record }: Work<W>): boolean {
    return this.lanes[lane]!.mayHaveGone(record.offset);
  }

  /** True when the lane's first work is set aside, or stands still with all behind it since too many are. */
  private hold(lane: DispatchLane<W>, still: ReadonlySet<number>): boolean {
    const [work] = lane.staged;
    const partition = this.handler.outcomePartition(work!);
    if (!still.has(partition)) return false;
    const inDoubt = this.inDoubt(work!);
    if (this.held.hasRoom(inDoubt)) this.held.add(partition, lane.pass(), inDoubt);
    else lane.stuck = true;
    return true;
  }

  /**
   * As many outcomes are not stored as may be. Those of partitions that nothing can be written to do not count against the others, but no
   * more of them than that.
   */
  private get full(): boolean {
    const { maxUnstored } = this.options;
    const { unstored } = this.outcomes;
    if (unstored < maxUnstored || this.still === undefined) return unstored >= maxUnstored;
    return unstored - Math.min(maxUnstored, this.outcomes.unstoredIn(this.still)) >= maxUnstored;
  }

  /** Hands staged works over while there is room, urgent lanes first, a small share kept for the others. */
  private hand(): void {
    while (!this.full && this.task.alive) {
      const lane = this.next();
      if (lane === undefined) return;
      if (this.still !== undefined && this.hold(lane, this.still)) continue;
      const work = lane.pass();
      if (lane.mayHaveGone(work.record.offset) && this.doubt.resolve(lane, work)) continue;
      const waiting = this.chains.waitingOf(work.key);
      if (waiting !== undefined) {
        this.chain(work, waiting);
        continue;
      }
      this.chains.open(work.key);
      this.start(work);
    }
  }

  /** Ends what need not be handed over any more, from the heads of the lanes: otherwise it would wait as long as there is no room. */
  private dismiss(): void {
    if (this.handler.over === undefined || this.task.draining) return;
    for (const lane of this.lanes)
      while (lane.ready && !this.full && this.task.alive) {
        if (this.still !== undefined && this.hold(lane, this.still)) continue;
        const work = lane.staged[0]!;
        const settled = lane.mayHaveGone(work.record.offset) && this.doubt.resolve(lane, work);
        const ending = settled ? undefined : this.handler.over(work);
        if (!settled && ending === undefined) break;
        lane.pass();
        if (ending !== undefined) this.end(work, ending());
      }
  }

  /** Behind the work of its key that is in flight; or back, where a key has so many that others would wait for it. */
  private chain(work: Work<W>, waiting: number): void {
    const { maxChained, maxUnstored } = this.options;
    const crowded = waiting >= maxChained && this.chains.waiting >= maxUnstored;
    if (crowded && this.handler.crowded !== undefined) this.end(work, this.handler.crowded(work));
    else this.chains.add(work);
  }

  /**
   * A drained task starts nothing more: what waits behind others of its key stays where it is, in its order, and the last
   * commit says so. Where that commit has no room for it, it goes back.
   */
  private disband(): void {
    const waiting = this.chains.clearWaiting();
    if (waiting.length === 0) return;
    const room =
      this.options.maxMetadata -
      METADATA_SLACK -
      JSON.stringify(this.state(this.lanes.map((lane) => lane.rest))).length;
    const behind = this.leftBehind.map((offsets) => [...offsets]);
    for (const work of waiting)
      if (!this.lanes[work.lane]!.mayHaveGone(work.record.offset)) behind[work.lane]!.push(work.record.offset);
    const fits = behind.reduce((sum, offsets) => sum + packOffsets(offsets).length + 4, 0) <= room;
    if (fits || this.handler.crowded === undefined) this.leftBehind = behind;
    else for (const work of waiting) this.end(work, this.handler.crowded(work));
  }

  private end(work: Work<W>, outcome: Outcome): void {
    this.outcomes.add(this.lanes[work.lane]!, work, outcome);
  }

  /** The lane whose first work there is room for. */
  private next(): DispatchLane<W> | undefined {
    if (this.handler.room(false) > 0) return this.pick();
    const most = this.urgent[0]!;
    return most.ready && !this.task.draining && this.handler.room(true) > 0 ? most : undefined;
  }

  private pick(): DispatchLane<W> | undefined {
    if (this.task.draining) return undefined;
    const ready = (lane: DispatchLane<W>) => lane.ready;
    if (++this.picks % this.options.reserveEvery !== 0) return this.urgent.find(ready);
    const [first, ...others] = this.urgent.filter(ready);
    return others.length === 0 ? first : others[this.reserve++ % others.length];
  }

  private start(work: Work<W>): void {
    this.inFlight++;
    let open = true;
    this.handler.submit(work, (outcome) => {
      if (!open) return;
      open = false;
      this.inFlight--;
      this.end(work, outcome);
      const next = this.chains.next(work.key);
      if (next !== undefined && this.task.alive && !this.lost) this.startNext(next);
      if (this.over) this.outcomes.flush();
      else this.task.wake();
    });
  }

  /** As `start`, for a caller who must not hear of a fault: it settled another work. */
  private startNext(work: Work<W>): void {
    try {
      this.start(work);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Commits when the staged works need a new horizon, or when enough time has passed. */
  private advance(): void {
    const now = performance.now();
    // While works are set aside no commit passes the marks that are there, and those that came in between would only be many.
    if (now - this.markedAt >= MARK_EVERY_MS && !this.marking && this.held.isEmpty) this.mark(now);
    if (this.committing) return;
    const resting = this.resting(now);
    const horizon = resting ? this.lanes.map((lane) => lane.rest) : this.nextHorizon();
    const wanted = this.lanes.some((lane, i) => horizon[i]! > lane.horizon && lane.staged.length > 0);
    const moved = this.lanes.some(
      (lane, i) => lane.tracker.committable !== this.committed[i] || horizon[i]! < lane.horizon,
    );
    if (wanted || this.journal?.failed || (moved && now - this.committedAt >= COMMIT_EVERY_MS))
      this.commit(horizon).catch((error: unknown) => {
        this.committing = false;
        this.fail(error);
      });
  }

  /** True when nothing is open, and nothing can be handed over or ended, for a while already: a provider is dark. */
  private resting(now: number): boolean {
    const { handler } = this;
    const still = this.nothingOpen && this.outcomes.waiting === 0 && handler.room(true) <= 0;
    const over = ({ staged }: DispatchLane<W>) => staged.length > 0 && handler.over?.(staged[0]!) !== undefined;
    if (!still || this.lanes.some(over)) this.busyAt = now;
    return now - this.busyAt >= REST_AFTER_MS;
  }

  /**
   * A step of the staged works, urgent lanes first, and of each other lane its reserved share: no more is put in doubt. Of the most urgent
   * lane also those that will probably come before the next commit: they need not wait for it.
   */
  private nextHorizon(): number[] {
    const { step, reserveEvery } = this.options;
    const reserved = Math.ceil(step / reserveEvery);
    let left = step;
    const reach = new Map<DispatchLane<W>, number>();
    for (const lane of this.urgent) {
      const works = Math.min(lane.staged.length, Math.max(left, reserved));
      left -= works;
      reach.set(
        lane,
        lane === this.urgent[0] ? lane.reachAhead(works, this.expected(step - works)) : lane.reach(works),
      );
    }
    return this.lanes.map((lane) => reach.get(lane)!);
  }

  private expected(most: number): number {
    return Math.min(MOST_EXPECTED, most, this.arrivals.expected(performance.now()));
  }

  private mark(now: number): void {
    this.marking = true;
    this.markedAt = now;
    this.handler.outcomeEnds().then(
      (ends) => {
        // Asked for before, answered now: what lies beyond the horizon of this moment cannot stand below these ends.
        this.marks.note(
          now,
          this.lanes.map((lane) => lane.horizon),
          ends,
        );
        this.marking = false;
      },
      () => {
        this.marking = false;
      },
    );
  }

  private state(horizon: number[]): DispatchState {
    const offsets = this.lanes.map((lane) => lane.tracker.committable);
    const token = this.journal?.token;
    return {
      h: horizon,
      e: [...this.marks.pick(performance.now(), offsets)],
      p: this.lanes.map((lane, i) => lane.positionsBelow(offsets[i]!)),
      ...(token !== undefined && { j: token }),
    };
  }

  private async commit(horizon: number[], untouched?: string[]): Promise<boolean> {
    this.committing = true;
    const offsets = this.lanes.map((lane) => lane.tracker.committable);
    const state = this.state(horizon);
    if (untouched !== undefined) state.u = untouched;
    // A horizon that is taken back holds from now on: the broker may store it at any moment.
    this.lanes.forEach((lane, i) => {
      lane.horizon = Math.min(lane.horizon, horizon[i]!);
    });
    const step = this.lanes.some((lane, i) => horizon[i]! > lane.horizon) ? "horizon-committed" : "offset-committed";
    faultPoint(`before:${step}`);
    const ok = await this.task.commit(offsets, JSON.stringify(state)).catch(() => false);
    faultPoint(`after:${step}`);
    this.committing = false;
    if (!ok) {
      this.lost = true;
      this.task.wake();
      return false;
    }
    this.lanes.forEach((lane, i) => {
      lane.horizon = horizon[i]!;
    });
    this.committed = offsets;
    this.committedAt = performance.now();
    this.journal?.stored(offsets, state.j);
    if (this.lanes.every((lane, i) => offsets[i]! >= lane.doubtBelow)) {
      this.doubt.clear();
      this.ending.abort();
    }
    this.task.wake();
    return true;
  }

  /** The last acts of a task: outcomes of what is in flight are stored; a drained task leaves nothing in doubt. */
  private async release(): Promise<void> {
    const until = performance.now() + RELEASE_MS;
    while (
      (this.inFlight > 0 || this.outcomes.writing > 0 || this.committing || this.outcomes.waiting > 0) &&
      performance.now() < until
    ) {
      this.outcomes.flush();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // What is settled later is stored at once: nobody turns the loop any more.
    this.over = true;
    this.outcomes.flush();
    const { nothingOpen } = this;
    if (this.task.alive && !this.lost && this.task.draining) {
      const horizon = this.lanes.map((lane) => (nothingOpen ? lane.rest : lane.reach(0)));
      // What is still without an answer stays noted.
      const over = (await this.commit(horizon, this.untouchedBelow(horizon))) && !nothingOpen;
      if (over) return;
    }
    const known = this.lanes.every((lane) => lane.tracker.committable >= lane.doubtBelow);
    this.journal?.end(nothingOpen && known && this.task.alive && !this.lost);
  }

  /** Undefined when there is nothing below the horizon. What the commit has no room for is in doubt. */
  private untouchedBelow(horizon: readonly number[]): string[] | undefined {
    const untouched = this.lanes.map((lane, i) => lane.untouchedBelow(horizon[i]!, this.leftBehind[i]!));
    for (let share = 1; share > 1 / 32; share /= 2) {
      const packed = untouched.map((offsets) => packOffsets(offsets.slice(0, Math.floor(offsets.length * share))));
      if (packed.every((text) => text === "")) return undefined;
      const length = JSON.stringify({ ...this.state([...horizon]), u: packed }).length;
      if (length <= this.options.maxMetadata) return packed;
    }
    return undefined;
  }
}
