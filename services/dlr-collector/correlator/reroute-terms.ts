import { convert } from "../../../domain/catalog/exchange-rates.ts";
import { copyAllowed } from "../../../domain/catalog/provider.ts";
import { type Reroute, type RerouteRule, rerouteRuleOf } from "../../../domain/catalog/reroute.ts";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import {
  classifyReceiptError,
  type FailedState,
  type ReceiptErrorClass,
  receiptErrorMeanings,
} from "../../../domain/receipts/receipt-errors.ts";
import type { Lane } from "../../../schemas/generated/types.ts";
import type { Convert } from "./spend-left.ts";

/** What the catalog says of sending a message on after its receipt. */
export interface RerouteTerms {
  /** Undefined when there is no such route any more. */
  rule(route: string, lane: Lane): RerouteRule | undefined;
  /** Whether the route has a provider for this lane beside those. */
  hasOthers(route: string, lane: Lane, tried: ReadonlySet<string>): boolean;
  /** What a failed receipt says, and in words where the code is known. */
  classify(
    provider: string,
    state: FailedState,
    code: string | undefined,
  ): { readonly class: ReceiptErrorClass; readonly meaning?: string };
  /** Whether one more submission may go while so many of a message are in doubt, the last one at this provider. */
  copyAllowed(provider: string, lane: Lane, inDoubt: number): boolean;
  readonly convert: Convert;
  /** Whether a provider has prices that are charged on delivery. */
  readonly onDelivery: boolean;
}

/** Worked out once: each submission asks for its own. */
function rulesOf(reroute: Reroute): Readonly<Record<Lane, RerouteRule>> {
  return {
    otp: rerouteRuleOf(reroute, "otp"),
    transactional: rerouteRuleOf(reroute, "transactional"),
    marketing: rerouteRuleOf(reroute, "marketing"),
  };
}

export function rerouteTermsOf({ catalog, providers, known }: Snapshot): RerouteTerms {
  const routes = new Map(catalog.routes.map((route) => [route.id, { ...route, rules: rulesOf(route.reroute) }]));
  const meanings = new Map([...known.values()].map((one) => [one.id, receiptErrorMeanings(one.receiptErrors)]));
  return {
    rule: (route, lane) => routes.get(route)?.rules[lane],
    hasOthers: (route, lane, tried) =>
      routes.get(route)?.providers.some(({ id }) => !tried.has(id) && providers.get(id)?.lanes.includes(lane)) ?? false,
    classify: (provider, state, code) =>
      classifyReceiptError(known.get(provider)?.kind ?? "", state, code, meanings.get(provider)),
    copyAllowed: (provider, lane, inDoubt) => {
      const found = known.get(provider);
      // Of a provider that nobody knows any more a copy may be under way.
      return found === undefined || copyAllowed(found, lane, inDoubt);
    },
    convert: (amount, from, to) => convert(catalog.rates, amount, from, to),
    onDelivery: [...known.values()].some(({ prices }) => prices.tables.some((table) => table.onDelivery)),
  };
}
