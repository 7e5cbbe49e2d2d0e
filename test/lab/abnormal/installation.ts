import { type Random, seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { logUniform, normal, uniform } from "../distributions.ts";
import { DAY, HOUR, LAST_MINUTE, type LabLane, WARM_UP_DAYS, type WayTruth } from "./traffic.ts";

/** An installation of the abnormal-traffic lab, and all that is normal in it, made of its seed alone. */

export interface LabCountry {
  readonly code: string;
  readonly callingCode: string;
  /** Of a message, micro-euros, before what a provider makes of it. */
  readonly price: number;
  /** Ranges of 10,000 numbers in use. */
  readonly ranges: number;
}

// biome-ignore format: a table
const COUNTRIES: readonly LabCountry[] = (
  [
    ["DE", "49", 75, 2400], ["FR", "33", 45, 2200], ["GB", "44", 40, 2300], ["IT", "39", 62, 2000], ["ES", "34", 50, 1700],
    ["PL", "48", 28, 1500], ["NL", "31", 80, 900], ["SE", "46", 52, 700], ["AT", "43", 70, 600], ["CH", "41", 60, 600],
    ["US", "1", 8, 3000], ["CA", "1204", 8, 1500], ["BR", "55", 22, 2600], ["MX", "52", 30, 1800], ["IN", "91", 60, 3000],
    ["ID", "62", 280, 2000], ["PH", "63", 140, 1400], ["NG", "234", 190, 1200], ["KE", "254", 90, 700], ["EG", "20", 180, 1200],
    ["PK", "92", 170, 1500], ["BD", "880", 200, 1400], ["LK", "94", 210, 500], ["UZ", "998", 230, 500], ["AZ", "994", 260, 300],
    ["TJ", "992", 240, 200], ["KG", "996", 190, 200], ["TN", "216", 150, 300], ["DZ", "213", 160, 600], ["MM", "95", 170, 500],
    ["NP", "977", 130, 500], ["KH", "855", 120, 300], ["TR", "90", 20, 1600], ["AE", "971", 50, 300], ["SA", "966", 60, 700],
  ] as const
).map(([code, callingCode, price, ranges]) => ({ code, callingCode, price: price * 1_000, ranges }));

/** A stretch of time in which something is multiplied. */
export interface Spell {
  readonly from: number;
  readonly until: number;
  readonly factor: number;
}

export interface Share<T> {
  readonly item: T;
  /** Share of 1 when it is fully there. */
  readonly share: number;
  /** When it begins, and how long it takes to be fully there, minutes. */
  readonly from: number;
  readonly ramp: number;
}

export interface Campaign {
  readonly from: number;
  readonly until: number;
  /** Messages a minute. */
  readonly rate: number;
}

export interface LabAccount {
  readonly id: string;
  /** Messages a minute on average. */
  readonly size: number;
  readonly firstMinute: number;
  /** How long it takes a new one to become as large as it will be, minutes. */
  readonly ramp: number;
  readonly zoneMinutes: number;
  readonly peakHour: number;
  readonly nightFactor: number;
  readonly weekendFactor: number;
  readonly monthEndFactor: number;
  readonly holidayFactor: number;
  readonly lanes: readonly { readonly lane: LabLane; readonly share: number }[];
  readonly countries: readonly Share<LabCountry>[];
  readonly senders: readonly Share<string>[];
  readonly campaigns: readonly Campaign[];
  readonly campaignLane: LabLane;
  /** Hours with more visitors than ever. */
  readonly crowds: readonly Spell[];
  /** Deviation of the logarithm of its rate, from hour to hour. */
  readonly unrest: number;
  readonly tells: boolean;
  readonly converts: number;
  /** Hours in which its own application is broken, and fewer of its messages convert, whichever way they took. */
  readonly troubles: readonly Spell[];
}

export interface LabProvider {
  readonly id: string;
  readonly priceFactor: number;
  readonly ways: ReadonlyMap<string, WayTruth>;
  /** From then on its receipts take this much longer. */
  readonly changes: readonly Spell[];
  readonly slow: readonly Spell[];
  readonly outages: readonly Spell[];
}

/** Which providers a country's messages go to, from a minute on. */
export interface RouteOfDay {
  readonly from: number;
  readonly shares: readonly number[];
}

export interface Installation {
  readonly seed: number;
  readonly countries: readonly LabCountry[];
  readonly accounts: readonly LabAccount[];
  readonly providers: readonly LabProvider[];
  readonly routes: ReadonlyMap<string, readonly RouteOfDay[]>;
  readonly holiday: number;
}

export function installationOf(seed: number): Installation {
  const random = seededRandom(seed * 2 + 1);
  const providers = Array.from({ length: 3 + Math.floor(random() * 3) }, (_, n) => providerOf(random, n));
  const count = 20 + Math.floor(random() * 16);
  return {
    seed,
    countries: COUNTRIES,
    accounts: Array.from({ length: count }, (_, n) => accountOf(random, n)),
    providers,
    routes: new Map(COUNTRIES.map(({ code }) => [code, routesOf(random, providers.length)])),
    holiday: WARM_UP_DAYS + 4 + Math.floor(random() * 22),
  };
}

function routesOf(random: Random, providers: number): RouteOfDay[] {
  const changes = [0, ...Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * LAST_MINUTE))];
  return changes
    .sort((a, b) => a - b)
    .map((from) => {
      const weights = Array.from({ length: providers }, () => (random() < 0.5 ? uniform(random, 0.1, 1) : 0));
      weights[Math.floor(random() * providers)]! += 0.5;
      const total = weights.reduce((a, b) => a + b);
      return { from, shares: weights.map((weight) => weight / total) };
    });
}

function providerOf(random: Random, n: number): LabProvider {
  const way = (): WayTruth => ({
    delivery: random() < 0.8 ? uniform(random, 0.85, 0.98) : uniform(random, 0.5, 0.85),
    toldFailed: uniform(random, 0.3, 1),
    medianMs: logUniform(random, 1_500, 25_000),
    sigma: uniform(random, 0.5, 1.1),
    converting: 1,
  });
  return {
    id: `lab-${n}`,
    priceFactor: uniform(random, 0.8, 1.25),
    ways: new Map(COUNTRIES.map(({ code }) => [code, way()])),
    changes: random() < 0.4 ? [spell(random, LAST_MINUTE, LAST_MINUTE, 0.6, 1.7)] : [],
    slow: Array.from({ length: Math.floor(random() * 7) }, () => spell(random, HOUR, 6 * HOUR, 1.5, 3)),
    outages: Array.from({ length: Math.floor(random() * 3) }, () => spell(random, 20, 2 * HOUR, 0.1, 0.6)),
  };
}

/** Some time of the whole, as long as given. */
function spell(random: Random, shortest: number, longest: number, low: number, high: number): Spell {
  const from = Math.floor(random() * LAST_MINUTE);
  return { from, until: from + logUniform(random, shortest, longest), factor: logUniform(random, low, high) };
}

function accountOf(random: Random, n: number): LabAccount {
  const isNew = n % 5 === 4;
  const firstMinute = isNew ? Math.floor(uniform(random, WARM_UP_DAYS, WARM_UP_DAYS + 24)) * DAY + 8 * HOUR : 0;
  const size = logUniform(random, 0.05, 40);
  const zoneMinutes = Math.floor(uniform(random, -6, 9)) * HOUR;
  const lanes = lanesOf(random);
  const retail = random() < 0.4;
  return {
    id: `account-${n}`,
    size,
    firstMinute,
    ramp: isNew ? uniform(random, 0.2, 6) * DAY : 0,
    zoneMinutes,
    peakHour: uniform(random, 10, 20),
    nightFactor: logUniform(random, 0.01, 0.3),
    weekendFactor: retail ? uniform(random, 0.9, 1.6) : uniform(random, 0.15, 0.8),
    monthEndFactor: random() < 0.3 ? uniform(random, 1.5, 4) : 1,
    holidayFactor: retail ? uniform(random, 1.1, 2) : uniform(random, 0.2, 0.7),
    lanes,
    countries: countriesOf(random, firstMinute),
    senders: sendersOf(random, n, firstMinute),
    campaigns: n % 3 === 0 ? campaignsOf(random, firstMinute, zoneMinutes) : [],
    campaignLane: random() < 0.75 ? "marketing" : "transactional",
    crowds: Array.from({ length: Math.floor(random() * 4) }, () => spell(random, 20, 90, 1.5, 4)),
    unrest: uniform(random, 0.1, 0.35),
    tells: lanes[0]!.lane === "otp" && random() < 0.7,
    converts: uniform(random, 0.55, 0.9),
    troubles: random() < 0.15 ? [spell(random, HOUR, 5 * HOUR, 0.2, 0.6)] : [],
  };
}

function lanesOf(random: Random): LabAccount["lanes"] {
  const otp = random() < 0.65 ? uniform(random, 0.3, 1) : 0;
  const transactional = (1 - otp) * random();
  return [
    { lane: "otp", share: otp } as const,
    { lane: "transactional", share: transactional } as const,
    { lane: "marketing", share: 1 - otp - transactional } as const,
  ].filter(({ share }) => share > 0.02);
}

function countriesOf(random: Random, firstMinute: number): Share<LabCountry>[] {
  const count = 1 + Math.floor(random() * 6);
  // Large markets are more often somebody's home than dear ones. Home first: each further one has half of the one before, or so.
  const chosen = COUNTRIES.map((country, n) => ({ country, order: random() * (n + 6) }))
    .sort((a, b) => a.order - b.order)
    .map(({ country }) => country);
  const shares: Share<LabCountry>[] = chosen
    .slice(0, count)
    .map((item, n) => ({ item, share: 0.5 ** n * uniform(random, 0.5, 1), from: 0, ramp: 0 }));
  if (random() < 0.3)
    shares.push({
      item: chosen[count]!,
      share: uniform(random, 0.05, 0.3),
      from: firstMinute + Math.floor(uniform(random, 10, 36)) * DAY + 9 * HOUR,
      ramp: uniform(random, 2, 10) * DAY,
    });
  return shares;
}

function sendersOf(random: Random, n: number, firstMinute: number): Share<string>[] {
  const count = 1 + Math.floor(random() * 3);
  const senders: Share<string>[] = Array.from({ length: count }, (_, s) => ({
    item: `BRAND${n}${"ABC"[s]}`,
    share: uniform(random, 0.2, 1),
    from: 0,
    ramp: 0,
  }));
  if (random() < 0.25)
    senders.push({
      item: `BRAND${n}N`,
      share: uniform(random, 0.5, 4),
      from: firstMinute + Math.floor(uniform(random, 10, 36)) * DAY + 9 * HOUR,
      ramp: random() < 0.5 ? 0 : DAY,
    });
  return senders;
}

/** On the same days of the week, at 10 o'clock local time. */
function campaignsOf(random: Random, firstMinute: number, zoneMinutes: number): Campaign[] {
  const weekdays = new Set([0, 1, 2, 3, 4, 5, 6].filter(() => random() < 0.35));
  if (weekdays.size === 0) weekdays.add(1);
  const size = logUniform(random, 500, 12_000);
  const length = uniform(random, 8, 40);
  const campaigns: Campaign[] = [];
  for (let day = Math.floor(firstMinute / DAY); day * DAY < LAST_MINUTE; day++) {
    if (!weekdays.has(day % 7) || random() < 0.15) continue;
    const from = day * DAY + 10 * HOUR - zoneMinutes + Math.floor(uniform(random, -5, 10));
    const own = length * uniform(random, 0.7, 1.4);
    campaigns.push({ from, until: from + own, rate: (size * Math.exp(0.4 * normal(random))) / own });
  }
  return campaigns;
}
