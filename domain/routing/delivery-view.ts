import type { Lane } from "../message/lane.ts";
import type { ConversionEstimates, WayConversions } from "../quality/conversion-estimates.ts";
import { type DeliveryEstimate, NOTHING_SEEN } from "../quality/delivery-node.ts";

/** What a decision may know of deliveries, and may spend to learn more. */
export interface DeliveryView {
  /** `network`: undefined when it is not known. */
  of(provider: string, country: string, network: string | undefined, lane: Lane): DeliveryEstimate;
  /** What applications tell of it; undefined, and where this is missing: nothing. */
  converts?(provider: string, country: string, network: string | undefined, lane: Lane): WayConversions | undefined;
  /**
   * Spends money on exploring, if the route may still.
   *
   * @param cost what it costs beyond the best choice that is known, in units of the currency of comparison
   * @param perHour what the route may spend on it in an hour, in the same units
   * @param at epoch ms
   */
  spend(route: string, cost: number, perHour: number, at: number): boolean;
}

/** What receipts say, and what applications tell. */
export function withConversions(delivery: DeliveryView, conversions: Pick<ConversionEstimates, "of">): DeliveryView {
  return {
    of: (provider, country, network, lane) => delivery.of(provider, country, network, lane),
    converts: (provider, country, network, lane) => conversions.of(provider, country, network, lane),
    spend: (route, cost, perHour, at) => delivery.spend(route, cost, perHour, at),
  };
}

/** Where nothing is known of deliveries, all providers are taken to deliver alike, and nothing is explored. */
export const NO_DELIVERIES: DeliveryView = { of: () => NOTHING_SEEN, spend: () => false };
