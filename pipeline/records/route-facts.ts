import type { MessageFacts as RouteFacts } from "../../domain/routing/message-facts.ts";
import type { MessageFacts } from "../../schemas/generated/types.ts";

/** What routing looks at in a message. `at`: when it is decided, epoch ms. */
export function routeFacts(facts: MessageFacts, at: number): RouteFacts {
  const { to, country, network, accountId, lane, from, metadata, segments } = facts;
  return {
    destination: to,
    country,
    mccMnc: network ?? undefined,
    account: accountId,
    lane,
    from: from ?? undefined,
    labels: metadata,
    segments,
    at,
  };
}
