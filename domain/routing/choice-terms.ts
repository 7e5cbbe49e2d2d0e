import type { Provider } from "../catalog/provider.ts";
import { carriesSender, type SenderFit, senderFit } from "../catalog/sender-rules.ts";
import { limitText, type PriceLimit, priceLimitOf } from "./account-price-cap.ts";
import type { Candidate, Verdict } from "./candidate.ts";
import type { CapTable, CountOf, FullCap } from "./cap-table.ts";
import { isLoss, type Selling, sellingOf, sellingText } from "./loss-stop.ts";
import type { MessageFacts } from "./message-facts.ts";
import type { RouteTable } from "./route-table.ts";
import type { SenderJudgement, SenderOption } from "./sender-table.ts";

/** What the catalog's rules, beside its routes, ask of whoever takes a message. */
export interface ChoiceTerms {
  /** What it may cost; undefined: whatever it costs. */
  readonly priceLimit: PriceLimit | undefined;
  /** What its account pays for it; undefined where nothing is compared with that. */
  readonly selling: Selling | undefined;
  /** Undefined where no rule judges its sender. */
  readonly sender: SenderJudgement | undefined;
  /** A cap that leaves no room for it, whoever would take it. */
  readonly capped: FullCap | undefined;
  /** A cap for which one of the senders that it may go out from was left out. */
  readonly passed: FullCap | undefined;
}

const NO_TERMS: ChoiceTerms = {
  priceLimit: undefined,
  selling: undefined,
  sender: undefined,
  capped: undefined,
  passed: undefined,
};

/** `counts`: what the caps have counted; undefined: they do not hold the message back. */
export function termsOf(
  { priceCaps, selling: tables, senders, caps }: RouteTable,
  facts: MessageFacts,
  counts: CountOf | undefined,
): ChoiceTerms {
  const priceLimit = priceCaps && priceLimitOf(priceCaps, facts);
  const selling = tables && sellingOf(tables, facts);
  const sender = senders?.judge(facts);
  if (caps !== undefined && counts !== undefined)
    return { priceLimit, selling, ...withinCaps(caps, facts, sender, counts) };
  if (priceLimit === undefined && selling === undefined && sender === undefined) return NO_TERMS;
  return { ...NO_TERMS, priceLimit, selling, sender };
}

/** Of the senders that a message may go out from those that have room, if the campaign has. */
function withinCaps(
  caps: CapTable,
  facts: MessageFacts,
  sender: SenderJudgement | undefined,
  counts: CountOf,
): Omit<ChoiceTerms, "priceLimit" | "selling"> {
  const capped = caps.fullCampaign(facts, counts);
  const own: SenderOption[] = facts.from === undefined ? [] : [{ sender: facts.from, providers: undefined }];
  const options = sender === undefined ? own : sender.ok ? sender.options : [];
  if (capped !== undefined || options.length === 0) return { sender, capped, passed: undefined };
  const kept: SenderOption[] = [];
  let passed: FullCap | undefined;
  for (const option of options) {
    const full = caps.fullSender(facts, option.sender, counts);
    if (full === undefined) kept.push(option);
    else if (kept.length === 0 && full.reaction !== "next") return { sender, capped: full, passed: undefined };
    else passed ??= full;
  }
  if (kept.length === 0) return { sender, capped: passed, passed: undefined };
  return { sender: sender?.ok ? { ...sender, options: kept } : sender, capped: undefined, passed };
}

/** Why a provider cannot have a message for its sender; undefined: it can. `fit`: of the sender as it was requested. */
export function senderVerdict(
  provider: Provider,
  fit: SenderFit,
  judged: SenderJudgement | undefined,
): Verdict | undefined {
  if (judged === undefined) return carriesSender(provider, fit) ? undefined : "sender-not-carried";
  if (!judged.ok) return "sender-not-allowed";
  if (optionAt(provider, judged.options) !== undefined) return undefined;
  return judged.options.some((option) => isRegistered(option, provider))
    ? "sender-not-carried"
    : "sender-not-registered";
}

/** Who a message goes out from at a provider that can have it. */
export function senderAt(
  provider: Provider,
  from: string | undefined,
  judged: SenderJudgement | undefined,
): string | undefined {
  return judged?.ok ? optionAt(provider, judged.options)?.sender : from;
}

/** The first that is registered and carried there. */
function optionAt(provider: Provider, options: readonly SenderOption[]): SenderOption | undefined {
  return options.find((option) => isRegistered(option, provider) && carriesSender(provider, senderFit(option.sender)));
}

function isRegistered({ providers }: SenderOption, { id }: Provider): boolean {
  return providers === undefined || providers.has(id);
}

/** What these terms had to do with a choice, for people; null: nothing. `sender`: who it goes out from. */
export function rulesText(
  terms: ChoiceTerms,
  candidates: readonly Candidate[],
  facts: Pick<MessageFacts, "from" | "segments">,
  sender: string | undefined,
): string | null {
  // As for nearly every message.
  if (terms === NO_TERMS) return null;
  const { priceLimit, selling, sender: judged, passed } = terms;
  const left = (verdict: Verdict) =>
    candidates.filter((one) => one.verdict === verdict).map(({ provider }) => provider);
  const parts: string[] = [];
  if (judged !== undefined) {
    const unregistered = left("sender-not-registered");
    if (sender !== facts.from) parts.push(`sender rule ${judged.rule}: goes out as ${sender}`);
    if (unregistered.length > 0) parts.push(`sender rule ${judged.rule}: not registered at ${unregistered.join(", ")}`);
  }
  if (passed !== undefined) parts.push(`${passed.reason}, left out`);
  const dear = priceLimit === undefined ? [] : left("above-price-cap");
  if (priceLimit !== undefined && dear.length > 0)
    parts.push(`price cap ${limitText(priceLimit)}: left out ${dear.join(", ")}`);
  const lossy = selling === undefined ? [] : left("above-selling-price");
  if (selling !== undefined && lossy.length > 0)
    parts.push(`loss stop, ${sellingText(selling)}: left out ${lossy.join(", ")}`);
  const chosen = selling?.stops === false ? candidates.find((one) => one.verdict === "chosen") : undefined;
  if (selling !== undefined && chosen?.price !== undefined && isLoss(selling, chosen.price, chosen.currency, facts))
    parts.push(`sold at a loss at ${chosen.provider}: ${sellingText(selling)}`);
  return parts.length === 0 ? null : parts.join("; ");
}
