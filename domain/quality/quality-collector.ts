import { type Lane, lanePriority } from "../message/lane.ts";
import type { TerminalStatus } from "../message/status.ts";
import { CellCounts } from "./cell-counts.ts";
import type { QualityCell, QualitySummary } from "./quality-cell.ts";

export interface QualityLimits {
  /** Cells of a partition; of more, the one longest without a submission is forgotten. */
  readonly cells: number;
  /** Summaries of a tick; the others come with the next. */
  readonly summaries: number;
  /** A cell is told of when so much has happened in it, */
  readonly news: number;
  /** or when something has happened and was not told of for so long, ms. */
  readonly waitMs: number;
}

export const DEFAULT_QUALITY_LIMITS: QualityLimits = { cells: 1_000, summaries: 32, news: 8, waitMs: 5_000 };

/**
 * Watches one partition of sms.events, and says how each cell fares: the writing half of `sms.quality`.
 *
 * How to drive it: give it each submission (`submitted` events, a submission that only its receipt proves as well) and
 * the one terminal event of each message, once, as they are first processed and not while they are replayed; and `tick`
 * about twice a second. Order does not matter. A new owner of the partition begins with a new one and takes nothing over:
 * `since` is when it began, submissions made before are left out, and the reader, which keeps what it has learned, goes on
 * from there.
 */
export class QualityCollector {
  private readonly partition: number;
  private readonly limits: QualityLimits;
  /** By provider, country, network and lane: no key is put together for a message. */
  private readonly byName = new Map<string, Map<string, Map<string | null, (CellCounts | undefined)[]>>>();
  /** The longest without a submission first. */
  private readonly used = new Set<CellCounts>();
  /** Those that are to be told of, the longest due first. */
  private readonly untold = new Set<CellCounts>();
  private now: number;

  /** `since`: epoch ms by the brokers' clock; nothing that was submitted before counts. */
  constructor(partition: number, since: number, limits: QualityLimits = DEFAULT_QUALITY_LIMITS) {
    this.partition = partition;
    this.now = since;
    this.limits = limits;
  }

  /** How many cells are held. */
  get size(): number {
    return this.used.size;
  }

  /** A provider has taken a message. `at`: when, epoch ms. */
  submitted(cell: QualityCell, at: number): void {
    const counts = this.find(cell) ?? this.begin(cell);
    if (at >= counts.since) counts.submit(at);
  }

  /**
   * A message has ended. `submittedAt`: when the provider that its end is put down to took it; `at`: when the receipt that
   * decided reached Sluice. Epoch ms.
   */
  ended(cell: QualityCell, outcome: TerminalStatus, submittedAt: number, at: number): void {
    const counts = this.find(cell);
    if (counts !== undefined && submittedAt >= counts.since) counts.end(outcome, submittedAt, at);
  }

  /** A receipt was put aside, since it contradicts what is known of its message. */
  contradicted(cell: QualityCell): void {
    this.find(cell)?.contradict();
  }

  /**
   * Lets time pass, and says how those cells fare of which there is news: a bounded number, each at most once.
   *
   * @param readUpTo epoch ms; all that was written before it has been given. Not the clock's time: while a partition is
   * behind, receipts are unread and not missing.
   */
  tick(readUpTo: number): QualitySummary[] {
    this.now = Math.max(this.now, readUpTo);
    const { now, limits } = this;
    for (const counts of [...this.used]) {
      if (counts.news >= limits.news || (now - counts.lookedAt >= limits.waitMs && counts.look(now)))
        this.untold.add(counts);
      if (counts.wasUsed()) {
        this.used.delete(counts);
        this.used.add(counts);
      } else if (counts.isIdle(now) && !this.untold.has(counts)) {
        if (counts.look(now)) this.untold.add(counts);
        else this.forget(counts);
      }
    }
    const said: QualitySummary[] = [];
    for (const counts of this.untold) {
      if (said.length === limits.summaries) break;
      this.untold.delete(counts);
      said.push(counts.summary(this.partition, now));
    }
    return said;
  }

  private find({ provider, country, network, lane }: QualityCell): CellCounts | undefined {
    return this.byName.get(provider)?.get(country)?.get(network)?.[lanePriority[lane]];
  }

  private begin(cell: QualityCell): CellCounts {
    const [oldest] = this.used.size < this.limits.cells ? [] : this.used;
    if (oldest !== undefined) this.forget(oldest);
    // What was submitted to a cell before it was forgotten is not known any more: it begins with this moment.
    const counts = new CellCounts(cell, this.now);
    this.lanesOf(cell)[lanePriority[cell.lane]] = counts;
    this.used.add(counts);
    return counts;
  }

  private lanesOf({ provider, country, network }: QualityCell): (CellCounts | undefined)[] {
    const countries = entry(this.byName, provider, () => new Map());
    const networks = entry(countries, country, () => new Map<string | null, (CellCounts | undefined)[]>());
    return entry(networks, network, () => new Array<CellCounts | undefined>(LANES));
  }

  private forget(counts: CellCounts): void {
    const { provider, country, network, lane } = counts.cell;
    const countries = this.byName.get(provider)!;
    const networks = countries.get(country)!;
    const ofLanes = networks.get(network)!;
    ofLanes[lanePriority[lane]] = undefined;
    if (ofLanes.every((one) => one === undefined)) networks.delete(network);
    if (networks.size === 0) countries.delete(country);
    if (countries.size === 0) this.byName.delete(provider);
    this.used.delete(counts);
    this.untold.delete(counts);
  }
}

const LANES = Object.keys(lanePriority satisfies Readonly<Record<Lane, number>>).length;

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
