import { priceOf } from "../catalog/price-list.ts";
import { senderFit } from "../catalog/sender-rules.ts";
import { senderVerdict } from "./choice-terms.ts";
import type { MessageFacts } from "./message-facts.ts";
import { findRoute, type RouteTable } from "./route-table.ts";

/** Why a message cannot go from its sender, whatever happens: as a code, and in words. */
export interface SenderFault {
  readonly code: "sender-not-allowed" | "sender-invalid";
  /** For people; does not repeat the sender. */
  readonly reason: string;
}

/**
 * What is wrong with the sender of a message: its destination's rule does not allow it, or none of its route's providers carries it or has it
 * registered, among those that carry its lane and serve its destination. Undefined when nothing is, also where there are no such providers:
 * then the sender is not what is wrong.
 */
export function senderFault(table: RouteTable, facts: MessageFacts): SenderFault | undefined {
  const judged = table.senders?.judge(facts);
  if (judged?.ok === false) return { code: "sender-not-allowed", reason: judged.reason };
  const fit = senderFit(facts.from);
  let fault: SenderFault | undefined;
  const route = findRoute(table, facts);
  if (route === undefined) return undefined;
  for (const { provider } of table.kinds[table.kindOf[route]!]!.members) {
    if (!provider.lanes.includes(facts.lane) || priceOf(provider, facts) === undefined) continue;
    const verdict = senderVerdict(provider, fit, judged);
    if (verdict === undefined) return undefined;
    if (verdict === "sender-not-carried") fault = NOT_CARRIED;
    else
      fault ??= {
        code: "sender-not-allowed",
        reason: `no provider for this destination has this sender registered in ${facts.country} (sender rule ${judged?.rule})`,
      };
  }
  return fault;
}

const NOT_CARRIED: SenderFault = {
  code: "sender-invalid",
  reason: "no provider for this destination carries this sender, letters and digits are",
};
