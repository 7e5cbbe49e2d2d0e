import type { RerouteRule } from "../../../domain/catalog/reroute.ts";
import { classifyReceiptError } from "../../../domain/receipts/receipt-errors.ts";
import type { RerouteTerms } from "../../../services/dlr-collector/correlator/reroute-terms.ts";

/** A catalog without routes: nothing is sent on. */
export const NO_ROUTES: RerouteTerms = {
  rule: () => undefined,
  hasOthers: () => false,
  classify: (_, state, code) => classifyReceiptError("smpp", state, code),
  onDelivery: true,
  copyAllowed: (_, lane, inDoubt) => lane !== "marketing" && inDoubt < 2,
  convert: (amount, from, to) => (from === to ? amount : undefined),
};

/** One route, `default`, with these providers and this rule for every lane. */
export function oneRoute(providers: readonly string[], rule: Partial<RerouteRule> = {}): RerouteTerms {
  const whole = { on: ["route" as const], attempts: 3, receiptAfterMs: undefined, maxSpend: undefined, ...rule };
  return {
    ...NO_ROUTES,
    rule: (route) => (route === "default" ? whole : undefined),
    hasOthers: (_, __, tried) => providers.some((id) => !tried.has(id)),
  };
}
