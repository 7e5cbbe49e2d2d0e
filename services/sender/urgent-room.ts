import { LANES } from "../../schemas/topics.ts";

/** A lane's messages come while one came so long ago, ms. */
const LATELY_MS = 2_000;
/** The work that the provider has then: so many ms of it, or as often its shortest answer time. */
const WORK_MS = 60;
const ROUND_TRIPS = 2;
/** Requests without an answer that are always allowed: how fast a provider is shows only while it has something to do. */
const LEAST = 16;
const TURN_MS = 500;
/** Answers a second: the most of so many turns. The shortest answer time: of twice to three times as many. */
const TURNS = 4;
const EPOCH_TURNS = 10;

/**
 * How many requests may be without an answer while more urgent messages come. A provider answers in turn, as a rule: with its whole
 * window in use an otp waits behind all of it, and beyond what keeps the provider busy that brings nothing. So the less
 * urgent lanes fill no more of the window than the provider answers in a few round trips. Time is passed in: ms of a
 * monotonic clock.
 */
export class UrgentRoom {
  /** When a message of each lane was last handed over. */
  private readonly cameAt = LANES.map(() => Number.NEGATIVE_INFINITY);
  private turnAt = Number.NEGATIVE_INFINITY;
  private answers = 0;
  private readonly perSecond = new Array<number>(TURNS).fill(0);
  private turn = 0;
  private shortestMs = Number.POSITIVE_INFINITY;
  private shortestBeforeMs = Number.POSITIVE_INFINITY;
  private bound = Number.POSITIVE_INFINITY;

  /** A message of this lane has been handed over. */
  came(lane: (typeof LANES)[number], now: number): void {
    this.cameAt[LANES.indexOf(lane)] = now;
  }

  /** The provider has answered a request that was sent `tookMs` ago. */
  answered(tookMs: number, now: number): void {
    this.answers++;
    if (tookMs < this.shortestMs) this.shortestMs = tookMs;
    if (now - this.turnAt >= TURN_MS) this.endTurn(now);
  }

  /** How many of the lanes, most urgent first, may hand over now; all while none of them has to be kept short. */
  lanes(inFlight: number, now: number): number {
    if (now - this.turnAt >= TURN_MS) this.endTurn(now);
    if (inFlight < this.bound) return LANES.length;
    const urgent = this.cameAt.findIndex((at) => now - at <= LATELY_MS);
    return urgent < 0 ? LANES.length : urgent + 1;
  }

  private endTurn(now: number): void {
    const seconds = (now - this.turnAt) / 1_000;
    this.turnAt = now;
    // After a long pause nothing is known.
    if (seconds * 1_000 > TURN_MS * TURNS) this.perSecond.fill(0);
    this.perSecond[this.turn % TURNS] = this.answers / seconds;
    this.answers = 0;
    if (++this.turn % EPOCH_TURNS === 0) {
      this.shortestBeforeMs = this.shortestMs;
      this.shortestMs = Number.POSITIVE_INFINITY;
    }
    const shortest = Math.min(this.shortestMs, this.shortestBeforeMs);
    if (shortest === Number.POSITIVE_INFINITY) return;
    const work = Math.max(WORK_MS, shortest * ROUND_TRIPS);
    this.bound = Math.max(LEAST, (Math.max(...this.perSecond) * work) / 1_000);
  }
}
