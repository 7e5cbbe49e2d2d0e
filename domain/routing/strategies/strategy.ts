import type { DeliverySettings } from "../../catalog/delivery-settings.ts";
import type { RouteStrategy } from "../../catalog/route.ts";
import type { Candidate } from "../candidate.ts";
import type { DeliveryView } from "../delivery-view.ts";
import type { MessageFacts } from "../message-facts.ts";

/** What a strategy knows beside the candidates. */
export interface View {
  /** Its id. */
  readonly route: string;
  readonly facts: MessageFacts;
  /** How far ahead a provider's room is looked at, in seconds: no further than messages of the lane may wait. */
  readonly aheadSeconds: number;
  /** What is known of deliveries, */
  readonly deliveries: DeliveryView;
  /** and what the route makes of it. */
  readonly settings: DeliverySettings;
}

/** How a route chooses among the usable providers of one tier. */
export interface Strategy {
  readonly name: RouteStrategy;
  /** What a candidate's score is, for people. */
  readonly score: string;
  /** Whether providers have tiers, and in which one a provider is that names none, by its place in the list. */
  readonly tierOf?: (place: number) => number;
  /**
   * The candidate to take. `usable`: at least one, of one tier, whose verdict is "not-drawn" so far. Scores all of them, and
   * says of those that lose for another reason what it is.
   *
   * @param random uniform in [0, 1); asked only where chance decides.
   */
  readonly rank: (usable: readonly Candidate[], view: View, random: () => number) => Candidate;
}
