import type { ProviderHealth, ProviderState } from "../../pipeline/follow/provider-health.ts";
import type { Lane } from "../../schemas/generated/types.ts";
import { dispatchTopic } from "../../schemas/topics.ts";

/** What a router asks of the providers' health, and tells it. */
export type RoutedHealth = Pick<ProviderHealth, "state" | "gave" | "lastReturn">;

/** What is known of writes that wait; a RecordProducer has it. */
export interface WaitingWrites {
  readonly hasFailing: boolean;
  leaderlessSince(topic: string, partition: number): number;
}

export interface RoutedPartition {
  readonly partition: number;
  /** Dispatch partitions of a provider; undefined of one that is not known. */
  readonly spreadOf: (provider: string) => number | undefined;
}

/**
 * The health of providers as the router of one partition sees it: one is open while a write to the dispatch partition that it would give a message to
 * waits for a leader, since the message would hold up all others of the router's partition. A write of another partition of the process has found it out.
 */
export class LedHealth implements RoutedHealth {
  private readonly health: RoutedHealth;
  private readonly writes: WaitingWrites;
  private readonly of: RoutedPartition;

  constructor(health: RoutedHealth, writes: WaitingWrites, of: RoutedPartition) {
    this.health = health;
    this.writes = writes;
    this.of = of;
  }

  state(provider: string, lane: Lane, now: number): ProviderState {
    const state = this.health.state(provider, lane, now);
    return this.writes.hasFailing && this.isHeldUp(provider, lane) ? { ...state, open: true, closed: false } : state;
  }

  gave(...given: Parameters<RoutedHealth["gave"]>): void {
    this.health.gave(...given);
  }

  lastReturn(now: number): number | undefined {
    return this.health.lastReturn(now);
  }

  /** Which of the lane's two queues it would stand in is decided when its provider is. */
  private isHeldUp(provider: string, lane: Lane): boolean {
    const { partition, spreadOf } = this.of;
    const spread = spreadOf(provider);
    if (spread === undefined) return false;
    return [false, true].some(
      (overflow) => this.writes.leaderlessSince(dispatchTopic(provider, lane, overflow), partition % spread) > 0,
    );
  }
}
