import type { Lane } from "../message/lane.ts";
import type { Trials } from "./delivery-posterior.ts";
import type { QualityCell } from "./quality-cell.ts";

/** Of each way so many messages count at the most, the newest most: a change shows after about as many. */
const NEWEST = 200;
/** After so long what was told counts half, ms. */
const HALF_LIFE_MS = 6 * 3_600_000;
/** What was not heard of for so long is forgotten, ms: it has decayed to nothing. */
const FORGOTTEN_MS = 3 * 86_400_000;
/** Ways that are held; of more, the one longest not heard of is forgotten. */
const WAYS = 5_000;

/** So many messages must have been told of, here and of the others, before a way is held to be suspect; with half of it, it is no more. */
const COMPARED = 30;
/** It is when it converts less than this share of what the others do, and this is no chance: by so many deviations; */
const SUSPECT_BELOW = 0.5;
const DEVIATIONS = 3;
/** and no more when it converts this share of it again. */
const CLEARED_ABOVE = 0.75;
/** Whose receipts say that less than this is delivered makes no secret of it. */
const SAID_DELIVERED = 0.5;

/** What applications tell of one way in one partition of sms.conversions; the counts begin with 0 at `since` and only grow. */
export interface ConversionSummary extends QualityCell {
  readonly partition: number;
  /** Epoch ms. */
  readonly since: number;
  readonly at: number;
  /** Messages of which it was told what became of them. */
  readonly told: number;
  /** Of these, converted. */
  readonly converted: number;
}

/** What is known of the conversions of a way. */
export interface WayConversions {
  /** What was told of the provider in the lane, in the country and in the network: each a part of the one before. */
  readonly levels: readonly Trials[];
  /** Of the way itself, as it counts now: messages that were told of, and that converted. */
  readonly told: number;
  readonly converted: number;
  /** Its receipts say that it delivers, and it converts far less than the others do in the same network. */
  readonly suspect: boolean;
}

/** What was told of one way, of late. */
export class ConversionCell implements Trials {
  readonly cell: QualityCell;
  /** When it was told of last, epoch ms. */
  heardAt = Number.NEGATIVE_INFINITY;
  trials = 0;
  successes = 0;
  suspect = false;
  private decayedTo = Number.NEGATIVE_INFINITY;
  private readonly said = new Map<number, ConversionSummary>();

  constructor({ provider, country, network, lane }: QualityCell) {
    this.cell = { provider, country, network, lane };
  }

  /** What is older than what a partition has said already says nothing. */
  fold(summary: ConversionSummary): void {
    const before = this.said.get(summary.partition);
    if (before !== undefined && (summary.at <= before.at || summary.since < before.since)) return;
    this.said.set(summary.partition, summary);
    const known = before?.since === summary.since ? before : undefined;
    const told = Math.max(0, summary.told - (known?.told ?? 0));
    const converted = Math.min(told, Math.max(0, summary.converted - (known?.converted ?? 0)));
    this.decayTo(summary.at);
    // What comes late has lost of its weight as well.
    const weight = 2 ** ((summary.at - this.decayedTo) / HALF_LIFE_MS);
    this.trials += told * weight;
    this.successes += converted * weight;
    this.scale(Math.min(1, NEWEST / this.trials));
    this.heardAt = Math.max(this.heardAt, summary.at);
  }

  decayTo(at: number): void {
    if (at <= this.decayedTo) return;
    if (this.trials > 0) this.scale(2 ** ((this.decayedTo - at) / HALF_LIFE_MS));
    this.decayedTo = at;
  }

  private scale(factor: number): void {
    if (!(factor < 1)) return;
    this.trials *= factor;
    this.successes *= factor;
  }
}

/** Sums over the ways of a provider. */
type Sums = Map<string, { trials: number; successes: number }>;

/**
 * How many of a way's messages convert, by country, network and lane, from what `sms.conversion-counts` says: the reading
 * half. Give it every summary as it comes and call `refresh` about every second; in between nothing changes.
 */
export class ConversionEstimates {
  private readonly ways = new Map<string, ConversionCell>();
  private sums: Sums = new Map();
  private readonly most: number;

  /** `most`: ways that are held. */
  constructor(most = WAYS) {
    this.most = most;
  }

  fold(summary: ConversionSummary): void {
    const key = wayKey(summary);
    let way = this.ways.get(key);
    if (way === undefined) {
      if (this.ways.size >= this.most) this.forgetOldest();
      way = new ConversionCell(summary);
      this.ways.set(key, way);
    }
    way.fold(summary);
  }

  /** `at`: epoch ms by the brokers' clock. `delivers`: probability of delivery of a way, as receipts say. */
  refresh(at: number, delivers: (cell: QualityCell) => number): void {
    for (const [key, way] of this.ways) {
      way.decayTo(at);
      if (at - way.heardAt > FORGOTTEN_MS) this.ways.delete(key);
    }
    this.sums = new Map();
    for (const way of this.ways.values())
      for (const key of [laneKey(way.cell), countryKey(way.cell), peersKey(way.cell)]) add(this.sums, key, way);
    for (const way of this.ways.values()) way.suspect = this.isSuspect(way, delivers);
  }

  /** Undefined where nothing was told of the provider in the lane. `network`: undefined when it is not known. */
  of(provider: string, country: string, network: string | null | undefined, lane: Lane): WayConversions | undefined {
    const cell = { provider, country, network: network ?? null, lane };
    const ofLane = this.sums.get(laneKey(cell));
    if (ofLane === undefined) return undefined;
    const ofCountry = this.sums.get(countryKey(cell));
    const way = this.ways.get(wayKey(cell));
    return {
      levels: [ofLane, ofCountry, way].filter((level) => level !== undefined),
      told: way?.trials ?? 0,
      converted: way?.successes ?? 0,
      suspect: way?.suspect ?? false,
    };
  }

  /** Ways of which something was told. */
  cells(): readonly ConversionCell[] {
    return [...this.ways.values()];
  }

  private isSuspect(way: ConversionCell, delivers: (cell: QualityCell) => number): boolean {
    const all = this.sums.get(peersKey(way.cell))!;
    const others = { trials: all.trials - way.trials, successes: all.successes - way.successes };
    const needed = way.suspect ? COMPARED / 2 : COMPARED;
    if (way.trials < needed || others.trials < needed || delivers(way.cell) < SAID_DELIVERED) return false;
    const usual = others.successes / others.trials;
    if (way.suspect) return way.successes < CLEARED_ABOVE * usual * way.trials;
    const bound = SUSPECT_BELOW * usual;
    // One more, as with few messages the deviation says too little.
    const deviation = Math.sqrt(way.trials * bound * (1 - bound) + 1);
    return way.successes + DEVIATIONS * deviation < bound * way.trials;
  }

  private forgetOldest(): void {
    const oldest = this.cells().reduce((least, one) => (one.heardAt < least.heardAt ? one : least));
    this.ways.delete(wayKey(oldest.cell));
  }
}

function add(sums: Sums, key: string, { trials, successes }: Trials): void {
  const sum = sums.get(key) ?? { trials: 0, successes: 0 };
  sum.trials += trials;
  sum.successes += successes;
  sums.set(key, sum);
}

// Codes of countries and networks, and ids of providers, hold no slash.
const laneKey = ({ provider, lane }: QualityCell) => `${lane}/${provider}`;
const countryKey = ({ provider, lane, country }: QualityCell) => `${lane}/${provider}/${country}`;
const wayKey = ({ provider, lane, country, network }: QualityCell) => `${lane}/${provider}/${country}/${network ?? ""}`;
/** All providers in one network and lane. */
const peersKey = ({ lane, country, network }: QualityCell) => `${lane}//${country}/${network ?? ""}`;
