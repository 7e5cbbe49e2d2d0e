import { type Random, seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { normal, uniform } from "../distributions.ts";
import type { Installation, LabAccount, LabCountry, LabProvider, RouteOfDay } from "./installation.ts";
import { type Fate, MinuteLedger } from "./minute-ledger.ts";
import { cumulated, drawn, load, spellFactor } from "./rhythm.ts";
import {
  type ExtraFlow,
  type Happening,
  LAST_MINUTE,
  type LabLane,
  type TrafficMinute,
  type WayTruth,
} from "./traffic.ts";

/** What an attack did: counted while it is simulated, for the score. */
export interface AttackLedger {
  /** Messages and micro-euros by minute since `from`: those that it sent, or those that took an altered way. */
  readonly messages: Float64Array;
  readonly cost: Float64Array;
}

/** What one message is drawn by. */
interface Draw {
  readonly account: string;
  readonly lane: LabLane;
  readonly country: LabCountry;
  readonly sender: string;
  readonly ranges: readonly string[] | undefined;
  readonly converts: number;
  readonly tells: boolean;
}

/** Of a Poisson distribution; normal above 30, where nobody sees the difference. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let n = 0;
  for (let product = random(); product > limit; product *= random()) n++;
  return n;
}

/** The traffic of an installation, with or without attacks: the normal part is the same for the same seed. */
export class Simulation {
  readonly ledgers: readonly AttackLedger[];
  private readonly installation: Installation;
  private readonly attacks: readonly Happening[];
  private readonly random: Random;
  private readonly ofAttacks: Random;
  private readonly unrest: Float64Array;
  private readonly accounts: ReadonlyMap<string, LabAccount>;
  private readonly countries: ReadonlyMap<string, LabCountry>;
  private readonly weights: number[] = [];
  /** The ways of one minute, by country and provider. */
  private readonly ways = new Map<string, { truth: WayTruth; attacks: number[] }[]>();
  private minuteOfWays = -1;
  private readonly ledger = new MinuteLedger();

  constructor(installation: Installation, attacks: readonly Happening[]) {
    this.installation = installation;
    this.attacks = attacks;
    this.random = seededRandom(installation.seed * 2 + 1_000_003);
    this.ofAttacks = seededRandom(installation.seed * 2 + 2_000_003);
    this.unrest = new Float64Array(installation.accounts.length);
    this.accounts = new Map(installation.accounts.map((account) => [account.id, account]));
    this.countries = new Map(installation.countries.map((country) => [country.code, country]));
    this.ledgers = attacks.map(({ from, until }) => ({
      messages: new Float64Array(until - from),
      cost: new Float64Array(until - from),
    }));
  }

  *run(): Generator<TrafficMinute> {
    for (let minute = 0; minute < LAST_MINUTE; minute++) {
      for (const [n, account] of this.installation.accounts.entries()) this.normalTraffic(n, account, minute);
      for (const [n, attack] of this.attacks.entries())
        if (minute >= attack.from && minute < attack.until)
          for (const flow of attack.extra?.(minute) ?? []) this.extraTraffic(flow, n, minute);
      yield this.ledger.close(minute);
    }
  }

  private normalTraffic(n: number, account: LabAccount, minute: number): void {
    const { random } = this;
    this.unrest[n] = 0.98 * this.unrest[n]! + 0.199 * account.unrest * normal(random);
    const rate = account.size * load(account, minute, this.installation.holiday) * Math.exp(this.unrest[n]!);
    if (rate === 0) return;
    for (const { lane, share } of account.lanes) this.messages(account, lane, poisson(random, rate * share), minute);
    for (const { from, until, rate: messages } of account.campaigns)
      if (minute >= from && minute < until)
        this.messages(account, account.campaignLane, poisson(random, messages), minute);
  }

  private messages(account: LabAccount, lane: LabLane, count: number, minute: number): void {
    if (count === 0) return;
    const { random } = this;
    const countries = cumulated(account.countries, minute, []);
    const senders = cumulated(account.senders, minute, this.weights);
    const converts = account.converts * spellFactor(account.troubles, minute);
    for (let i = 0; i < count; i++) {
      const country = account.countries[drawn(countries, random())]!.item;
      const sender = account.senders[drawn(senders, random())]!.item;
      const draw = { account: account.id, lane, country, sender, ranges: undefined, converts, tells: account.tells };
      this.message(random, draw, minute, -1);
    }
  }

  private extraTraffic(flow: ExtraFlow, attack: number, minute: number): void {
    const country = this.countries.get(flow.country)!;
    const tells = this.accounts.get(flow.account)?.tells ?? false;
    const count = poisson(this.ofAttacks, flow.mean);
    const draw = { ...flow, country, tells, ranges: flow.ranges };
    for (let i = 0; i < count; i++) this.message(this.ofAttacks, draw, minute, attack);
  }

  private message(random: Random, draw: Draw, minute: number, attack: number): void {
    const { country, lane } = draw;
    const shares = routeAt(this.installation.routes.get(country.code)!, minute).shares;
    let [p, point] = [0, random()];
    while (p < shares.length - 1 && point >= shares[p]!) point -= shares[p++]!;
    const provider = this.installation.providers[p]!;
    const cost = Math.round(country.price * provider.priceFactor);
    this.ledger.sent(draw, country.code, provider.id, cost);
    if (attack >= 0) this.book(attack, minute, cost);
    if (lane === "otp") this.ledger.range(draw.account, country.code, rangeOf(random, draw), cost);
    const truth = this.truthAt(p, country.code, minute, cost);
    const fate = receiptOf(random, truth);
    this.ledger.receipt(provider.id, country.code, fate);
    if (lane === "otp" && draw.tells) {
      const converted = fate.reached && random() < draw.converts * truth.converting;
      this.ledger.told(draw.account, country.code, provider.id, converted);
    }
  }

  /** How a way is in this minute; books the message on the attacks that have a hand in it. */
  private truthAt(p: number, country: string, minute: number, cost: number): WayTruth {
    if (minute !== this.minuteOfWays) {
      this.minuteOfWays = minute;
      this.ways.clear();
    }
    const ofCountry = this.ways.get(country) ?? [];
    if (ofCountry.length === 0) this.ways.set(country, ofCountry);
    ofCountry[p] ??= this.wayAt(this.installation.providers[p]!, country, minute);
    const way = ofCountry[p];
    for (const attack of way.attacks) this.book(attack, minute, cost);
    return way.truth;
  }

  private wayAt(provider: LabProvider, country: string, minute: number): { truth: WayTruth; attacks: number[] } {
    const own = provider.ways.get(country)!;
    const attacks: number[] = [];
    const outage = spellFactor(provider.outages, minute);
    const stretch = spellFactor(provider.slow, minute) * spellFactor(provider.changes, minute);
    let truth =
      outage === 1 && stretch === 1
        ? own
        : { ...own, delivery: own.delivery * outage, medianMs: own.medianMs * stretch };
    for (const [n, { alter, from, until }] of this.attacks.entries()) {
      if (alter === undefined || minute < from || minute >= until) continue;
      const altered = alter(truth, provider.id, country, minute);
      if (altered !== truth) attacks.push(n);
      truth = altered;
    }
    return { truth, attacks };
  }

  private book(attack: number, minute: number, cost: number): void {
    const { messages, cost: costs } = this.ledgers[attack]!;
    const since = minute - this.attacks[attack]!.from;
    messages[since]! += 1;
    costs[since]! += cost;
  }
}

/** Where a country's messages go in a minute. */
export function routeAt(routes: readonly RouteOfDay[], minute: number): RouteOfDay {
  let route = routes[0]!;
  for (const next of routes) if (next.from <= minute) route = next;
  return route;
}

/** Some ranges of a country have many more handsets than others. */
function rangeOf(random: Random, { ranges, country }: Draw): string {
  if (ranges !== undefined) return ranges[Math.floor(random() * ranges.length)]!;
  return rangeName(country, Math.floor(country.ranges * random() ** 1.7));
}

const NAMES = new Map<string, string[]>();

/** The nth range of a country, E.164 digits without the last four. */
export function rangeName({ callingCode }: LabCountry, n: number): string {
  const names = NAMES.get(callingCode) ?? [];
  NAMES.set(callingCode, names);
  names[n] ??= `${callingCode}7${String(n).padStart(4, "0")}`;
  return names[n];
}

function receiptOf(random: Random, truth: WayTruth): Fate {
  const reached = random() < truth.delivery;
  const { forged } = truth;
  if (forged !== undefined && random() < forged.share)
    return { delivered: true, delayMs: uniform(random, forged.fromMs, forged.untilMs), reached };
  const delivered = reached || (random() < truth.toldFailed ? false : undefined);
  return { delivered, delayMs: truth.medianMs * Math.exp(truth.sigma * normal(random)), reached };
}
