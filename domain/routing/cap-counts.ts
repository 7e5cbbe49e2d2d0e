import { type CapCount, CapPeriods, currentOf } from "./cap-count.ts";
import { type CapUse, weightOf } from "./cap-table.ts";
import type { MessageFacts } from "./message-facts.ts";

/** A count of one partition, as it is told. */
export interface ToldCount extends CapCount {
  readonly cap: string;
  readonly value: string;
  readonly partition: number;
  /** Epoch ms: decisions up to then are in it. */
  readonly at: number;
}

/** Which count of a partition. */
export type CountKey = Pick<ToldCount, "cap" | "value">;

/** What a decision of the log has counted. */
export interface CountedDecision {
  /** Epoch ms. */
  readonly at: number;
  /** As `add` has given it. */
  readonly counted: readonly string[];
}

/**
 * Senders or campaigns that one account brings into a partition's counts of a cap in a day. Customers make up names; what comes beyond
 * shares one count of the account, so that nobody gets a new count by a new name, nor takes the counts of others.
 */
const MAX_NAMES = 200;
const SWEEP_MS = 60_000;

/** Begins the value of what shares a count; a campaign's own value begins with its account. */
const REST = "*/";

/** The account whose further names share this count; undefined: it is a sender's or a campaign's own. */
export function sharedBy(value: string): string | undefined {
  return value.startsWith(REST) ? value.slice(REST.length) : undefined;
}

/** What one partition has counted for the caps of the catalog. Pure: time is passed in, epoch ms by the brokers' clock. */
export class PartitionCounts {
  private readonly partition: number;
  private readonly periods = new CapPeriods();
  /** By cap, then by value. */
  private readonly counts = new Map<string, Map<string, CapCount>>();
  /** By cap and account: names that it has brought. */
  private readonly names = new Map<string, number>();
  private readonly changed = new Map<string, CountKey>();
  private sweptAt = 0;

  /** `told`: what its owners have told of it. */
  constructor(partition: number, told: Iterable<ToldCount>) {
    this.partition = partition;
    for (const { cap, value, hour, hourEnd, day, dayEnd } of told)
      this.valuesOf(cap).set(value, { hour, hourEnd, day, dayEnd });
  }

  /** Counts a message. @returns each of its counts, for the event: cap, weight and value with slashes between them */
  add(uses: readonly CapUse[], facts: MessageFacts): string[] {
    return uses.map((use) => {
      const { cap, account } = use;
      const weight = weightOf(cap, facts);
      const value = this.slotOf(use);
      if (!this.valuesOf(cap.id).has(value)) {
        const brought = `${cap.id}/${account}`;
        this.names.set(brought, (this.names.get(brought) ?? 0) + 1);
      }
      this.count({ cap: cap.id, value }, weight, facts.at, cap.zone);
      return `${cap.id}/${weight}/${value}`;
    });
  }

  /** Counts what a decision of the log says. `zoneOf`: of a cap; undefined where the catalog has it no more. */
  recover(
    { at, counted }: CountedDecision,
    toldAt: (key: CountKey) => number,
    zoneOf: (cap: string) => string | undefined,
  ): void {
    for (const one of counted) {
      const [, cap = "", weight = "", value = ""] = /^([^/]+)\/(\d+)\/(.*)$/s.exec(one) ?? [];
      const zone = zoneOf(cap);
      const key = { cap, value };
      if (zone !== undefined && at > toldAt(key)) this.count(key, Number(weight), at, zone);
    }
  }

  /** Under which value a use is counted here. */
  slotOf({ cap, value, account }: CapUse): string {
    if (this.counts.get(cap.id)?.has(value) || (this.names.get(`${cap.id}/${account}`) ?? 0) < MAX_NAMES) return value;
    return `${REST}${account}`;
  }

  get({ cap, value }: CountKey): CapCount | undefined {
    return this.counts.get(cap)?.get(value);
  }

  /** What has changed since it was told last, and what is over. */
  tell(now: number): { readonly changed: readonly ToldCount[]; readonly over: readonly CountKey[] } {
    const changed: ToldCount[] = [];
    for (const key of this.changed.values()) {
      const count = this.get(key);
      if (count !== undefined && count.dayEnd > now)
        changed.push({ ...key, partition: this.partition, at: now, ...count });
    }
    this.changed.clear();
    return { changed, over: now - this.sweptAt < SWEEP_MS ? [] : this.sweep(now) };
  }

  /** All that is counted, as it would be told. */
  all(now: number): ToldCount[] {
    return [...this.counts].flatMap(([cap, values]) =>
      [...values].map(([value, count]) => ({ cap, value, partition: this.partition, at: now, ...count })),
    );
  }

  private sweep(now: number): CountKey[] {
    this.sweptAt = now;
    const over: CountKey[] = [];
    for (const [cap, values] of this.counts)
      for (const [value, { dayEnd }] of values)
        if (dayEnd <= now) {
          values.delete(value);
          over.push({ cap, value });
        }
    // Another day: names may be brought anew.
    if (over.length > 0) this.names.clear();
    return over;
  }

  private count(key: CountKey, weight: number, at: number, zone: string): void {
    const values = this.valuesOf(key.cap);
    const known = values.get(key.value);
    const empty = this.periods.emptyAt(at, zone);
    const before = known === undefined ? empty : currentOf(known, empty, at);
    values.set(key.value, { ...before, hour: before.hour + weight, day: before.day + weight });
    this.changed.set(`${key.cap}/${key.value}`, key);
  }

  private valuesOf(cap: string): Map<string, CapCount> {
    let values = this.counts.get(cap);
    if (values === undefined) {
      values = new Map();
      this.counts.set(cap, values);
    }
    return values;
  }
}
