import type { Random } from "../../../infra/simulators/behaviour/random-source.ts";
import type { Installation, LabAccount, LabCountry, Share } from "./installation.ts";
import { rangeName } from "./simulation.ts";
import type { ExtraFlow, LabLane, Marks } from "./traffic.ts";

/** What the outsider's attacks on accounts are put together from. */

/** Otp messages a minute on average. */
export const otpRate = ({ size, lanes }: LabAccount): number =>
  size * (lanes.find(({ lane }) => lane === "otp")?.share ?? 0);

/** What of an account's countries or senders is fully there. */
export const settled = <T>(shares: readonly Share<T>[], from: number): readonly Share<T>[] =>
  shares.filter((share) => share.from + share.ramp <= from);

export const between = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

/** So many of them, each once; all when there are fewer. */
export function some<T>(items: readonly T[], count: number, random: Random): T[] {
  const left = [...items];
  const chosen: T[] = [];
  while (chosen.length < count && left.length > 0) chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}

/** Neighbouring ranges of a country: those that an operator got in one piece. */
export function block(random: Random, country: LabCountry, count: number): string[] {
  const first = Math.floor(random() * (country.ranges - count));
  return Array.from({ length: count }, (_, n) => rangeName(country, first + n));
}

/** All that is true of the flows. */
export function marksOf(flows: readonly ExtraFlow[]): Marks {
  const of = (values: readonly string[]): string[] => [...new Set(values)];
  const ranges = of(flows.flatMap((flow) => flow.ranges ?? []));
  return {
    account: of(flows.map(({ account }) => account)),
    country: of(flows.map(({ country }) => country)),
    sender: of(flows.map(({ sender }) => sender)),
    ...(ranges.length > 0 ? { range: ranges } : {}),
  };
}

/** One message a minute of an account, to where it always sends, under one name. */
export function asEver(
  account: LabAccount,
  from: number,
  lane: LabLane,
  sender: string,
  converts: number,
): ExtraFlow[] {
  const there = settled(account.countries, from);
  const total = there.reduce((sum, { share }) => sum + share, 0);
  return there.map(({ item, share }) => ({
    account: account.id,
    lane,
    country: item.code,
    sender,
    mean: share / total,
    converts,
  }));
}

/** Countries to which an account never sends. */
export function strange(random: Random, { countries }: Installation, account: LabAccount, count: number): string[] {
  const usual = new Set(account.countries.map(({ item }) => item.code));
  const others = countries.map(({ code }) => code).filter((code) => !usual.has(code));
  return some(others, count, random);
}

/** `mean` messages a minute, in equal parts to each country. */
export function abroad(
  { id }: LabAccount,
  lane: LabLane,
  countries: readonly string[],
  senders: readonly string[],
  mean: number,
): ExtraFlow[] {
  return countries.map((country, n) => ({
    account: id,
    lane,
    country,
    sender: senders[n % senders.length]!,
    mean: mean / countries.length,
    converts: 0,
  }));
}
