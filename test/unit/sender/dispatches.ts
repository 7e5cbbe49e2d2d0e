import type { Dispatch } from "../../../schemas/generated/types.ts";

/** A dispatch with the given differences. */
export function dispatchOf(
  change: Partial<Omit<Dispatch, "facts">> & { facts?: Partial<Dispatch["facts"]> } = {},
): Dispatch {
  const { facts, ...rest } = change;
  return {
    facts: {
      messageId: "0198c1a2-0000-7000-8000-0000000000a7",
      accountId: "acme",
      lane: "transactional",
      to: "491711234567",
      from: "Sluice",
      country: "DE",
      network: "262-01",
      encoding: "gsm7",
      segments: 1,
      reference: null,
      callbackUrl: null,
      metadata: {},
      acceptedAt: 1_000_000,
      expiresAt: 87_400_000,
      networkSource: null,
      sentAs: null,
      segmentsSaved: 0,
      receiptTo: null,
      ...facts,
    },
    text: "Hello",
    attempt: 1,
    provider: "alpha",
    route: "default",
    price: 7_500,
    currency: "EUR",
    tried: [],
    inDoubt: null,
    spendLeft: null,
    spendCurrency: null,
    charge: null,
    onDelivery: false,
    tariff: null,
    ...rest,
  };
}
