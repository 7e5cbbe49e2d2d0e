import { pick, type Random } from "../../../infra/simulators/behaviour/random-source.ts";
import { logUniform, uniform } from "../distributions.ts";
import type { AttackShape } from "./attack-shape.ts";
import type { Installation, LabAccount, LabCountry } from "./installation.ts";
import { load } from "./rhythm.ts";
import { rangeName } from "./simulation.ts";
import { type Attack, type AttackKind, DAY, type ExtraFlow, HOUR, type LabLane } from "./traffic.ts";
import { forgedReceipts, greyRoute } from "./way-attacks.ts";

/** The attacks of the report; how to write another one stands at the top of traffic.ts. */
export const SHAPES: Readonly<Record<AttackKind, AttackShape>> = {
  "pumping-fast": pumpingFast,
  "pumping-slow": pumpingSlow,
  burst,
  "stolen-key": stolenKey,
  "grey-route": greyRoute,
  "forged-receipts": forgedReceipts,
};

/** Dear enough to be pumped, micro-euros. */
export const DEAR = 90_000;

/** Accounts that have been there for three days, and that a condition holds of. */
export function known(installation: Installation, from: number, suits: (account: LabAccount) => boolean): LabAccount[] {
  return installation.accounts.filter((account) => account.firstMinute + 3 * DAY <= from && suits(account));
}

const sendsOtp = ({ lanes }: LabAccount): boolean => lanes.some(({ lane }) => lane === "otp");

/** Somebody makes an application send codes to numbers of which he earns: one dear country, a few ranges, nobody types them in. */
function pumping(
  random: Random,
  installation: Installation,
  from: number,
  kind: AttackKind,
  peak: number,
  length: number,
  growth: (since: number) => number,
): Attack | undefined {
  const account = pick(known(installation, from, sendsOtp), random);
  const dear = (country: LabCountry): boolean => country.price >= DEAR;
  const own = account?.countries.map(({ item }) => item).filter(dear) ?? [];
  const country =
    own.length > 0 && random() < 0.5 ? pick(own, random) : pick(installation.countries.filter(dear), random);
  if (account === undefined || country === undefined) return undefined;
  const first = Math.floor(random() * country.ranges);
  const ranges = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, n) => rangeName(country, first + n * 3));
  const flow = {
    account: account.id,
    lane: "otp",
    country: country.code,
    sender: account.senders[0]!.item,
    ranges,
    converts: uniform(random, 0, 0.03),
  } as const;
  return {
    kind,
    from,
    until: from + length,
    marks: { account: [account.id], country: [country.code], range: ranges, sender: [flow.sender] },
    told: `${account.id}: up to ${peak.toFixed(1)} a minute into ${ranges.length} ranges of ${country.code}`,
    extra: (minute) => [{ ...flow, mean: peak * growth(minute - from) }],
  };
}

function pumpingFast(random: Random, installation: Installation, from: number): Attack | undefined {
  const ramp = uniform(random, 1, 10);
  const length = Math.round(uniform(random, 30, 6 * HOUR));
  const peak = logUniform(random, 6, 120);
  return pumping(random, installation, from, "pumping-fast", peak, length, (since) => Math.min(1, (since + 1) / ramp));
}

/** From one message in twenty minutes it grows by the same factor every hour. */
function pumpingSlow(random: Random, installation: Installation, from: number): Attack | undefined {
  const ramp = uniform(random, 6 * HOUR, 48 * HOUR);
  const length = Math.round(ramp + uniform(random, 2 * HOUR, 12 * HOUR));
  const peak = logUniform(random, 4, 40);
  const growth = (since: number): number => (0.05 / peak) ** Math.max(0, 1 - since / ramp);
  return pumping(random, installation, from, "pumping-slow", peak, length, growth);
}

/** A loop in an application, or somebody with a list: an account sends many times what it ever does, to where it always sends. */
function burst(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, ({ size }) => size < 15),
    random,
  );
  if (account === undefined) return undefined;
  const campaign = Math.max(0, ...account.campaigns.map(({ rate }) => rate));
  const mean = Math.max(30, account.size * logUniform(random, 8, 60), campaign * uniform(random, 2, 5));
  const { lane } = pick(account.lanes, random)!;
  const ramp = uniform(random, 1, 3);
  const there = account.countries.filter((share) => share.from + share.ramp <= from);
  const total = there.reduce((sum, { share }) => sum + share, 0);
  const flows = there.map(({ item, share }) => ({
    account: account.id,
    lane,
    country: item.code,
    sender: account.senders[0]!.item,
    mean: (mean * share) / total,
    converts: 0.1,
  }));
  return {
    kind: "burst",
    from,
    until: from + Math.round(uniform(random, 15, 3 * HOUR)),
    marks: { account: [account.id], country: flows.map(({ country }) => country), sender: [flows[0]!.sender] },
    told: `${account.id}: ${mean.toFixed(0)} a minute beside ${account.size.toFixed(2)} on average, lane ${lane}`,
    extra: (minute) => scaled(flows, Math.min(1, (minute - from + 1) / ramp)),
  };
}

/** Somebody has an account's key: he sends at its night, to countries where it never sends, under names that it never had. */
function stolenKey(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, () => true),
    random,
  );
  if (account === undefined) return undefined;
  const night = nextNight(account, from, installation.holiday);
  const usual = new Set(account.countries.map(({ item }) => item.code));
  const strange = installation.countries.filter(({ code }) => !usual.has(code));
  const countries = Array.from({ length: 2 + Math.floor(random() * 7) }, () => pick(strange, random)!.code);
  const senders = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `X${Math.floor(random() * 1e6)}`);
  const mean = logUniform(random, 3, 60);
  const lane: LabLane = pick(["otp", "transactional", "marketing"], random)!;
  const flows = countries.map((country, n) => ({
    account: account.id,
    lane,
    country,
    sender: senders[n % senders.length]!,
    mean: mean / countries.length,
    converts: 0,
  }));
  return {
    kind: "stolen-key",
    from: night,
    until: night + Math.round(uniform(random, HOUR, 10 * HOUR)),
    marks: { account: [account.id], country: [...new Set(countries)], sender: senders },
    told: `${account.id}: ${mean.toFixed(1)} a minute to ${countries.join(" ")} as ${senders.length} senders, lane ${lane}`,
    extra: () => flows,
  };
}

/** The first minute from then on in which the account has less than half of its traffic; within a day, or as asked. */
function nextNight(account: LabAccount, from: number, holiday: number): number {
  for (let minute = from; minute < from + DAY; minute += 10) if (load(account, minute, holiday) < 0.5) return minute;
  return from;
}

/** The flows, each with its mean multiplied. */
export function scaled(flows: readonly ExtraFlow[], factor: number): readonly ExtraFlow[] {
  return factor === 1 ? flows : flows.map((flow) => ({ ...flow, mean: flow.mean * factor }));
}
