import { DELAY_BUCKETS, delayBucket } from "../../../domain/quality/delay-buckets.ts";
import {
  type EndRow,
  type LabLane,
  type RangeRow,
  type SentRow,
  TOLD_AFTER,
  type ToldRow,
  type TrafficMinute,
} from "./traffic.ts";

/** What becomes of a message. */
export interface Fate {
  /** What the receipt says; undefined: none comes. */
  readonly delivered: boolean | undefined;
  readonly delayMs: number;
  /** Whether it really came to the handset. */
  readonly reached: boolean;
}

/** Receipts that come later than so many minutes are none. */
const LATEST = 70;
const MINUTE_MS = 60_000;

/** Adds up the messages of a minute, and keeps receipts and conversions until the minute in which they are seen. */
export class MinuteLedger {
  private sentRows = new Map<string, SentRow>();
  private rangeRows = new Map<string, RangeRow>();
  private readonly ends: Map<string, EndRow>[] = Array.from({ length: LATEST }, () => new Map());
  private readonly tolds: Map<string, ToldRow>[] = Array.from({ length: TOLD_AFTER + 1 }, () => new Map());
  private minute = 0;

  sent(
    { account, lane, sender }: { account: string; lane: LabLane; sender: string },
    country: string,
    provider: string,
    cost: number,
  ): void {
    const key = `${account}/${lane}/${country}/${sender}/${provider}`;
    const row = this.sentRows.get(key);
    if (row === undefined) this.sentRows.set(key, { account, lane, country, sender, provider, messages: 1, cost });
    else {
      row.messages++;
      row.cost += cost;
    }
  }

  range(account: string, country: string, range: string, cost: number): void {
    const key = `${account}/${range}`;
    const row = this.rangeRows.get(key);
    if (row === undefined) this.rangeRows.set(key, { account, country, range, messages: 1, cost });
    else {
      row.messages++;
      row.cost += cost;
    }
  }

  /** The receipt of a message of this minute. */
  receipt(provider: string, country: string, { delivered, delayMs }: Fate): void {
    const later = Math.floor(delayMs / MINUTE_MS);
    if (delivered === undefined || later >= LATEST) return;
    const rows = this.ends[(this.minute + later) % LATEST]!;
    const key = `${provider}/${country}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = { provider, country, delivered: 0, failed: 0, delays: new Uint32Array(DELAY_BUCKETS + 1) };
      rows.set(key, row);
    }
    if (!delivered) row.failed++;
    else {
      row.delivered++;
      row.delays[delayBucket(delayMs)]!++;
    }
  }

  /** What is told later of a message of this minute. */
  told(account: string, country: string, provider: string, converted: boolean): void {
    const rows = this.tolds[(this.minute + TOLD_AFTER) % this.tolds.length]!;
    const key = `${account}/${country}/${provider}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = { account, country, provider, told: 0, converted: 0 };
      rows.set(key, row);
    }
    row.told++;
    if (converted) row.converted++;
  }

  /** The minute is over. */
  close(minute: number): TrafficMinute {
    const ends = this.ends[minute % LATEST]!;
    const told = this.tolds[minute % this.tolds.length]!;
    const closed: TrafficMinute = {
      minute,
      sent: [...this.sentRows.values()],
      ranges: [...this.rangeRows.values()],
      ends: [...ends.values()],
      told: [...told.values()],
    };
    this.sentRows = new Map();
    this.rangeRows = new Map();
    ends.clear();
    told.clear();
    this.minute = minute + 1;
    return closed;
  }
}
