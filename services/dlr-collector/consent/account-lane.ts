/**
 * What one account's CRM is still to be told of one partition of sms.consent. The log is the queue: in memory is what goes next, the rest is
 * read again, so that an address which does not answer costs a position and nothing else.
 */
import type { ConsentEvent } from "./consent-event.ts";

/** An event and the offset of its record. */
export interface Told {
  readonly offset: number;
  readonly event: ConsentEvent;
}

/** Events in memory. */
export const LANE_EVENTS = 500;
/** Events of one request. */
export const BATCH_EVENTS = 100;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

export class AccountLane {
  private queue: Told[] = [];
  /** From where on the log has to be read again; undefined: the lane is with the reader. */
  private from: number | undefined;
  private failures = 0;
  private notBefore = 0;
  private sending = 0;

  /** `from`: where the last owner of the partition has left it; undefined: where the reader is. */
  constructor(from: number | undefined) {
    this.from = from;
  }

  /** The first offset whose word may not have been told; `head`: the reader's next. */
  position(head: number): number {
    return this.queue[0]?.offset ?? this.from ?? head;
  }

  get queued(): number {
    return this.queue.length;
  }

  /** Since the last request that was taken. */
  get failed(): boolean {
    return this.failures > 0;
  }

  /** Takes a word that the reader has come to. `room`: whether more may be kept in memory. */
  accept(told: Told, room: boolean): void {
    if (this.from !== undefined) return;
    if (room && this.queue.length < LANE_EVENTS) this.queue.push(told);
    else this.from = told.offset;
  }

  /** Where to read the log again now; undefined: there is nothing to read, or it is too early. `now`: monotonic ms. */
  missed(now: number): number | undefined {
    return this.sending === 0 && now >= this.notBefore && this.queue.length < BATCH_EVENTS ? this.from : undefined;
  }

  /** Events for which there is room in memory. */
  get room(): number {
    return LANE_EVENTS - this.queue.length;
  }

  /** What was read again. `next`: the offset to go on from; undefined: the reader is there. */
  refill(read: readonly Told[], next: number | undefined): void {
    this.queue.push(...read);
    this.from = next;
  }

  /** What to send now, if anything; one request is under way at a time. */
  next(now: number): readonly ConsentEvent[] | undefined {
    if (this.sending > 0 || this.queue.length === 0 || now < this.notBefore) return undefined;
    this.sending = Math.min(this.queue.length, BATCH_EVENTS);
    return this.queue.slice(0, this.sending).map(({ event }) => event);
  }

  taken(): void {
    this.queue.splice(0, this.sending);
    this.sending = 0;
    this.failures = 0;
  }

  /** It is tried again later, from the log. `random`: from 0 to 1. Returns what was in memory. */
  refused(now: number, random: number): readonly Told[] {
    const dropped = this.queue;
    this.from = this.position(0);
    this.queue = [];
    this.sending = 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, LONGEST_PAUSE_MS);
    this.notBefore = now + pause * (0.8 + random * 0.4);
    return dropped;
  }
}
