import type { Health } from "../../schemas/generated/types.ts";

/** What the router asks about a provider. */
export interface ProviderState {
  /** Nothing should be given to it now. */
  readonly open: boolean;
  /** Seconds that its backlog takes at its rate. */
  readonly backlogSeconds: number;
  readonly why: string | undefined;
}

/** A sender says how it is every second; one that has said nothing for so long is gone. */
const STALE_MS = 8_000;
const UNKNOWN: ProviderState = { open: false, backlogSeconds: 0, why: undefined };

/** The newest word of every sender, by provider and dispatch partition; read from the compacted health topic by each router. */
export class ProviderHealth {
  private readonly entries = new Map<string, Map<number, Health>>();
  private readonly cache = new Map<string, { until: number; state: ProviderState }>();

  take(health: Health): void {
    let partitions = this.entries.get(health.provider);
    if (partitions === undefined) {
      partitions = new Map();
      this.entries.set(health.provider, partitions);
    }
    partitions.set(health.partition, health);
    this.cache.delete(health.provider);
  }

  /** A provider that was never heard of counts as well: its sender may be starting, and its topic keeps what it is given. */
  state(provider: string, now: number): ProviderState {
    const cached = this.cache.get(provider);
    if (cached !== undefined && now < cached.until) return cached.state;
    const state = this.fold(provider, now);
    this.cache.set(provider, { until: now + 250, state });
    return state;
  }

  private fold(provider: string, now: number): ProviderState {
    const partitions = this.entries.get(provider);
    if (partitions === undefined) return UNKNOWN;
    let usable = 0;
    let backlog = 0;
    let rate = 0;
    let why: string | undefined;
    for (const health of partitions.values()) {
      const silent = now - health.at > STALE_MS;
      if (silent || health.circuit === "open") {
        why ??= silent ? "its sender is silent" : (health.reason ?? "its circuit is open");
        continue;
      }
      usable++;
      backlog += health.backlog;
      rate += health.rate;
    }
    return { open: usable === 0, backlogSeconds: rate > 0 ? backlog / rate : 0, why };
  }
}
