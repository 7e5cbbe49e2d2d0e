import type { Account } from "../catalog/account.ts";
import type { Budget } from "../catalog/budget.ts";
import { isAskedFor } from "../catalog/lookup.ts";
import { formatMoney } from "../catalog/money.ts";
import { pricedStrategies, type Route } from "../catalog/route.ts";
import type { Snapshot } from "../catalog/snapshot.ts";
import type { ValidRequest } from "../message/validation.ts";
import { networkName } from "../numbers/network.ts";
import type { NetworkSource, Ported } from "../portability/known-networks.ts";
import { networkCountries } from "../portability/network-dependence.ts";
import type { WayConversions } from "../quality/conversion-estimates.ts";
import { type DeliveryEstimate, NOTHING_SEEN } from "../quality/delivery-node.ts";
import { pooledPosterior, posteriorMean } from "../quality/delivery-posterior.ts";
import { type Ucs2Cause, ucs2Cause } from "../text/fewer-segments.ts";
import { limitText } from "./account-price-cap.ts";
import type { Candidate, ProviderHealth } from "./candidate.ts";
import { type Choice, chooseProvider } from "./choose-provider.ts";
import { type DeliveryView, NO_DELIVERIES } from "./delivery-view.ts";
import { type ExplainedHold, holdsOn, type KnownRecipient } from "./explain-holds.ts";
import { type HeldCondition, heldConditions } from "./held-conditions.ts";
import { sellingText } from "./loss-stop.ts";
import { factsOf, type MessageFacts } from "./message-facts.ts";
import type { RouteTable } from "./route-table.ts";
import type { SenderJudgement } from "./sender-table.ts";
import { strategies } from "./strategies/strategies.ts";

/** What would become of a message: the shape of `sluice explain --json` and of `POST /v1/routes/explain`. */
export interface Explanation {
  /** E.164 with the plus. */
  readonly to: string;
  readonly country: string;
  /** Null where it is not known. */
  readonly network: ExplainedNetwork | null;
  readonly account: string | null;
  readonly lane: string;
  readonly from: string | null;
  readonly encoding: string;
  readonly segments: number;
  /** Segments that `transliterate` saved. */
  readonly segmentsSaved: number;
  /** Why it takes UCS-2; null in the GSM alphabet. */
  readonly ucs2: Ucs2Cause | null;
  /** When it is decided, ISO 8601: its time, where it has one; where it waits otherwise, what would be now. */
  readonly at: string;
  /** The version of the catalog that decides; 0: files. */
  readonly catalogVersion: number;
  /** What the router would have it wait for, or end it by, before it decides; a provider is named all the same. */
  readonly holds: readonly ExplainedHold[];
  /** Null when no route holds. */
  readonly route: ExplainedRoute | null;
  /** Null when none can take it; `reason` then says why. */
  readonly provider: string | null;
  /** The sender that goes out at that provider in place of `from`, by the catalog's sender rules; null: none does. */
  readonly sentAs: string | null;
  /** As on the event `routed`, or as the error code of the one that says that there is none. */
  readonly reason: Choice["reason"];
  /** The providers of the route, in the order in which they are asked. */
  readonly candidates: readonly ExplainedCandidate[];
  /** All other providers, and why they are not candidates. */
  readonly others: readonly OtherProvider[];
  /** What else somebody should know who wonders at it. */
  readonly notes: readonly string[];
}

export interface ExplainedNetwork {
  readonly mccMnc: string;
  /** Empty where the table of networks has none. */
  readonly name: string;
  /** How it is known: by the number's prefix, or as on events. */
  readonly source: "prefix" | NetworkSource;
}

export interface ExplainedRoute {
  readonly id: string;
  /** Its place among the routes, from 1. */
  readonly place: number;
  readonly strategy: string;
  /** What the candidates' scores are. */
  readonly score: string;
  readonly conditions: readonly HeldCondition[];
}

export interface ExplainedCandidate {
  readonly provider: string;
  /** Why it was taken or not. */
  readonly verdict: string;
  /** Of a segment, decimal text; null: the destination is not served. */
  readonly price: string | null;
  readonly currency: string;
  /** When the price is owed: for what is submitted, or only for what is delivered. */
  readonly charged: "submit" | "delivery";
  readonly weight: number;
  /** Null where it was not ranked, since it cannot or another one goes before. */
  readonly score: number | null;
  /** Null when nothing was ever heard of its senders: it counts as well. */
  readonly health: ExplainedHealth | null;
  /** Null when no receipts have told of it yet: it is taken to deliver as others do. */
  readonly delivery: ExplainedDelivery | null;
  /** Null when applications have told of none of its messages in the lane. */
  readonly conversion: ExplainedConversion | null;
}

/** How a provider's messages convert in the message's network and lane, as applications say. */
export interface ExplainedConversion {
  /** That a message converts: what routes with `measure: conversions` reckon with. */
  readonly probability: number;
  /** Messages that were told of there, as they count now: each the less the longer ago, and at most 200. */
  readonly told: number;
  /** Its receipts say that it delivers, and far fewer convert than of the others' messages there. */
  readonly suspect: boolean;
}

/** How a provider delivers in the message's network and lane, as receipts say. */
export interface ExplainedDelivery {
  /** That a message is delivered. */
  readonly probability: number;
  /** Time from submission to delivery that 95 of 100 have at the most, ms; null while too little is known. */
  readonly p95Ms: number | null;
  /** Share of its traffic that routes by delivery give it: less than 1 since its receipts collapsed. */
  readonly share: number;
}

/** How a provider is, as its senders say. */
export interface ExplainedHealth extends ProviderHealth {
  /** `silent` when nothing was heard of them lately: nothing new is given to it. */
  readonly circuit: "closed" | "half-open" | "open" | "silent";
  /** Why it is not closed. */
  readonly reason: string | null;
  readonly segmentsThisMonth: number;
  readonly spentThisMonth: number;
  readonly monthEnd: number;
}

export interface OtherProvider {
  readonly provider: string;
  /** `removed`: the catalog has it no more, and what it still has goes to others. */
  readonly verdict: "not-in-route" | "removed";
}

export interface ExplainInput {
  readonly request: ValidRequest;
  readonly account: string | undefined;
  /** When it is handed in, epoch ms. */
  readonly at: number;
  /** Without it nothing is known of them. */
  readonly recipient?: KnownRecipient | undefined;
  readonly health: (provider: string) => ExplainedHealth | undefined;
  /** Where the number is known to be ported to; without it the network of its prefix counts. */
  readonly ported?: Ported | undefined;
  /** What receipts and applications say; without it nothing is known of deliveries. */
  readonly delivery?: Pick<DeliveryView, "of" | "converts"> | undefined;
}

/** Where chance decides, explanations show the middle of the draw, so that the same question has the same answer. */
const MIDDLE = 0.5;

/** Decides as the router does, with all that it looks at. */
export function explain(snapshot: Snapshot, input: ExplainInput): Explanation {
  const { request, account, health, ported } = input;
  const at = Math.max(input.at, request.sendAt ?? input.at);
  const { holds, notes } = holdsOn(snapshot, { request, account, at: input.at, recipient: input.recipient ?? {} });
  const from = request.from ?? snapshot.accounts.get(account ?? "")?.from;
  const found = factsOf({ ...request, from }, account ?? "", at);
  const facts = ported === undefined ? found : { ...found, mccMnc: ported.mccMnc };
  const estimate = (provider: string) =>
    (input.delivery ?? NO_DELIVERIES).of(provider, facts.country, facts.mccMnc, facts.lane);
  const converts = (provider: string) => input.delivery?.converts?.(provider, facts.country, facts.mccMnc, facts.lane);
  // A question is no message: it tries nobody, and explores nothing.
  const of = (provider: string) => ({ ...estimate(provider), mayTry: () => false });
  const delivery = { of, converts, spend: () => false };
  const choice = chooseProvider(snapshot.routes, { facts, tried: [], health, delivery, random: () => MIDDLE });
  return {
    to: `+${request.destination}`,
    country: request.country,
    network: explainNetwork(facts.mccMnc, ported?.source ?? "prefix"),
    account: account ?? null,
    lane: request.lane,
    from: from ?? null,
    encoding: request.encoding,
    segments: request.segments,
    segmentsSaved: request.segmentsSaved,
    ucs2: ucs2Cause(request.text) ?? null,
    at: new Date(at).toISOString(),
    catalogVersion: snapshot.version,
    holds,
    route: explainRoute(snapshot, choice, facts),
    provider: choice.ok ? choice.provider.id : null,
    sentAs: choice.ok && choice.sender !== from ? (choice.sender ?? null) : null,
    reason: choice.reason,
    candidates: choice.candidates.map((candidate) =>
      explainCandidate(
        candidate,
        health(candidate.provider),
        estimate(candidate.provider),
        converts(candidate.provider),
      ),
    ),
    others: othersThan(choice, snapshot),
    notes: [
      ...notes,
      ...notesOn(snapshot, account, facts, choice),
      ...(ported === undefined ? lookupNote(snapshot, facts) : []),
    ],
  };
}

function explainNetwork(mccMnc: string | undefined, source: ExplainedNetwork["source"]): ExplainedNetwork | null {
  return mccMnc === undefined ? null : { mccMnc, name: networkName(mccMnc), source };
}

/** An explanation asks no look-up: that costs money. */
function lookupNote({ catalog }: Snapshot, { country, lane }: MessageFacts): string[] {
  const lookup = catalog.portability?.lookups.find((one) => isAskedFor(one, country, lane));
  if (lookup === undefined || !networkCountries(catalog).has(country)) return [];
  return [
    `the router asks look-up ${lookup.id} for the network of this number: with another one another route or price may hold`,
  ];
}

function explainRoute({ catalog }: Snapshot, choice: Choice, facts: MessageFacts): ExplainedRoute | null {
  const place = catalog.routes.findIndex(({ id }) => id === choice.route);
  const route = catalog.routes[place];
  if (route === undefined) return null;
  return {
    id: route.id,
    place: place + 1,
    strategy: route.strategy,
    score: strategies[route.strategy].score,
    conditions: heldConditions(route.when, facts, catalog.regions),
  };
}

function explainCandidate(
  { provider, verdict, price, onDelivery, currency, member, score }: Candidate,
  health: ExplainedHealth | undefined,
  estimate: DeliveryEstimate,
  conversions: WayConversions | undefined,
): ExplainedCandidate {
  return {
    provider,
    verdict,
    price: price === undefined ? null : formatMoney(price),
    currency,
    charged: onDelivery ? "delivery" : "submit",
    weight: member.weight,
    score: score ?? null,
    health: health ?? null,
    delivery: explainDelivery(estimate),
    conversion: conversions === undefined ? null : explainConversion(conversions, estimate),
  };
}

function explainDelivery(estimate: DeliveryEstimate): ExplainedDelivery | null {
  if (estimate === NOTHING_SEEN) return null;
  const { delivery, p95Ms, share } = estimate;
  return { probability: delivery, p95Ms: p95Ms ?? null, share };
}

function explainConversion({ levels, told, suspect }: WayConversions, estimate: DeliveryEstimate): ExplainedConversion {
  return { probability: posteriorMean(pooledPosterior(levels, estimate)), told: Math.round(10 * told) / 10, suspect };
}

function othersThan({ candidates }: Choice, { known, providers }: Snapshot): OtherProvider[] {
  const asked = new Set(candidates.map(({ provider }) => provider));
  return [...known.keys()].flatMap((provider): OtherProvider[] => {
    if (asked.has(provider)) return [];
    return [{ provider, verdict: providers.has(provider) ? "not-in-route" : "removed" }];
  });
}

function notesOn(
  { accounts, catalog, routes }: Snapshot,
  account: string | undefined,
  facts: MessageFacts,
  { route: chosen, candidates, terms: { priceLimit, selling, sender } }: Choice,
): string[] {
  const lanes = account === undefined ? undefined : accounts.get(account)?.lanes;
  const route = catalog.routes.find(({ id }) => id === chosen);
  const first = routes.index.find(facts);
  const before = first === undefined ? undefined : routes.ids[first];
  return [
    ...(lanes === undefined || lanes.includes(facts.lane)
      ? []
      : [`account ${account} may not use lane ${facts.lane} over HTTP: it has ${lanes.join(", ")}`]),
    ...(account === undefined && catalog.routes.some(({ when }) => when.accounts !== undefined)
      ? ["no account is named: routes for single accounts are left out"]
      : []),
    ...(before === chosen ? [] : [`route ${before} holds before it, with a shorter prefix: the longest decides`]),
    ...(sender === undefined ? [] : [`sender rule ${sender.rule} holds${sender.ok ? "" : `: ${sender.reason}`}`]),
    ...capNotes(routes, facts, sender),
    ...(priceLimit === undefined
      ? []
      : [`account ${account} pays ${limitText(priceLimit)} for a message to ${facts.country} at the most (maxPrice)`]),
    ...(selling === undefined
      ? []
      : [
          `${sellingText(selling)} for the message to ${facts.country}: what costs more is ${selling.stops ? "left out" : "told of"} (sells)`,
        ]),
    ...budgetNote(accounts.get(account ?? "")?.budget),
    ...guardNote(accounts.get(account ?? "")),
    ...currencyNote(route, candidates, catalog.rates),
    ...(candidates.some(({ verdict }) => verdict === "not-drawn")
      ? ["chosen by chance: other messages go to providers that are not-drawn here"]
      : []),
  ];
}

/** What has come lately, only the routers know. */
function guardNote(account: Account | undefined): string[] {
  const { guard, content } = account ?? {};
  const modes = [guard && `guard (${guard.mode})`, content && `content rules (${content.mode})`].filter(Boolean);
  return modes.length === 0
    ? []
    : [`the account's ${modes.join(" and ")} may have something against it: not asked here`];
}

/** What is left, only the routers know. */
function budgetNote(budget: Budget | undefined): string[] {
  if (budget === undefined) return [];
  const { currency, daily, monthly } = budget;
  const bounds = [
    daily === undefined ? [] : [`${formatMoney(daily)} ${currency} a day`],
    monthly === undefined ? [] : [`${formatMoney(monthly)} ${currency} a month`],
  ];
  return [`counts for the account's budget, ${bounds.flat().join(" and ")}: taken to have room here`];
}

function currencyNote(
  route: Route | undefined,
  candidates: readonly Candidate[],
  rates: Snapshot["catalog"]["rates"],
): string[] {
  if (route === undefined || rates === undefined || !pricedStrategies.has(route.strategy)) return [];
  return candidates.some(({ member }) => member.perBase !== 1)
    ? [`prices are compared in ${rates.base}, by the rates of ${rates.date}`]
    : [];
}

/** Which caps count it; whether they have room, only the routers know. */
function capNotes({ caps }: RouteTable, facts: MessageFacts, judged: SenderJudgement | undefined): string[] {
  const senders = judged === undefined ? [facts.from] : judged.ok ? judged.options.map(({ sender }) => sender) : [];
  const ids = new Set(senders.flatMap((sender) => caps?.usesOf(facts, sender).map(({ cap }) => cap.id) ?? []));
  return ids.size === 0 ? [] : [`counted by ${[...ids].join(", ")}: taken to have room here`];
}
