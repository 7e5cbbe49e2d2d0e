import { pick, type Random } from "../../../infra/simulators/behaviour/random-source.ts";
import { logUniform, uniform } from "../distributions.ts";
import { known, scaled } from "./attack-shapes.ts";
import type { Installation, LabAccount, RouteOfDay } from "./installation.ts";
import { load, nextHour } from "./rhythm.ts";
import { routeAt } from "./simulation.ts";
import { type ExtraFlow, type Happening, HOUR, LAST_MINUTE } from "./traffic.ts";

/** Something that looks abnormal and is no attack: the score knows nothing of it, so an alarm that it causes is a false one. */
export interface Harmless extends Happening {
  readonly shape: string;
  /** What becomes of the installation itself, for what neither `extra` nor `alter` can say. */
  readonly moves?: (installation: Installation) => Installation;
}

/** As an attack shape: draws one that begins in `from` or soon after; undefined where there is nothing that it could happen to. */
export type HarmlessShape = (random: Random, installation: Installation, from: number) => Harmless | undefined;

/** What happens in every installation and has to be left alone. */
export const HARMLESS_SHAPES: readonly HarmlessShape[] = [newcomer, unannouncedCampaign, maintenance];

/**
 * A new customer, who stays: some days of trials with his own phones, then his traffic comes over in steps, each several times the one
 * before, to whichever countries he lives in, dear ones too.
 */
function newcomer(random: Random, installation: Installation, from: number): Harmless | undefined {
  const like = pick(installation.accounts, random);
  if (like === undefined) return undefined;
  const rhythm: LabAccount = { ...like, firstMinute: 0, ramp: 0, crowds: [] };
  const account = `newcomer-${from}`;
  const home = pick(installation.countries, random)!;
  const second = pick(installation.countries, random)!;
  const full = logUniform(random, 1, 30);
  const [trials, tenth, half] = [uniform(random, 4, 48), uniform(random, 4, 36), uniform(random, 4, 36)];
  const ends = [trials, trials + tenth, trials + tenth + half].map((hours) => from + hours * HOUR);
  const { lane } = pick(like.lanes, random)!;
  const flow = { account, lane, sender: `NEW${from}`, converts: 0.8 };
  const flows: ExtraFlow[] = [{ ...flow, country: home.code, mean: full * (home === second ? 1 : 0.8) }];
  if (home !== second) flows.push({ ...flow, country: second.code, mean: full * 0.2 });
  const step = (minute: number): number => [0.01, 0.1, 0.5, 1][ends.filter((end) => end <= minute).length]!;
  const countries = flows.map(({ country }) => country);
  return {
    shape: "newcomer",
    from,
    until: LAST_MINUTE,
    marks: { account: [account], country: countries, sender: [flow.sender] },
    told: `${account}: up to ${full.toFixed(1)} a minute to ${countries.join(" ")}, lane ${lane}`,
    extra: (minute) => scaled(flows, step(minute) * load(rhythm, minute, installation.holiday)),
  };
}

/**
 * The first newsletter of a customer who never sent one: in its number it can be like a burst, and only its hour, its lane and its one
 * short run say that it was meant.
 */
function unannouncedCampaign(random: Random, installation: Installation, from: number): Harmless | undefined {
  const account = pick(
    known(installation, from, ({ campaigns }) => campaigns.length === 0),
    random,
  );
  if (account === undefined) return undefined;
  const begin = nextHour(account.zoneMinutes, from, 9) + Math.floor(uniform(random, 0, 7 * HOUR));
  const length = Math.round(uniform(random, 15, 60));
  const mean = logUniform(random, 500, 8_000) / length;
  const there = account.countries.filter((share) => share.from + share.ramp <= from);
  const total = there.reduce((sum, { share }) => sum + share, 0);
  const sender = account.senders[0]!.item;
  const flows = there.map(
    ({ item, share }): ExtraFlow => ({
      account: account.id,
      lane: "marketing",
      country: item.code,
      sender,
      mean: (mean * share) / total,
      converts: 0,
    }),
  );
  return {
    shape: "unannounced-campaign",
    from: begin,
    until: begin + length,
    marks: { account: [account.id], country: flows.map(({ country }) => country), sender: [sender] },
    told: `${account.id}: ${mean.toFixed(0)} a minute for ${length} min by day`,
    extra: () => flows,
  };
}

/** Minutes until somebody, or a circuit, takes a provider that went away out of the routes. */
const NOTICED_WITHIN = 10;

/** A provider is maintained by night: hardly anything arrives until it is taken out of the routes, then all its traffic goes over the others. */
function maintenance(random: Random, installation: Installation, from: number): Harmless | undefined {
  const p = Math.floor(random() * installation.providers.length);
  const { id } = installation.providers[p]!;
  const begin = nextHour(0, from, 0) + Math.floor(uniform(random, 0, 4 * HOUR));
  const noticed = begin + Math.round(uniform(random, 2, NOTICED_WITHIN));
  const until = begin + Math.round(uniform(random, HOUR, 6 * HOUR));
  return {
    shape: "maintenance",
    from: begin,
    until,
    // The others carry what it does not.
    marks: { provider: installation.providers.map((provider) => provider.id) },
    told: `${id} is away for ${until - begin} min, out of the routes after ${noticed - begin}`,
    alter: (truth, provider, _, minute) =>
      provider === id && minute < noticed ? { ...truth, delivery: truth.delivery * 0.03 } : truth,
    moves: (before) => ({
      ...before,
      routes: new Map([...before.routes].map(([country, routes]) => [country, without(routes, p, noticed, until)])),
    }),
  };
}

/** The routes of a country, with nothing over one provider for a time. */
function without(routes: readonly RouteOfDay[], p: number, from: number, until: number): RouteOfDay[] {
  const changes = [...new Set([...routes.map((route) => route.from), from, until])].sort((a, b) => a - b);
  return changes.map((change) => {
    const { shares } = routeAt(routes, change);
    return { from: change, shares: change >= from && change < until ? spread(shares, p) : shares };
  });
}

/** What one has goes to the others as they have already, or in equal parts when they have nothing. */
function spread(shares: readonly number[], p: number): number[] {
  const rest = shares.reduce((sum, share, n) => (n === p ? sum : sum + share), 0);
  return shares.map((share, n) => {
    if (n === p) return 0;
    return rest > 0 ? share / rest : 1 / (shares.length - 1);
  });
}
