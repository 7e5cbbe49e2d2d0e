import type { SmppSession } from "../../../domain/smpp/session.ts";
import { type Delay, drawDelay } from "../behaviour/delay.ts";
import { chance, pick, type Random } from "../behaviour/random-source.ts";
import { TimerWheel } from "../behaviour/timer-wheel.ts";
import { malformedPdu, standsForResponse } from "./malformed-pdu.ts";
import type { SmscBehaviour } from "./settings.ts";

/** A submit_sm_resp that waits for its time. */
export interface PendingResponse {
  readonly session: SmppSession;
  readonly sequence: number;
  readonly status: number;
  readonly messageId: string;
  /** Called when it has been handed to a bind that stands. */
  readonly onWritten?: (() => void) | undefined;
}

/** Responses that may wait for their time; beyond, they go out at once. */
const maxPendingResponses = 1_000_000;
/** The longest that a response waits for others to be shuffled with, ms. */
const shuffleWithinMs = 300;
/** Added to a sequence number to make one that the ESME has not used yet. */
const strangeAhead = 0x10000000;
const maxSequence = 0x7fffffff;

/** What became of responses beside leaving once, in time and in one piece. */
export function noResponseFaults() {
  return { lost: 0, late: 0, twice: 0, shuffled: 0, strange: 0, malformed: 0 };
}

/** The responses to submits: each leaves after its delay, or as the faults of `response` have it. */
export class ResponseOutbox {
  counts = noResponseFaults();
  readonly #settings: () => SmscBehaviour["response"];
  readonly #random: Random;
  /** Written in this turn, and to be told. */
  #written: PendingResponse[] = [];
  readonly #wheel = new TimerWheel<PendingResponse>((response) => this.#leave(response), {
    capacity: maxPendingResponses,
  });
  readonly #kept = new Map<SmppSession, { responses: PendingResponse[]; timer: NodeJS.Timeout }>();

  constructor(settings: () => SmscBehaviour["response"], random: Random) {
    this.#settings = settings;
    this.#random = random;
  }

  /** `afterMs`: beside the delay, which is the usual one unless another is given. */
  send(response: PendingResponse, afterMs: number, otherDelay?: Delay): void {
    const { delay, lostShare, lateShare, lateMs } = this.#settings();
    if (chance(lostShare, this.#random)) {
      this.counts.lost++;
      return;
    }
    let delayMs = afterMs + drawDelay(otherDelay ?? delay, this.#random);
    if (chance(lateShare, this.#random)) {
      this.counts.late++;
      delayMs += lateMs;
    }
    if (delayMs <= 0 || !this.#wheel.schedule(response, delayMs)) this.#leave(response);
  }

  clear(): void {
    this.#wheel.clear();
    for (const { timer } of this.#kept.values()) clearTimeout(timer);
    this.#kept.clear();
  }

  #leave(response: PendingResponse): void {
    const { shuffled } = this.#settings();
    if (shuffled > 1) this.#keep(response, shuffled);
    else this.#write(response);
  }

  #keep(response: PendingResponse, enough: number): void {
    const { session } = response;
    let kept = this.#kept.get(session);
    if (kept === undefined) {
      kept = { responses: [], timer: setTimeout(() => this.#shuffle(session), shuffleWithinMs) };
      this.#kept.set(session, kept);
    }
    if (kept.responses.push(response) >= enough) this.#shuffle(session);
  }

  #shuffle(session: SmppSession): void {
    const { responses, timer } = this.#kept.get(session)!;
    clearTimeout(timer);
    this.#kept.delete(session);
    if (responses.length > 1) this.counts.shuffled += responses.length;
    for (let left = responses.length; left > 0; left--) {
      const [response] = responses.splice(Math.floor(this.#random() * left), 1);
      this.#write(response!);
    }
  }

  #write(response: PendingResponse): void {
    const { session, sequence, status, messageId } = response;
    const { twiceShare, strangeShare, malformedShare, malformed } = this.#settings();
    if (chance(strangeShare, this.#random)) {
      this.counts.strange++;
      session.respondSubmit((sequence + strangeAhead) & maxSequence || 1, status, messageId);
    }
    const kind = chance(malformedShare, this.#random) ? pick(malformed, this.#random) : undefined;
    if (kind !== undefined) {
      this.counts.malformed++;
      session.writeRaw(malformedPdu(kind, response, this.#random));
      if (standsForResponse(kind)) {
        this.#tell(response);
        return;
      }
    }
    session.respondSubmit(sequence, status, messageId);
    this.#tell(response);
    if (!chance(twiceShare, this.#random)) return;
    this.counts.twice++;
    session.respondSubmit(sequence, status, messageId);
  }

  /** That the other side has gone is read after the timers of a turn: what was written before that went nowhere. */
  #tell(response: PendingResponse): void {
    if (response.onWritten === undefined) return;
    if (this.#written.push(response) > 1) return;
    setImmediate(() => {
      const written = this.#written;
      this.#written = [];
      for (const { session, onWritten } of written) if (session.state !== "closed") onWritten?.();
    });
  }
}
