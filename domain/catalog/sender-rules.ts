import { senderKind } from "../message/sender-id.ts";
import type { MessageFacts } from "../routing/message-facts.ts";
import { findRoute, type RouteTable } from "../routing/route-table.ts";
import { priceOf } from "./price-list.ts";
import type { Provider } from "./provider.ts";

/** Names that the Twilio contract takes: at least one letter, and of other characters only these. */
const TWILIO_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}$/;

/**
 * Whether messages from this sender can go through the provider. SMPP carries any sender that is one at all (source_addr is
 * ASCII: SMPP 3.4, 5.2.8), the Twilio contract fewer names.
 */
export function carriesSender(provider: Provider, from: string | undefined): boolean {
  // The provider's own sender stands in.
  if (from === undefined) return true;
  const kind = senderKind(from);
  return kind === "alphanumeric" && provider.kind !== "smpp" ? TWILIO_NAME.test(from) : kind !== undefined;
}

/**
 * Whether a provider of the message's route carries its sender, among those that carry its lane and serve its destination. True also
 * where there are none: then the sender is not what is wrong.
 */
export function senderHasProvider(table: RouteTable, facts: MessageFacts): boolean {
  const route = findRoute(table, facts);
  let others = false;
  for (const { provider } of route?.members ?? []) {
    if (!provider.lanes.includes(facts.lane) || priceOf(provider, facts) === undefined) continue;
    if (carriesSender(provider, facts.from)) return true;
    others = true;
  }
  return !others;
}
