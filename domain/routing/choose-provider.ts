import type { Micros } from "../catalog/money.ts";
import { priceOf } from "../catalog/price-list.ts";
import type { Provider } from "../catalog/provider.ts";
import { carriesSender } from "../catalog/sender-rules.ts";
import type { Lane } from "../message/lane.ts";
import { findRoute, type MessageFacts, type RouteCandidate, type RouteTable } from "./route-table.ts";

/** What is known of a provider at this moment. */
export interface ProviderHealth {
  /** Its circuit is open: nothing is sent there. */
  open: boolean;
  /** How long its waiting segments will take at its rate. */
  backlogSeconds: number;
}

/** Why a candidate was or was not taken. */
export type Verdict =
  | "chosen"
  | "already-tried"
  | "refused"
  | "circuit-open"
  | "lane-not-carried"
  | "destination-not-served"
  | "sender-not-carried"
  | "backlog-too-long"
  | "lower-priority"
  | "not-drawn";

export interface CandidateVerdict {
  provider: string;
  verdict: Verdict;
}

export interface ChoiceInput {
  facts: MessageFacts;
  /** Ids of providers that this message was already handed to. */
  tried: readonly string[];
  /** Those that have refused it for good. */
  refused?: ReadonlyMap<string, unknown>;
  /** Health by provider id; undefined (nothing heard yet) counts as well. */
  health: (provider: string) => ProviderHealth | undefined;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Longest backlog, in seconds, at which a provider is taken while another could be. */
  backlogLimit?: Readonly<Record<Lane, number>>;
}

export type Choice =
  | {
      ok: true;
      provider: Provider;
      /** Micro-units of the provider's currency for one segment. */
      price: Micros;
      route: string;
      /** `failover`: the tiers before had nobody; `least-backlog`: everybody had too much. */
      reason: "priority" | "weighted" | "failover" | "least-backlog";
      candidates: CandidateVerdict[];
    }
  | {
      ok: false;
      route: string | undefined;
      /** `circuits-open` may pass; the others need another configuration, or a message that may go to one provider twice. */
      reason: "no-route" | "circuits-open" | "no-provider-left";
      candidates: CandidateVerdict[];
    };

/** An otp is of no use after seconds; marketing waits for the price. */
export const defaultBacklogLimit: Readonly<Record<Lane, number>> = { otp: 5, transactional: 60, marketing: 3_600 };

/**
 * Chooses a provider by the first route whose conditions hold, with a verdict on each candidate of that route, in tier
 * order. Later routes are not asked: a route also says where a message must not go.
 */
export function chooseProvider(table: RouteTable, input: ChoiceInput): Choice {
  const route = findRoute(table, input.facts);
  if (route === undefined) return { ok: false, route: undefined, reason: "no-route", candidates: [] };
  const limit = (input.backlogLimit ?? defaultBacklogLimit)[input.facts.lane];
  const candidates: CandidateVerdict[] = [];
  let chosen: RouteCandidate | undefined;
  let chosenTier = 0;
  for (let tier = 0; tier < route.tiers.length; tier++) {
    const members = route.tiers[tier] as readonly RouteCandidate[];
    const first = candidates.length;
    for (const { provider } of members) {
      const refused = refuse(provider, input, limit);
      const verdict = refused ?? (chosen === undefined ? "not-drawn" : "lower-priority");
      candidates.push({ provider: provider.id, verdict });
    }
    if (chosen !== undefined) continue;
    const index = draw(members, candidates, first, input.random);
    if (index < 0) continue;
    chosen = members[index] as RouteCandidate;
    chosenTier = tier;
    (candidates[first + index] as CandidateVerdict).verdict = "chosen";
  }
  if (chosen !== undefined) {
    const reason = route.strategy === "weighted" ? "weighted" : chosenTier === 0 ? "priority" : "failover";
    return accept(chosen.provider, route.id, reason, candidates, input.facts);
  }
  const shortest = leastBacklog(route.tiers.flat(), candidates, input);
  if (shortest !== undefined) return accept(shortest, route.id, "least-backlog", candidates, input.facts);
  const mayPass = candidates.some(({ verdict }) => verdict === "circuit-open");
  return { ok: false, route: route.id, reason: mayPass ? "circuits-open" : "no-provider-left", candidates };
}

function refuse(provider: Provider, input: ChoiceInput, backlogLimit: number): Verdict | undefined {
  const { facts } = input;
  if (!provider.lanes.includes(facts.lane)) return "lane-not-carried";
  if (priceOf(provider, facts.country, facts.mccMnc) === undefined) return "destination-not-served";
  if (!carriesSender(provider, facts.from)) return "sender-not-carried";
  if (input.refused?.has(provider.id)) return "refused";
  if (input.tried.includes(provider.id)) return "already-tried";
  const health = input.health(provider.id);
  if (health?.open) return "circuit-open";
  return health !== undefined && health.backlogSeconds > backlogLimit ? "backlog-too-long" : undefined;
}

/** Draws by weight among the members of a tier that nothing speaks against ("not-drawn" so far); -1 if there is none. */
function draw(
  members: readonly RouteCandidate[],
  candidates: readonly CandidateVerdict[],
  first: number,
  random: () => number,
): number {
  let total = 0;
  let last = -1;
  let usable = 0;
  for (let i = 0; i < members.length; i++) {
    if (candidates[first + i]?.verdict !== "not-drawn") continue;
    total += (members[i] as RouteCandidate).weight;
    last = i;
    usable++;
  }
  if (usable <= 1) return last;
  let point = random() * total;
  for (let i = 0; i < last; i++) {
    if (candidates[first + i]?.verdict !== "not-drawn") continue;
    point -= (members[i] as RouteCandidate).weight;
    if (point < 0) return i;
  }
  return last;
}

/** When backlog is all that speaks against anybody, the shortest one is still better than not sending. */
function leastBacklog(
  members: readonly RouteCandidate[],
  candidates: readonly CandidateVerdict[],
  input: ChoiceInput,
): Provider | undefined {
  let best: { provider: Provider; verdict: CandidateVerdict; seconds: number } | undefined;
  for (const [index, { provider }] of members.entries()) {
    const verdict = candidates[index] as CandidateVerdict;
    if (verdict.verdict !== "backlog-too-long") continue;
    const seconds = input.health(provider.id)?.backlogSeconds ?? 0;
    if (best === undefined || seconds < best.seconds) best = { provider, verdict, seconds };
  }
  if (best !== undefined) best.verdict.verdict = "chosen";
  return best?.provider;
}

function accept(
  provider: Provider,
  route: string,
  reason: Extract<Choice, { ok: true }>["reason"],
  candidates: CandidateVerdict[],
  facts: MessageFacts,
): Choice {
  const price = priceOf(provider, facts.country, facts.mccMnc) as Micros;
  return { ok: true, provider, price, route, reason, candidates };
}
