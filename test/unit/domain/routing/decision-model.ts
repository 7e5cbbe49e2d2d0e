import { defaultBacklogLimit } from "../../../../domain/routing/choose-provider.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";
import { rendezvous } from "../../../../domain/routing/rendezvous.ts";
import type {
  PlainCap,
  PlainCatalog,
  PlainHealth,
  PlainMember,
  PlainProvider,
  PlainQuality,
  PlainRoute,
  PlainSenderRule,
  Situation,
} from "./decision-world.ts";

/** Does what docs/catalog.md, price-lists.md and quality.md say, step by step, and knows no index, no tiers and no strategies. */

export interface Decision {
  readonly route: string | undefined;
  readonly reason: string;
  readonly verdicts: Readonly<Record<string, string>>;
  readonly provider?: string;
  /** Micro-units of the provider's currency. */
  readonly price?: number;
  readonly tariff?: number | undefined;
  readonly sender?: string | undefined;
  /** The cap that has no room. */
  readonly full?: string;
}

const UNITS_OF_EURO: Readonly<Record<string, number>> = { EUR: 1, USD: 2, GBP: 0.5 };
const NOT_SEEN: PlainQuality = { alpha: 1.8, beta: 0.2, share: 1, p95Ms: undefined, tries: false, told: undefined };
const MICROS_OF_CENT = 10_000;

function holds({ when }: PlainRoute, { country, lane, account, destination }: MessageFacts): boolean {
  return (
    (when.countries?.includes(country) ?? true) &&
    (when.lanes?.includes(lane) ?? true) &&
    (when.accounts?.includes(account) ?? true) &&
    (when.prefixes?.some((prefix) => destination.startsWith(prefix)) ?? true)
  );
}

/** The first route that holds; of those that differ in their prefixes only the one with the longest. */
function routeOf(routes: readonly PlainRoute[], facts: MessageFacts): PlainRoute | undefined {
  const holding = routes.filter((one) => holds(one, facts));
  const [first] = holding;
  if (first?.when.prefixes === undefined) return first;
  const beside = ({ when }: PlainRoute) =>
    JSON.stringify(["countries", "lanes", "accounts"].map((name) => when[name as "lanes"]?.toSorted()));
  const longest = ({ when }: PlainRoute) =>
    Math.max(0, ...(when.prefixes ?? []).filter((prefix) => facts.destination.startsWith(prefix)).map((p) => p.length));
  const alike = holding.filter((one) => one.when.prefixes !== undefined && beside(one) === beside(first));
  return alike.toSorted((x, y) => longest(y) - longest(x))[0];
}

/** What a segment costs without a commitment in money, and with it. Micro-units; undefined: the destination is not served. */
function pricesOf({ prices, volume }: PlainProvider, country: string, health: PlainHealth | undefined) {
  const listed = prices[country] ?? prices[""];
  if (listed === undefined) return undefined;
  const month = health !== undefined && health.monthEnd > 0;
  const had = month ? health.segmentsThisMonth : 0;
  const spent = month ? health.spentThisMonth : 0;
  const tier = (volume?.tiers ?? []).filter(({ from }) => from <= had).at(-1);
  const cents = tier === undefined ? listed : (tier.cents ?? (listed * tier.percent!) / 100);
  const paid = had < (volume?.committed ?? 0) || spent < (volume?.committedSpend ?? 0) * MICROS_OF_CENT;
  return { tariff: cents * MICROS_OF_CENT, price: paid ? 0 : cents * MICROS_OF_CENT };
}

const isLong = (sender: string) => sender.startsWith("+");
const kindOf = (sender: string) =>
  isLong(sender) ? "long-number" : /^\d/.test(sender) && !sender.includes("&") ? "short-code" : "alphanumeric";

interface Entry {
  readonly sender: string;
  /** Undefined: at all. */
  readonly providers: readonly string[] | undefined;
}

/** The senders that a message may go out from, the best one first; empty: none; undefined: no rule holds. */
function sendersOf(rules: readonly PlainSenderRule[], facts: MessageFacts): readonly Entry[] | undefined {
  const { from } = facts;
  if (from === undefined) return undefined;
  const rule =
    rules.find(({ countries }) => countries?.includes(facts.country)) ??
    rules.find((one) => one.countries === undefined);
  if (rule === undefined) return undefined;
  const entries = rule.registered?.map(
    (one): Entry => (typeof one === "string" ? { sender: one, providers: undefined } : one),
  );
  const same = (a: string, b: string) => (rule.ignoreCase ? a.toLowerCase() === b.toLowerCase() : a === b);
  const entryOf = (sender: string) => entries?.find((one) => same(one.sender, sender));
  const allowed = rule.allowed?.includes(kindOf(from)) ?? true;
  if (allowed && (entries === undefined || entryOf(from) !== undefined))
    return [{ sender: from, providers: entryOf(from)?.providers }];
  return (rule.replaceBy ?? [])
    .map((sender) => ({ sender, providers: entryOf(sender)?.providers }))
    .toSorted((a, b) => rendezvous(b.sender, facts.destination) - rendezvous(a.sender, facts.destination));
}

/** The first cap that leaves no room for what goes out from this sender, or for the message's campaign. */
function fullCap(
  caps: readonly PlainCap[],
  of: PlainCap["of"],
  value: string,
  facts: MessageFacts,
  { counts }: Situation,
) {
  const named = of === "campaign" ? facts.labels.campaign! : value;
  return caps.find((cap) => {
    if (cap.of !== of || cap.countries?.includes(facts.country) === false) return false;
    if (cap.only?.some((one) => (of === "sender" ? one.toLowerCase() : one) === named) === false) return false;
    const { hour, day } = counts[`${cap.id} ${value}`] ?? { hour: 0, day: 0 };
    const more = cap.count === "segments" ? (facts.segments ?? 1) : 1;
    const over = (had: number, most: number | undefined) => most !== undefined && had > 0 && had + more > most;
    return over(hour, cap.maxPerHour) || over(day, cap.maxPerDay);
  });
}

/** Which senders are left, and which cap holds the message back (`capped`) or has left out a sender (`passed`). */
function withinCaps(
  caps: readonly PlainCap[],
  facts: MessageFacts,
  allowed: readonly Entry[] | undefined,
  now: Situation,
) {
  const campaign = facts.labels.campaign;
  const ofCampaign = campaign && fullCap(caps, "campaign", `${facts.account}/${campaign}`, facts, now);
  if (ofCampaign) return { allowed, capped: ofCampaign, passed: undefined };
  const wanted = allowed ?? (facts.from === undefined ? [] : [{ sender: facts.from, providers: undefined }]);
  const kept: Entry[] = [];
  let passed: PlainCap | undefined;
  for (const entry of wanted) {
    const full = fullCap(caps, "sender", entry.sender.toLowerCase(), facts, now);
    if (full === undefined) kept.push(entry);
    else if (kept.length === 0 && (full.whenReached ?? "next") !== "next")
      return { allowed, capped: full, passed: undefined };
    else passed ??= full;
  }
  if (wanted.length > 0 && kept.length === 0) return { allowed, capped: passed, passed: undefined };
  return { allowed: allowed === undefined ? undefined : kept, capped: undefined, passed };
}

const carries = ({ kind }: PlainProvider, sender: string | undefined) => kind === "smpp" || sender !== "1&1";
/** With whom a message goes out at a provider that may have it. */
const senderAt = (provider: PlainProvider, allowed: readonly Entry[]) =>
  allowed.find(({ sender, providers }) => (providers?.includes(provider.id) ?? true) && carries(provider, sender));

export function modelOf(catalog: PlainCatalog, facts: MessageFacts, now: Situation): Decision {
  const { health, tried, refused } = now;
  const chosen = routeOf(catalog.routes, facts);
  if (chosen === undefined) return { route: undefined, reason: "no-route", verdicts: {} };
  const named = (id: string) => catalog.providers.find((one) => one.id === id)!;
  const backlog = (id: string) => health[id]?.backlogSeconds ?? 0;
  const prices = (id: string) => pricesOf(named(id), facts.country, health[id]);
  const inEuro = (id: string) => prices(id)!.price / UNITS_OF_EURO[named(id).currency]!;
  const judged = sendersOf(catalog.senders, facts);
  const { allowed, capped, passed } = withinCaps(catalog.caps, facts, judged, now);
  const bounded = facts.account === "globex";

  const ofSender = (provider: PlainProvider): string | undefined => {
    if (allowed === undefined) return carries(provider, facts.from) ? undefined : "sender-not-carried";
    if (judged?.length === 0) return "sender-not-allowed";
    if (senderAt(provider, allowed) !== undefined) return undefined;
    const known = allowed.some(({ providers }) => providers?.includes(provider.id) ?? true);
    return known ? "sender-not-carried" : "sender-not-registered";
  };
  const against = (id: string): string | undefined => {
    if (!named(id).lanes.includes(facts.lane)) return "lane-not-carried";
    if (prices(id) === undefined) return "destination-not-served";
    const sender = ofSender(named(id));
    if (sender !== undefined) return sender;
    if (capped !== undefined) return "cap-reached";
    if (bounded && inEuro(id) * (facts.segments ?? 1) > catalog.priceCap.cents * MICROS_OF_CENT)
      return "above-price-cap";
    if (refused.includes(id)) return "refused";
    if (tried.includes(id)) return "already-tried";
    if (named(id).use !== "normal") return "out-of-use";
    if (health[id]?.open) return "circuit-open";
    return backlog(id) > defaultBacklogLimit[facts.lane] ? "backlog-too-long" : undefined;
  };
  const verdicts: Record<string, string> = {};
  for (const { id } of chosen.providers) verdicts[id] = against(id) ?? "lower-priority";
  const take = (id: string, reason: string): Decision => {
    verdicts[id] = "chosen";
    const { price, tariff } = prices(id)!;
    const told = named(id).volume?.committedSpend === undefined ? undefined : tariff;
    const sender = allowed === undefined ? facts.from : senderAt(named(id), allowed)?.sender;
    return { route: chosen.id, provider: id, reason, verdicts, price, tariff: told, sender };
  };

  const rank = ({ priority }: PlainMember, place: number) =>
    chosen.strategy === "priority" ? (priority ?? place) : chosen.strategy === "balanced" ? (priority ?? 0) : 0;
  const ranked = chosen.providers.map((member, place) => ({ ...member, rank: rank(member, place) }));
  const fit = ranked.filter(({ id }) => verdicts[id] === "lower-priority");
  if (fit.length === 0) {
    // In the order in which they are asked.
    const late = ranked.filter(({ id }) => verdicts[id] === "backlog-too-long").toSorted((x, y) => x.rank - y.rank);
    const least = late.toSorted((x, y) => backlog(x.id) - backlog(y.id))[0];
    if (least !== undefined) return take(least.id, "least-backlog");
    return untaken(chosen.id, verdicts, { capped, passed, none: judged?.length === 0, wait: catalog.priceCap.wait });
  }
  const top = Math.min(...fit.map((one) => one.rank));
  const tier = fit.filter((one) => one.rank === top);
  for (const { id } of tier) verdicts[id] = "not-drawn";
  const first = Math.min(...ranked.map((one) => one.rank));
  const drawn = pick(chosen, tier, verdicts, facts, now, { named, backlog, price: (id) => compared(chosen, id) });
  return take(drawn.id, top === first ? chosen.strategy : "failover");

  /** In units of the currency in which the route's prices are compared. */
  function compared({ providers }: PlainRoute, id: string): number {
    const currencies = new Set(providers.map((one) => named(one.id).currency));
    return prices(id)!.price / (currencies.size > 1 ? UNITS_OF_EURO[named(id).currency]! : 1) / 1_000_000;
  }
}

interface Untaken {
  readonly capped: PlainCap | undefined;
  readonly passed: PlainCap | undefined;
  /** Its rule lets it go from nobody. */
  readonly none: boolean;
  readonly wait: boolean;
}

function untaken(route: string, verdicts: Record<string, string>, { capped, passed, none, wait }: Untaken): Decision {
  const said = new Set(Object.values(verdicts));
  const passing = said.has("circuit-open") || said.has("out-of-use");
  const left = !passing && (said.has("sender-not-registered") || said.has("sender-not-carried")) ? passed : undefined;
  const full = capped ?? left;
  if (full !== undefined) return { route, reason: "cap-reached", full: full.id, verdicts };
  if (none) return { route, reason: "sender-not-allowed", verdicts };
  const tooDear = said.has("above-price-cap");
  const waits = passing && (wait || !tooDear);
  return { route, reason: waits ? "circuits-open" : tooDear ? "price-cap" : "no-provider-left", verdicts };
}

interface Looks {
  readonly named: (id: string) => PlainProvider;
  readonly backlog: (id: string) => number;
  readonly price: (id: string) => number;
}

/** Of those that can take it, and stand equal, who does; the others' verdicts are said. */
function pick(
  route: PlainRoute,
  tier: readonly PlainMember[],
  verdicts: Record<string, string>,
  facts: MessageFacts,
  now: Situation,
  looks: Looks,
): PlainMember {
  const { named, backlog, price } = looks;
  if (route.strategy === "least-cost-per-delivered") return perDelivered(route, tier, verdicts, facts, now, looks);
  let members = tier;
  if (route.strategy === "least-cost") {
    const least = Math.min(...tier.map(({ id }) => price(id)));
    const cheapest = tier.filter(({ id }) => price(id) === least);
    const later = cheapest.filter(({ id }) => named(id).charged === "delivery");
    members = later.length > 0 ? later : cheapest;
    for (const { id } of tier) if (!members.some((one) => one.id === id)) verdicts[id] = "dearer";
  }
  const ahead = Math.min(10, defaultBacklogLimit[facts.lane]);
  const room = ({ id, weight }: PlainMember) =>
    Math.max(0, ahead - backlog(id)) * (now.health[id]?.rate ?? named(id).rate) * weight;
  const balanced = route.strategy === "balanced";
  const drawn = draw(members, (member) => (balanced ? room(member) : member.weight), now.draw);
  return drawn ?? members.toSorted((x, y) => backlog(x.id) - backlog(y.id))[0]!;
}

function draw(
  members: readonly PlainMember[],
  share: (member: PlainMember) => number,
  at: number,
): PlainMember | undefined {
  const total = members.reduce((sum, member) => sum + share(member), 0);
  if (total === 0) return undefined;
  let passed = 0;
  return members.find((member) => {
    passed += share(member);
    return at * total < passed;
  })!;
}

/** That it delivers, and that what is bought comes; what was told of it. */
function chancesOf({ alpha, beta, told }: PlainQuality, conversions: boolean) {
  const delivers = alpha / (alpha + beta);
  if (!conversions || told === undefined) return { delivers, comes: delivers, told: 0, converts: false };
  // What receipts say counts as eight messages at the most, and so does what was told of the country beside the network.
  let [good, bad] = [alpha, beta];
  const atMostEight = () => {
    const kept = Math.min(1, 8 / (good + bad));
    good *= kept;
    bad *= kept;
  };
  const elsewhere = {
    trials: told.country.trials - told.network.trials,
    successes: told.country.successes - told.network.successes,
  };
  for (const { trials, successes } of [elsewhere, told.network]) {
    atMostEight();
    good += successes;
    bad += trials - successes;
  }
  return { delivers, comes: good / (good + bad), told: told.network.trials, converts: true };
}

function perDelivered(
  { delivery }: PlainRoute,
  tier: readonly PlainMember[],
  verdicts: Record<string, string>,
  facts: MessageFacts,
  { quality, draw: at, money }: Situation,
  { named, price }: Looks,
): PlainMember {
  const { measure, floor, otpWithinSeconds } = delivery!;
  const conversions = measure === "conversions";
  const qualityOf = (id: string) => quality[id] ?? NOT_SEEN;
  const chances = new Map(tier.map(({ id }) => [id, chancesOf(qualityOf(id), conversions)]));
  const comes = (id: string) => chances.get(id)!.comes;
  const costs = (id: string) => {
    const { delivers, converts } = chances.get(id)!;
    if (named(id).charged !== "delivery") return price(id) / comes(id);
    return converts ? (price(id) * delivers) / comes(id) : price(id);
  };
  for (const { id } of tier) {
    const { share, p95Ms } = qualityOf(id);
    const slow = facts.lane === "otp" && otpWithinSeconds !== undefined && (p95Ms ?? 0) > otpWithinSeconds * 1_000;
    verdicts[id] =
      share === 0 || (share < 1 && at >= share)
        ? "receipts-collapsed"
        : comes(id) < floor
          ? "below-quality-floor"
          : slow
            ? "too-slow"
            : "dearer-per-delivered";
  }
  const trial = tier.find(({ id }) => qualityOf(id).tries);
  if (trial !== undefined) return trial;
  const able = tier.filter(({ id }) => verdicts[id] === "dearer-per-delivered");
  for (const verdict of able.length > 0 ? [] : ["too-slow", "below-quality-floor", "receipts-collapsed"]) {
    const alike = tier.filter(({ id }) => verdicts[id] === verdict);
    if (alike.length > 0) return alike.toSorted((a, b) => comes(b.id) - comes(a.id))[0]!;
  }
  const cheapest = (members: readonly PlainMember[]): PlainMember => {
    const least = Math.min(...members.map(({ id }) => costs(id)));
    let alike = members.filter(({ id }) => costs(id) === least);
    const most = Math.max(...alike.map(({ id }) => comes(id)));
    if (alike.some(({ id }) => named(id).charged === "delivery")) alike = alike.filter(({ id }) => comes(id) === most);
    const drawn = draw(alike, ({ weight }) => weight, at)!;
    for (const { id } of alike) verdicts[id] = id === drawn.id ? "chosen" : "not-drawn";
    return drawn;
  };
  const proven = able.filter(({ id }) => conversions && chances.get(id)!.told >= 30);
  if (proven.length === 0 || proven.length === able.length) return cheapest(able);
  if (at < 0.1) {
    const best = cheapest(able);
    if (proven.includes(best) || money) return best;
    for (const { id } of able) verdicts[id] = "dearer-per-delivered";
  }
  for (const member of able) if (!proven.includes(member)) verdicts[member.id] = "not-drawn";
  return cheapest(proven);
}
