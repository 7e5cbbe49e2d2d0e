import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import type { ProviderHealth as HealthOfProvider } from "../../domain/routing/candidate.ts";
import type { CountOf } from "../../domain/routing/cap-table.ts";
import { type Choice, chooseProvider } from "../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import { routeFacts } from "../../pipeline/records/route-facts.ts";
import type { Lane, MessageFacts } from "../../schemas/generated/types.ts";
import type { RoutedHealth } from "./led-health.ts";
import type { Prospect } from "./waiting.ts";

/**
 * Seconds of work that messages which had waited may make for a provider: as senders tell of themselves every second, it never
 * runs dry, and what it takes on before it may go down again is little.
 */
const AHEAD_SECONDS = 2;
const LIMIT: Readonly<Record<Lane, number>> = {
  otp: AHEAD_SECONDS,
  transactional: AHEAD_SECONDS,
  marketing: AHEAD_SECONDS,
};

export interface ReturningTrafficOptions {
  readonly snapshot: () => Snapshot;
  readonly health: Pick<RoutedHealth, "state">;
  readonly delivery: DeliveryView;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly random: () => number;
}

/** A message that waits for providers. */
export interface Waiter {
  readonly facts: MessageFacts;
  /** Ids of providers that it does not wait for: they are asked again when it is due. */
  readonly tried: readonly string[];
  /** Those that must not get it. */
  readonly refused: ReadonlyMap<string, unknown>;
  readonly counts?: CountOf | undefined;
}

interface Reserved {
  readonly provider: string;
  readonly segments: number;
}

/** Where messages can go that waited for a provider: only to one that works again, and not more than it can take soon. */
export class ReturningTraffic {
  private readonly options: ReturningTrafficOptions;
  /** What was let go and is not given to its provider yet, by the record's place. */
  private readonly reserved = new Map<string, Reserved>();
  private readonly delivery: DeliveryView;

  constructor(options: ReturningTrafficOptions) {
    this.options = options;
    const { delivery } = options;
    // Asked before it is decided: nothing is spent on exploring here, and nobody is tried who was left.
    this.delivery = { of: (...place) => ({ ...delivery.of(...place), mayTry: () => false }), spend: () => false };
  }

  /** `go` reserves the room until the place is released. */
  prospect(place: string, waiter: Waiter): Prospect {
    const choice = this.choose(waiter);
    if (!choice.ok) return "none";
    // Nobody has room, and it would take the one that has the least to do.
    if (choice.reason === "least-backlog") return "enough";
    this.reserved.set(place, { provider: choice.provider.id, segments: waiter.facts.segments });
    return "go";
  }

  /** The record at this place is being processed, whatever comes of it. */
  release(place: string): void {
    this.reserved.delete(place);
  }

  /** The provider for a message that comes before its time. */
  choose({ facts, tried, refused, counts }: Waiter): Choice {
    const now = this.options.monotonic();
    return chooseProvider(this.options.snapshot().routes, {
      facts: routeFacts(facts, this.options.now()),
      tried,
      refused,
      health: (id) => this.stateOf(id, facts.lane, now),
      counts,
      delivery: this.delivery,
      random: this.options.random,
      backlogLimit: LIMIT,
    });
  }

  private stateOf(id: string, lane: Lane, now: number): HealthOfProvider {
    const { closed, rate, laneSeconds } = this.options.health.state(id, lane, now);
    let segments = 0;
    for (const { provider, segments: some } of this.reserved.values()) if (provider === id) segments += some;
    return { open: !closed, backlogSeconds: laneSeconds + (rate > 0 ? segments / rate : 0), rate };
  }
}
