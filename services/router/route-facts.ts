import type { MessageFacts as RouteFacts } from "../../domain/routing/route-table.ts";
import type { MessageFacts } from "../../schemas/generated/types.ts";

/** What routing looks at in a message. */
export function routeFacts({ to, country, network, accountId, lane, from }: MessageFacts): RouteFacts {
  return {
    destination: to,
    country,
    mccMnc: network ?? undefined,
    account: accountId,
    lane,
    from: from ?? undefined,
  };
}
