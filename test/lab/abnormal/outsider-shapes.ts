import { pick, type Random } from "../../../infra/simulators/behaviour/random-source.ts";
import { logUniform, uniform } from "../distributions.ts";
import type { AttackShape } from "./attack-shape.ts";
import { DEAR, known, scaled } from "./attack-shapes.ts";
import type { Installation, LabCountry } from "./installation.ts";
import { abroad, asEver, between, block, marksOf, otpRate, settled, some, strange } from "./outsider-flows.ts";
import { constantReceipts, greyByNight, greyPartial, simBox } from "./outsider-ways.ts";
import { load, nextHour } from "./rhythm.ts";
import { type Attack, type ExtraFlow, HOUR, type LabLane } from "./traffic.ts";

/**
 * Attacks as somebody thinks them out who wants to stay unseen. They were written from what SMS fraud looks like from outside,
 * by an author who had not read how abnormal traffic is found, and nothing is tuned on them. Each is booked under the kind that it
 * is closest to; its own name stands in `shape`. `ABNORMAL_SHAPES=outsider make abnormal-lab` plays them.
 */
export const OUTSIDER_SHAPES: Readonly<Record<string, AttackShape>> = {
  "pumping-by-day": pumpingByDay,
  "pumping-thin": pumpingThin,
  "pumping-many-accounts": pumpingManyAccounts,
  "otp-never-converted": otpNeverConverted,
  "stolen-key-own-volume": stolenKeyOwnVolume,
  "stolen-key-tested": stolenKeyTested,
  "stolen-key-at-home": stolenKeyAtHome,
  "night-campaign": nightCampaign,
  "grey-partial": greyPartial,
  "grey-by-night": greyByNight,
  "constant-receipts": constantReceipts,
  "sim-box": simBox,
};

/**
 * Artificially inflated traffic by somebody patient: bots ask for codes when the customers do and sleep when they sleep, and never
 * become more than a part of what the account sends anyway. They ask from a dear country where the account has customers, if there is one.
 */
function pumpingByDay(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, (one) => otpRate(one) >= 0.5),
    random,
  );
  if (account === undefined) return undefined;
  const own = settled(account.countries, from).map(({ item }) => item);
  const dear = ({ price }: LabCountry): boolean => price >= DEAR;
  const country = pick(own.some(dear) ? own.filter(dear) : installation.countries.filter(dear), random)!;
  const share = uniform(random, 0.15, 0.6);
  const flow: ExtraFlow = {
    account: account.id,
    lane: "otp",
    country: country.code,
    sender: account.senders[0]!.item,
    ranges: block(random, country, between(random, 4, 20)),
    mean: otpRate(account) * share,
    converts: uniform(random, 0, 0.08),
  };
  return {
    kind: "pumping-slow",
    from,
    until: from + Math.round(uniform(random, 24 * HOUR, 72 * HOUR)),
    marks: marksOf([flow]),
    told: `${account.id}: ${share.toFixed(2)} of its own otp into ${flow.ranges?.length} ranges of ${country.code}, by day`,
    extra: (minute) => scaled([flow], load(account, minute, installation.holiday)),
  };
}

/**
 * Pumping for an operator that has networks in several countries: no range gets more than a few messages an hour, so that no single
 * one is remarkable; the money is in all of them together.
 */
function pumpingThin(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, (one) => otpRate(one) >= 0.5),
    random,
  );
  if (account === undefined) return undefined;
  const dear = installation.countries.filter(({ price }) => price >= DEAR);
  const countries = some(dear, between(random, 3, 8), random);
  const mean = logUniform(random, 2, 15);
  const ramp = uniform(random, HOUR, 4 * HOUR);
  const flows = countries.map(
    (country): ExtraFlow => ({
      account: account.id,
      lane: "otp",
      country: country.code,
      sender: account.senders[0]!.item,
      ranges: block(random, country, between(random, 15, 50)),
      mean: mean / countries.length,
      converts: 0.02,
    }),
  );
  return {
    kind: "pumping-slow",
    from,
    until: from + Math.round(uniform(random, 6 * HOUR, 36 * HOUR)),
    marks: marksOf(flows),
    told: `${account.id}: ${mean.toFixed(1)} a minute over ranges of ${marksOf(flows).country?.join(" ")}`,
    extra: (minute) => scaled(flows, Math.min(1, (minute - from + 1) / ramp)),
  };
}

/** One ring of fraudsters, the forms of many customers: each sends a little, all of it goes to the same few ranges. */
function pumpingManyAccounts(random: Random, installation: Installation, from: number): Attack | undefined {
  const accounts = some(
    known(installation, from, (one) => otpRate(one) > 0),
    between(random, 6, 15),
    random,
  );
  if (accounts.length < 4) return undefined;
  const dear = installation.countries.filter(({ price }) => price >= DEAR);
  const country = pick(dear, random)!;
  const ranges = block(random, country, between(random, 2, 6));
  const flows = accounts.map(
    ({ id, senders }): ExtraFlow => ({
      account: id,
      lane: "otp",
      country: country.code,
      sender: senders[0]!.item,
      ranges,
      mean: logUniform(random, 0.05, 0.4),
      converts: 0.02,
    }),
  );
  const mean = flows.reduce((sum, flow) => sum + flow.mean, 0);
  return {
    kind: "pumping-slow",
    from,
    until: from + Math.round(uniform(random, 4 * HOUR, 30 * HOUR)),
    marks: marksOf(flows),
    told: `${accounts.length} accounts: together ${mean.toFixed(1)} a minute into ${ranges.length} ranges of ${country.code}`,
    extra: () => flows,
  };
}

/**
 * Codes that nobody waits for, to numbers all over the account's own countries: somebody is paid per message there, or tries out which
 * numbers have an account. The destinations are as ever; what gives it away is that an account whose customers type their codes in has
 * many who do not.
 */
function otpNeverConverted(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, (one) => one.tells && one.converts >= 0.7 && otpRate(one) >= 0.5),
    random,
  );
  if (account === undefined) return undefined;
  const share = uniform(random, 0.5, 2);
  const flows = asEver(account, from, "otp", account.senders[0]!.item, 0);
  return {
    kind: "pumping-slow",
    from,
    until: from + Math.round(uniform(random, 6 * HOUR, 48 * HOUR)),
    marks: marksOf(flows),
    told: `${account.id}, which converts ${account.converts.toFixed(2)}: ${share.toFixed(2)} of its otp again, never converted`,
    extra: (minute) => scaled(flows, otpRate(account) * share * load(account, minute, installation.holiday)),
  };
}

/** A stolen key in careful hands: no more than the account sends anyway, at its hours, under its own name; but to other countries. */
function stolenKeyOwnVolume(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, ({ size }) => size >= 0.5),
    random,
  );
  if (account === undefined) return undefined;
  const countries = strange(random, installation, account, between(random, 1, 4));
  const share = uniform(random, 0.3, 1);
  const lane = account.lanes.reduce((most, one) => (one.share > most.share ? one : most)).lane;
  const flows = abroad(account, lane, countries, [account.senders[0]!.item], account.size * share);
  return {
    kind: "stolen-key",
    from,
    until: from + Math.round(uniform(random, 4 * HOUR, 36 * HOUR)),
    marks: marksOf(flows),
    told: `${account.id}: ${share.toFixed(2)} of its own ${account.size.toFixed(2)} a minute, to ${countries.join(" ")}`,
    extra: (minute) => scaled(flows, load(account, minute, installation.holiday)),
  };
}

/**
 * Keys are tried before they are sold: a few messages into each of some countries, nothing for hours, then those that worked are used
 * until the key is withdrawn. It begins with the first trial, so that its time counts from there; the money is spent at its end.
 */
function stolenKeyTested(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, () => true),
    random,
  );
  if (account === undefined) return undefined;
  const tried = strange(random, installation, account, between(random, 3, 6));
  const senders = [`X${Math.floor(random() * 1e6)}`];
  const testing = Math.round(uniform(random, 30, 120));
  const idle = Math.round(uniform(random, HOUR, 10 * HOUR));
  const mean = logUniform(random, 3, 40);
  const lane: LabLane = pick(["otp", "transactional", "marketing"], random)!;
  const tests = abroad(account, lane, tried, senders, (tried.length * uniform(random, 1, 4)) / testing);
  const used = tried.slice(0, between(random, 1, tried.length));
  const spent = abroad(account, lane, used, senders, mean);
  const phase = (since: number): readonly ExtraFlow[] =>
    since < testing ? tests : since < testing + idle ? [] : spent;
  return {
    kind: "stolen-key",
    from,
    until: from + testing + idle + Math.round(uniform(random, HOUR, 8 * HOUR)),
    marks: marksOf(tests),
    told: `${account.id}: tries ${tried.join(" ")}, ${testing + idle} min later ${mean.toFixed(1)} a minute to ${used.join(" ")}`,
    extra: (minute) => phase(minute - from),
  };
}

/** Phishing through a customer's key: to the people of his own countries, by day, under a name that is new: a bank's, a carrier's. */
function stolenKeyAtHome(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, () => true),
    random,
  );
  if (account === undefined) return undefined;
  const begin = nextHour(account.zoneMinutes, from, 9) + between(random, 0, 5 * HOUR);
  const mean = logUniform(random, 2, 40);
  const { lane } = pick(account.lanes, random)!;
  const flows = scaled(asEver(account, from, lane, `BANK${Math.floor(random() * 1e4)}`, 0), mean);
  return {
    kind: "stolen-key",
    from: begin,
    until: begin + Math.round(uniform(random, HOUR, 8 * HOUR)),
    marks: marksOf(flows),
    told: `${account.id}: ${mean.toFixed(1)} a minute to its own countries as ${flows[0]!.sender}, lane ${lane}`,
    extra: () => flows,
  };
}

/**
 * A campaign as the account has many, in number, lane, name and countries, at one to four in its night: somebody has its login to the
 * page where campaigns are begun. No customer writes to his customers then.
 */
function nightCampaign(random: Random, installation: Installation, from: number): Attack | undefined {
  const account = pick(
    known(installation, from, ({ campaigns }) => campaigns.length > 0),
    random,
  );
  if (account === undefined) return undefined;
  const begin = nextHour(account.zoneMinutes, from, 1) + between(random, 0, 3 * HOUR);
  const model = pick(account.campaigns, random)!;
  const mean = model.rate * uniform(random, 0.7, 1.4);
  const length = Math.max(15, Math.round((model.until - model.from) * uniform(random, 1, 2)));
  const flows = scaled(asEver(account, from, account.campaignLane, account.senders[0]!.item, 0), mean);
  return {
    kind: "burst",
    from: begin,
    until: begin + length,
    marks: marksOf(flows),
    told: `${account.id}: ${mean.toFixed(0)} a minute for ${length} min at its night, lane ${account.campaignLane}`,
    extra: () => flows,
  };
}
