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
const LANES: readonly LabLane[] = ["otp", "transactional", "marketing"];

/** Numbers names, so that rows are found by one number: a simulated month has ten million messages. */
class Names {
  private readonly ids = new Map<string, number>();

  id(name: string): number {
    let id = this.ids.get(name);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(name, id);
    }
    return id;
  }
}

/** More than there are names of accounts, senders and countries, of providers, of ranges; their products stay below 2^53. */
const MANY = 8_192;
const FEW = 16;
const RANGES = 2 ** 20;

/** Adds up the messages of a minute, and keeps receipts and conversions until the minute in which they are seen. */
export class MinuteLedger {
  private readonly names = new Names();
  private readonly providers = new Names();
  private readonly ranges = new Names();
  private readonly sentRows = new Map<number, SentRow>();
  private readonly rangeRows = new Map<number, RangeRow>();
  private readonly ends: Map<number, EndRow>[] = Array.from({ length: LATEST }, () => new Map());
  private readonly tolds: Map<number, ToldRow>[] = Array.from({ length: TOLD_AFTER + 1 }, () => new Map());
  private minute = 0;

  sent(
    { account, lane, sender }: { account: string; lane: LabLane; sender: string },
    country: string,
    provider: string,
    cost: number,
  ): void {
    const key =
      (this.key(account, country, provider) * MANY + this.names.id(sender)) * LANES.length + LANES.indexOf(lane);
    const row = this.sentRows.get(key);
    if (row === undefined) this.sentRows.set(key, { account, lane, country, sender, provider, messages: 1, cost });
    else {
      row.messages++;
      row.cost += cost;
    }
  }

  range(account: string, country: string, range: string, cost: number): void {
    const key = this.names.id(account) * RANGES + this.ranges.id(range);
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
    const key = this.names.id(country) * FEW + this.providers.id(provider);
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
    const key = this.key(account, country, provider);
    let row = rows.get(key);
    if (row === undefined) {
      row = { account, country, provider, told: 0, converted: 0 };
      rows.set(key, row);
    }
    row.told++;
    if (converted) row.converted++;
  }

  private key(account: string, country: string, provider: string): number {
    return (this.names.id(account) * MANY + this.names.id(country)) * FEW + this.providers.id(provider);
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
    this.sentRows.clear();
    this.rangeRows.clear();
    ends.clear();
    told.clear();
    this.minute = minute + 1;
    return closed;
  }
}
