import type { Lane } from "../message/lane.ts";
import { type DeliveryEstimate, NOTHING_SEEN } from "../quality/delivery-node.ts";

/** What a decision may know of deliveries, and may spend to learn more. */
export interface DeliveryView {
  /** `network`: undefined when it is not known. */
  of(provider: string, country: string, network: string | undefined, lane: Lane): DeliveryEstimate;
  /**
   * Spends money on exploring, if the route may still.
   *
   * @param cost what it costs beyond the best choice that is known, in units of the currency of comparison
   * @param perHour what the route may spend on it in an hour, in the same units
   * @param at epoch ms
   */
  spend(route: string, cost: number, perHour: number, at: number): boolean;
}

/** Where nothing is known of deliveries, all providers are taken to deliver alike, and nothing is explored. */
export const NO_DELIVERIES: DeliveryView = { of: () => NOTHING_SEEN, spend: () => false };
