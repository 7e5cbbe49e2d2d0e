import { Circuit, type CircuitState } from "../../platform/flow/circuit.ts";
import { SegmentRate } from "../../platform/flow/segment-rate.ts";
import type { PostOutcome } from "../../platform/http/webhook-client.ts";

/** Failures in a row that have an endpoint left alone, and for how long until three requests try it again, ms. */
const FAILURES = 5;
const OPEN_MS = 15_000;
/** Requests time out by themselves. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;
/** Requests under way to one endpoint, of this process. */
export const CONNECTIONS = 32;
/** And to all. Above the first number an endpoint has no more than a few, so that the slow ones leave room for the others. */
const MANY_UNDER_WAY = 1_000;
const MOST_UNDER_WAY = 4_000;
const FEW_UNDER_WAY = 2;
/** Endpoints that are remembered: a customer may name another one for each message. Idle ones make room, those known for longest first. */
const MOST_ENDPOINTS = 20_000;

/** How one endpoint is doing, as this process sees it: of all its partitions. Time is monotonic, ms. */
export class Endpoint {
  readonly circuit = new Circuit({ failures: FAILURES, openMs: OPEN_MS, silenceMs: NEVER_MS });
  underWay = 0;
  private rate: SegmentRate | undefined;
  private perSecond: number | undefined;
  private pausedUntil = 0;

  /** Requests a second of this process; undefined: as many as it answers. */
  limit(perSecond: number | undefined, now: number): void {
    if (perSecond === this.perSecond) return;
    this.perSecond = perSecond;
    if (perSecond === undefined) this.rate = undefined;
    else {
      this.rate ??= new SegmentRate();
      this.rate.setShare(perSecond, now);
    }
  }

  /** Whether it is not to be asked now, not even to try. */
  isDark(now: number): boolean {
    this.circuit.tick(now);
    return this.circuit.state === "open" || now < this.pausedUntil;
  }

  /** How long until a request may go, ms; 0: now. Infinite: when one under way has ended. */
  nextIn(now: number): number {
    const { circuit } = this;
    circuit.tick(now);
    if (circuit.state === "open") return OPEN_MS;
    if (this.underWay >= CONNECTIONS) return Number.POSITIVE_INFINITY;
    if (circuit.state === "half_open" && circuit.trialsLeft <= 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.pausedUntil - now, this.rate?.nextIn(1, now) ?? 0);
  }

  sent(now: number): void {
    this.circuit.sent(this.underWay++, now);
    this.rate?.take(1, now);
    this.rate?.left(1, now);
  }

  ended(outcome: PostOutcome, sentAt: number, now: number): void {
    this.underWay--;
    this.circuit.unanswered(this.underWay);
    const counts = this.circuit.ended(sentAt);
    if (outcome.taken) {
      if (counts) this.circuit.succeeded();
      return;
    }
    if (outcome.pauseMs !== undefined) this.pausedUntil = Math.max(this.pausedUntil, now + outcome.pauseMs);
    // An address that must not be asked says nothing of how it is.
    if (counts && outcome.kind !== "address") this.circuit.failed(outcome.why, now);
  }
}

/** All endpoints that this process tells something. */
export class EndpointBoard {
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly clock: () => number;
  private readonly most: number;
  underWay = 0;

  /** `clock`: monotonic, ms. `most`: endpoints that are remembered. */
  constructor(clock: () => number, most = MOST_ENDPOINTS) {
    this.clock = clock;
    this.most = most;
  }

  of(id: string): Endpoint {
    let endpoint = this.endpoints.get(id);
    if (endpoint === undefined) {
      if (this.endpoints.size >= this.most) this.makeRoom();
      endpoint = new Endpoint();
      this.endpoints.set(id, endpoint);
    }
    return endpoint;
  }

  /** Whether one more request to this endpoint may be under way beside all others. */
  hasRoom({ underWay }: Pick<Endpoint, "underWay">): boolean {
    return this.underWay < (underWay < FEW_UNDER_WAY ? MOST_UNDER_WAY : MANY_UNDER_WAY);
  }

  /** How many are in each state. */
  get states(): Record<CircuitState, number> {
    const counts = { closed: 0, half_open: 0, open: 0 };
    const now = this.clock();
    for (const { circuit } of this.endpoints.values()) {
      circuit.tick(now);
      counts[circuit.state]++;
    }
    return counts;
  }

  /** A tenth at a time: the idle ones are to be looked for seldom. */
  private makeRoom(): void {
    for (const [id, { underWay }] of this.endpoints) {
      if (this.endpoints.size <= this.most * 0.9) return;
      if (underWay === 0) this.endpoints.delete(id);
    }
  }
}
