import { pick, type Random } from "../../../infra/simulators/behaviour/random-source.ts";
import { logUniform, uniform } from "../distributions.ts";
import type { Installation } from "./installation.ts";
import { type Attack, DAY, HOUR, type WayTruth } from "./traffic.ts";

/** Attacks by a provider, or by who stands behind it: nothing is sent on top, a way is no longer what it was. */

export interface Busy {
  readonly provider: string;
  readonly country: string;
  /** Otp of accounts that tell of conversions, a minute on average. */
  readonly told: number;
}

/** The ways that have traffic in this minute and for a day after, most of it first. */
function busyWays({ accounts, providers, routes }: Installation, from: number): Busy[] {
  const rates = new Map<string, number>();
  for (const { size, firstMinute, ramp, tells, lanes, countries } of accounts) {
    if (!tells || firstMinute + ramp > from) continue;
    const there = countries.filter((share) => share.from + share.ramp <= from);
    const total = there.reduce((sum, { share }) => sum + share, 0);
    for (const { item, share } of there)
      rates.set(item.code, (rates.get(item.code) ?? 0) + (size * lanes[0]!.share * share) / total);
  }
  const ways: Busy[] = [];
  for (const [country, rate] of rates) {
    const changes = routes.get(country)!.filter((route) => route.from <= from + DAY);
    const lasting = changes.filter((_, n) => (changes[n + 1]?.from ?? Number.POSITIVE_INFINITY) > from);
    for (const [p, { id }] of providers.entries()) {
      const share = Math.min(...lasting.map(({ shares }) => shares[p]!));
      ways.push({ provider: id, country, told: rate * share });
    }
  }
  return ways.sort((a, b) => b.told - a.told);
}

/** Up to three countries of one provider, with 20 messages an hour or more that conversions are told of. */
export function victims(random: Random, installation: Installation, from: number): Busy[] {
  const busy = busyWays(installation, from).filter(({ told }) => told * HOUR >= 20);
  const first = pick(busy, random);
  if (first === undefined) return [];
  const others = busy.filter((way) => way.provider === first.provider && way.country !== first.country);
  return [first, ...others.slice(0, Math.floor(random() * 3))];
}

/** An attack on some ways of one provider, as much as `change` makes of how they are, in each of its minutes. */
export function altering(
  kind: "grey-route" | "forged-receipts",
  from: number,
  until: number,
  ways: readonly Busy[],
  told: string,
  change: (truth: WayTruth, minute: number) => WayTruth,
): Attack {
  const { provider } = ways[0]!;
  const countries = ways.map(({ country }) => country);
  const own = new Set(countries);
  return {
    kind,
    from,
    until,
    marks: { provider: [provider], country: countries },
    told: `${provider} into ${countries.join(" ")}: ${told}`,
    alter: (truth, of, country, minute) => (of === provider && own.has(country) ? change(truth, minute) : truth),
  };
}

/** Messages go another way, under another sender: receipts say that all is well, and fewer people do what they were asked to. */
export function greyRoute(random: Random, installation: Installation, from: number): Attack | undefined {
  const ways = victims(random, installation, from);
  if (ways.length === 0) return undefined;
  const converting = uniform(random, 0.05, 0.55);
  const stretch = logUniform(random, 0.25, 4);
  const delivery = uniform(random, 0.88, 0.99);
  const until = from + Math.round(uniform(random, 12 * HOUR, 72 * HOUR));
  const told = `converts ${converting.toFixed(2)} of what it did, receipts ${stretch.toFixed(2)} times as late`;
  return altering("grey-route", from, until, ways, told, (truth) => ({
    ...truth,
    delivery: Math.max(truth.delivery, delivery),
    medianMs: truth.medianMs * stretch,
    converting: truth.converting * converting,
  }));
}

/** Receipts are made up: sooner than any handset answers, or all after the same time. Part of the messages never leaves. */
export function forgedReceipts(random: Random, installation: Installation, from: number): Attack | undefined {
  const ways = victims(random, installation, from);
  if (ways.length === 0) return undefined;
  const fromMs = random() < 0.5 ? uniform(random, 30, 150) : logUniform(random, 800, 15_000);
  const untilMs = fromMs + (fromMs < 200 ? uniform(random, 50, 300) : uniform(random, 100, 1_000));
  const share = uniform(random, 0.6, 1);
  const real = uniform(random, 0.2, 0.9);
  const until = from + Math.round(uniform(random, 12 * HOUR, 72 * HOUR));
  const told = `${share.toFixed(2)} forged, ${fromMs.toFixed(0)} to ${untilMs.toFixed(0)} ms, ${real.toFixed(2)} of them really sent`;
  return altering("forged-receipts", from, until, ways, told, (truth) => ({
    ...truth,
    delivery: truth.delivery * real,
    forged: { share, fromMs, untilMs },
  }));
}
