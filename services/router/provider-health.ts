import type { Health } from "../../schemas/generated/types.ts";

/** What the router asks about a provider. */
export interface ProviderState {
  /** Nothing should be given to it now. */
  readonly open: boolean;
  /** Seconds that its backlog takes at its rate, with what this router has given it since its sender last spoke. */
  readonly backlogSeconds: number;
}

interface Heard {
  readonly health: Health;
  /** When this process read it: the sender's clock may differ by more than what counts as silence. */
  readonly at: number;
}

interface Known {
  readonly partitions: Map<number, Heard>;
  /** Segments given to the provider since its last word. */
  given: number;
  /** Folded from `partitions`; until when it holds. */
  until: number;
  open: boolean;
  backlog: number;
  rate: number;
}

/**
 * A sender says how it is every second; one that has said nothing for so long is gone. Longer than a killed one's session
 * (10 s) and the start of the next: its topic keeps what it is given meanwhile, in order, which a retry tier would not.
 */
const STALE_MS = 15_000;
const FOLD_EVERY_MS = 250;

/** The newest word of every sender, by provider and dispatch partition; read from the compacted health topic by each router. Times are monotonic, ms. */
export class ProviderHealth {
  private readonly providers = new Map<string, Known>();
  private readonly rates: ReadonlyMap<string, number>;

  /** `rates`: segments a second of each provider by the catalog, for those that were never heard of. */
  constructor(rates: ReadonlyMap<string, number>) {
    this.rates = rates;
  }

  take(health: Health, at: number): void {
    const known = this.known(health.provider);
    known.partitions.set(health.partition, { health, at });
    known.given = 0;
    known.until = 0;
  }

  /** This router has given the provider so many segments. */
  gave(provider: string, segments: number): void {
    this.known(provider).given += segments;
  }

  /** A provider that was never heard of counts as well: its sender may be starting, and its topic keeps what it is given. */
  state(provider: string, now: number): ProviderState {
    const known = this.known(provider);
    if (now >= known.until) this.fold(provider, known, now);
    return { open: known.open, backlogSeconds: known.rate > 0 ? (known.backlog + known.given) / known.rate : 0 };
  }

  private known(provider: string): Known {
    let known = this.providers.get(provider);
    if (known === undefined) {
      known = { partitions: new Map(), given: 0, until: 0, open: false, backlog: 0, rate: 0 };
      this.providers.set(provider, known);
    }
    return known;
  }

  private fold(provider: string, known: Known, now: number): void {
    known.until = now + FOLD_EVERY_MS;
    known.backlog = 0;
    known.rate = 0;
    let usable = 0;
    for (const { health, at } of known.partitions.values()) {
      if (now - at > STALE_MS || health.circuit === "open") continue;
      usable++;
      known.backlog += health.backlog;
      known.rate += health.rate;
    }
    known.open = known.partitions.size > 0 && usable === 0;
    if (known.rate === 0) known.rate = this.rates.get(provider) ?? 0;
  }
}
