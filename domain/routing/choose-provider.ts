import type { Micros } from "../catalog/money.ts";
import { amountOf, type Price } from "../catalog/price-list.ts";
import type { Provider } from "../catalog/provider.ts";
import { routeStrategies } from "../catalog/route.ts";
import { type SenderFit, senderFit } from "../catalog/sender-rules.ts";
import { type MonthSoFar, priceAtVolume, tariffAt } from "../catalog/volume-terms.ts";
import type { Lane } from "../message/lane.ts";
import { isAbove } from "./account-price-cap.ts";
import type { Candidate, ProviderHealth, RouteMember, Verdict } from "./candidate.ts";
import type { CountOf, FullCap } from "./cap-table.ts";
import { type ChoiceTerms, senderAt, senderVerdict, termsOf } from "./choice-terms.ts";
import { type DeliveryView, NO_DELIVERIES } from "./delivery-view.ts";
import { isLoss } from "./loss-stop.ts";
import type { MessageFacts } from "./message-facts.ts";
import type { PriceIndex } from "./price-index.ts";
import { findRoute, type RouteKind, type RouteTable } from "./route-table.ts";

export interface ChoiceInput {
  facts: MessageFacts;
  /** Ids of providers that this message was already handed to. */
  tried: readonly string[];
  /** Those that have refused it for good. */
  refused?: ReadonlyMap<string, unknown>;
  /** Health by provider id; undefined (nothing heard yet) counts as well. */
  health: (provider: string) => ProviderHealth | undefined;
  /** What the caps have counted; without it they hold nothing back. */
  counts?: CountOf | undefined;
  /** What receipts say; without it all providers are taken to deliver alike. */
  delivery?: DeliveryView | undefined;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Longest backlog, in seconds, at which a provider is taken while another could be. */
  backlogLimit?: Readonly<Record<Lane, number>>;
}

/** Why a provider was taken: by the strategy; `failover`: the tiers before had nobody; `least-backlog`: everybody had too much. */
export const takenReasons = [...routeStrategies, "failover", "least-backlog"] as const;
/**
 * Why none was: `circuits-open` may pass, as may that all are out of use; `price-cap`: who could take it costs more than its account allows; `loss-stop`: more than it pays; `sender-not-allowed`: the
 * destination's sender rule does not let it go from its sender; `cap-reached`: its sender or campaign has had all that it may; the others need another configuration, or a message that may go to one provider twice.
 */
export const untakenReasons = [
  "no-route",
  "circuits-open",
  "no-provider-left",
  "price-cap",
  "loss-stop",
  "sender-not-allowed",
  "cap-reached",
] as const;
export type UntakenReason = (typeof untakenReasons)[number];

export type Choice =
  | {
      ok: true;
      provider: Provider;
      /** Micro-units of the provider's currency for one segment. */
      price: Micros;
      /** The price is owed only for what is delivered. */
      onDelivery: boolean;
      /** What the price is without the provider's commitment in money, which the message fills; undefined where it has none. */
      tariff: Micros | undefined;
      route: string;
      reason: (typeof takenReasons)[number];
      candidates: Candidate[];
      /** Who the message goes out from; undefined: from the provider's own sender. */
      sender: string | undefined;
      terms: ChoiceTerms;
    }
  | {
      ok: false;
      route: string | undefined;
      reason: UntakenReason;
      /** The cap that has no room, when that is why. */
      full: FullCap | undefined;
      candidates: Candidate[];
      terms: ChoiceTerms;
    };

/** An otp is of no use after seconds; marketing waits for the price. */
export const defaultBacklogLimit: Readonly<Record<Lane, number>> = { otp: 5, transactional: 60, marketing: 3_600 };
/** How far ahead `balanced` looks at the most, in seconds: what lies farther ahead says little about a provider's pace now. */
const AHEAD_SECONDS = 10;

/** What is the same for all candidates of a message. */
interface Asked {
  readonly input: ChoiceInput;
  /** Longest backlog at which one is taken, seconds. */
  readonly limit: number;
  readonly terms: ChoiceTerms;
  readonly prices: PriceIndex;
  /** Of the sender that was requested. */
  readonly sender: SenderFit;
}

/**
 * Chooses a provider by the first route whose conditions hold, with a verdict on each candidate of that route, in tier
 * order. Later routes are not asked: a route also says where a message must not go.
 */
export function chooseProvider(table: RouteTable, input: ChoiceInput): Choice {
  const place = findRoute(table, input.facts);
  const terms = termsOf(table, input.facts, input.counts);
  if (place === undefined)
    return { ok: false, route: undefined, reason: "no-route", full: undefined, candidates: [], terms };
  table.prices.look(input.facts);
  return chooseWithin(table.ids[place]!, table.kinds[table.kindOf[place]!]!, table.prices, input, terms);
}

function chooseWithin(
  route: string,
  { strategy, members, delivery }: RouteKind,
  prices: PriceIndex,
  input: ChoiceInput,
  terms: ChoiceTerms,
): Choice {
  const { facts } = input;
  const limit = (input.backlogLimit ?? defaultBacklogLimit)[facts.lane];
  const asked: Asked = { input, limit, terms, prices, sender: senderFit(facts.from) };
  const candidates = new Array<Candidate>(members.length);
  let usable = 0;
  for (let i = 0; i < members.length; i++) {
    const candidate = candidateOf(members[i]!, asked);
    candidates[i] = candidate;
    if (isUsable(candidate)) usable++;
  }
  if (usable > 0) {
    const tier = firstTier(candidates, usable);
    const view = {
      route,
      facts,
      aheadSeconds: Math.min(limit, AHEAD_SECONDS),
      settings: delivery,
      deliveries: input.delivery ?? NO_DELIVERIES,
    };
    const chosen = strategy.rank(tier, view, input.random);
    const reason = chosen.member.tier === 0 ? strategy.name : "failover";
    return accept(chosen, route, reason, candidates, facts, terms);
  }
  const shortest = leastBacklog(candidates);
  if (shortest !== undefined) return accept(shortest, route, "least-backlog", candidates, facts, terms);
  const full = fullCap(candidates, terms);
  const reason = full === undefined ? whyNone(candidates, terms) : "cap-reached";
  return { ok: false, route, reason, full, candidates, terms };
}

/** The cap that keeps a message from going: its own, or that of a sender which another provider would have taken. */
function fullCap(candidates: readonly Candidate[], { capped, passed, sender }: ChoiceTerms): FullCap | undefined {
  if (capped !== undefined || passed === undefined || sender?.ok === false) return capped;
  const others = candidates.some(({ verdict }) => PASSING.has(verdict));
  return !others && candidates.some(({ verdict }) => OF_SENDER.has(verdict)) ? passed : undefined;
}

/** What speaks against a provider for a while: a message waits for its end. */
const PASSING: ReadonlySet<Verdict> = new Set(["circuit-open", "out-of-use"]);
const OF_SENDER: ReadonlySet<Verdict> = new Set(["sender-not-registered", "sender-not-carried"]);

/** The usable ones of the first tier that has one: it decides. `usable`: how many there are in all tiers, above 0. */
function firstTier(candidates: readonly Candidate[], usable: number): readonly Candidate[] {
  const all = usable === candidates.length;
  if (all && candidates[0]!.member.tier === candidates.at(-1)!.member.tier) return candidates;
  const first = candidates.find(isUsable)!;
  const tier = [first];
  for (const candidate of candidates) {
    if (candidate === first || !isUsable(candidate)) continue;
    if (candidate.member.tier === first.member.tier) tier.push(candidate);
    else candidate.verdict = "lower-priority";
  }
  return tier;
}

function isUsable({ verdict }: Candidate): boolean {
  return verdict === "not-drawn";
}

/** What passes is waited for, unless there is a dearer one and the account does not want to wait for a cheaper one. */
function whyNone(candidates: readonly Candidate[], { priceLimit, sender }: ChoiceTerms): UntakenReason {
  if (sender?.ok === false) return "sender-not-allowed";
  const tooDear = priceLimit !== undefined && candidates.some(({ verdict }) => verdict === "above-price-cap");
  const mayPass = candidates.some(({ verdict }) => PASSING.has(verdict));
  if (mayPass && !(tooDear && !priceLimit.wait)) return "circuits-open";
  if (tooDear) return "price-cap";
  return candidates.some(({ verdict }) => verdict === "above-selling-price") ? "loss-stop" : "no-provider-left";
}

function candidateOf(member: RouteMember, asked: Asked): Candidate {
  const { provider, list } = member;
  const health = asked.input.health(provider.id);
  const listed = asked.prices.priceOf(list);
  const price = listed === undefined ? undefined : priceNow(provider, listed, asked.input.facts, health);
  const tariff = listed === undefined ? undefined : tariffNow(provider, listed, asked.input.facts, health);
  const verdict = refuse(provider, price, health, asked) ?? "not-drawn";
  const onDelivery = typeof listed === "object";
  const { id, currency } = provider;
  return { provider: id, member, price, onDelivery, tariff, currency, health, verdict, score: undefined };
}

/** What the month's traffic makes of the list's price. */
function priceNow(provider: Provider, listed: Price, facts: MessageFacts, health: ProviderHealth | undefined): Micros {
  if (provider.volume === undefined) return amountOf(listed);
  return priceAtVolume(provider.volume, amountOf(listed), monthSoFar(facts, health));
}

/** What counts towards a commitment in money. */
function tariffNow(
  { volume }: Provider,
  listed: Price,
  facts: MessageFacts,
  health: ProviderHealth | undefined,
): Micros | undefined {
  if (volume?.committedSpend === undefined) return undefined;
  return tariffAt(volume, amountOf(listed), monthSoFar(facts, health).segments);
}

function monthSoFar({ at }: MessageFacts, health: ProviderHealth | undefined): MonthSoFar {
  const { segmentsThisMonth = 0, spentThisMonth = 0, monthEnd = 0 } = health ?? {};
  return at < monthEnd ? { segments: segmentsThisMonth, spent: spentThisMonth } : NOTHING_SPENT;
}

const NOTHING_SPENT: MonthSoFar = { segments: 0, spent: 0 };

function refuse(
  provider: Provider,
  price: Micros | undefined,
  health: ProviderHealth | undefined,
  { input: { facts, refused, tried }, limit, terms: { priceLimit, selling, sender, capped }, sender: fit }: Asked,
): Verdict | undefined {
  if (!provider.lanes.includes(facts.lane)) return "lane-not-carried";
  if (price === undefined) return "destination-not-served";
  const wrong = senderVerdict(provider, fit, sender);
  if (wrong !== undefined) return wrong;
  if (capped !== undefined) return "cap-reached";
  if (priceLimit !== undefined && isAbove(priceLimit, price, provider.currency, facts)) return "above-price-cap";
  if (selling?.stops && isLoss(selling, price, provider.currency, facts)) return "above-selling-price";
  if (refused?.has(provider.id)) return "refused";
  if (tried.includes(provider.id)) return "already-tried";
  if (provider.use !== "normal") return "out-of-use";
  if (health?.open) return "circuit-open";
  return health !== undefined && health.backlogSeconds > limit ? "backlog-too-long" : undefined;
}

/** When backlog is all that speaks against anybody, the shortest one is still better than not sending. */
function leastBacklog(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.verdict !== "backlog-too-long") continue;
    if (best === undefined || candidate.health!.backlogSeconds < best.health!.backlogSeconds) best = candidate;
  }
  return best;
}

function accept(
  chosen: Candidate,
  route: string,
  reason: Extract<Choice, { ok: true }>["reason"],
  candidates: Candidate[],
  { from }: MessageFacts,
  terms: ChoiceTerms,
): Choice {
  chosen.verdict = "chosen";
  const { provider } = chosen.member;
  const { onDelivery, tariff } = chosen;
  const sender = senderAt(provider, from, terms.sender);
  return { ok: true, provider, sender, price: chosen.price!, onDelivery, tariff, route, reason, candidates, terms };
}
