import { BoundedMap } from "./bounded-map.ts";
import { ConversionWatch } from "./conversion-watch.ts";
import { DeliveredShare } from "./delivered-share.ts";
import { Episodes } from "./episodes.ts";
import { NoveltyWatch } from "./novelty-watch.ts";
import { PrefixWatch } from "./prefix-watch.ts";
import { RangeWatch } from "./range-watch.ts";
import { ReceiptWatch, WAYS } from "./receipt-watch.ts";
import { Spending } from "./spending.ts";
import type { Finding, Suspicion } from "./suspicion.ts";
import { type ToldTraffic, type TrafficMinute, wayKey } from "./traffic-minute.ts";
import { VolumeWatch } from "./volume-watch.ts";

/** What is known of a way beside its receipts. */
class WayTraffic {
  readonly spending = new Spending(20);
  readonly delivered = new DeliveredShare();
}

/**
 * Watches the traffic of an installation, minute by minute, and says what is abnormal in it. It learns what is usual from the same minutes.
 * Everything that it remembers is bounded: each map of keys has a limit, and forgets what was not seen for the longest time.
 */
export class AbnormalTraffic {
  private readonly ways = new BoundedMap(WAYS, () => new WayTraffic());
  private readonly volumes = new VolumeWatch();
  private readonly ranges = new RangeWatch();
  private readonly prefixes = new PrefixWatch();
  private readonly novelties = new NoveltyWatch();
  private readonly receipts = new ReceiptWatch((way) => this.ways.claim(way).spending);
  private readonly conversions = new ConversionWatch(
    (way) => this.ways.claim(way).spending,
    (way) => this.ways.claim(way).delivered,
  );
  private readonly episodes = new Episodes();

  /**
   * Takes the next minute. Minutes go forward, and some may be left out.
   * @returns suspicions that are new, have changed or are over
   */
  see(traffic: TrafficMinute): Suspicion[] {
    const { minute } = traffic;
    for (const row of traffic.sent) {
      const way = this.ways.claim(wayKey(row));
      way.spending.add(minute, row.cost, row.currency);
      way.delivered.addSent(minute, row.messages);
    }
    for (const row of traffic.ends) this.ways.claim(wayKey(row)).delivered.addDelivered(minute, row.delivered);
    const strange = this.novelties.see(traffic);
    const pumped = this.ranges.see(traffic);
    const explained = new Set([...strange, ...pumped].map(({ subject }) => subject.account));
    // What else explains an account's messages is told instead of the burst that they are as well.
    const isOpen = (account: string): boolean => explained.has(account) || this.episodes.holds("stolen-key", account);
    const bursts = this.volumes.see(traffic, isOpen).filter(({ subject }) => !explained.has(subject.account));
    const together = this.prefixes.see(traffic, told([...this.episodes.all, ...strange, ...pumped, ...bursts]));
    const findings: Finding[] = [
      ...strange,
      ...pumped,
      ...bursts,
      ...together,
      ...this.receipts.see(traffic),
      ...this.conversions.see({ ...traffic, told: traffic.told.filter((row) => !this.explains(row)) }),
    ];
    return this.episodes.fold(minute, findings);
  }

  /** The suspicions that are not over. */
  get open(): Suspicion[] {
    return this.episodes.all;
  }

  /** After traffic of before was learned from: goes on with the suspicions that were told then, in place of those found meanwhile. */
  resume(told: readonly Suspicion[], minute: number): void {
    this.episodes.resume(told, minute);
  }

  /** Whether something else explains that messages of an account do not convert: no way is to blame for it. */
  private explains({ account, country }: ToldTraffic): boolean {
    return (
      this.episodes.holds("pumping", undefined, country) ||
      this.episodes.holds("pumping", account, country) ||
      this.episodes.holds("burst", account) ||
      this.episodes.holds("stolen-key", account)
    );
  }

  /** Keys that are held, how many there can be, and how many had to make room for others. */
  memory(): { held: number; limit: number; evicted: number } {
    const watches = [this.volumes, this.ranges, this.prefixes, this.novelties, this.receipts, this.conversions];
    const maps: { readonly size: number; readonly limit: number; readonly evicted: number }[] = [this.ways];
    for (const watch of watches) maps.push(...watch.memory);
    const sum = (of: (map: (typeof maps)[number]) => number): number => maps.reduce((total, map) => total + of(map), 0);
    return { held: sum(({ size }) => size), limit: sum(({ limit }) => limit), evicted: sum(({ evicted }) => evicted) };
  }
}

/** Whether what an account sends into a country is explained by one of these. It is asked of each range of each minute. */
function told(findings: readonly Finding[]): (account: string, country: string) => boolean {
  const accounts = new Set<string | undefined>();
  const pumped = new Map<string | undefined, Set<string | undefined>>();
  for (const { kind, subject } of findings) {
    if (kind !== "pumping") accounts.add(subject.account);
    else pumped.set(subject.account, (pumped.get(subject.account) ?? new Set()).add(subject.country));
  }
  return (account, country) => accounts.has(account) || pumped.get(account)?.has(country) === true;
}
