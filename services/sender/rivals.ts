import type { Health } from "../../schemas/generated/types.ts";

/** A sender says how it is every second; the routers leave one that has been silent for so long, ms (provider-health.ts). */
const STALE_MS = 15_000;

/** The newest word of all senders, as far as it matters here: whether what one provider cannot take could go to another. */
export class Rivals {
  private readonly words = new Map<string, Map<number, { readonly open: boolean; readonly at: number }>>();

  /** `now`: when it was read, monotonic ms. */
  take({ provider, partition, circuit }: Health, now: number): void {
    let partitions = this.words.get(provider);
    if (partitions === undefined) {
      partitions = new Map();
      this.words.set(provider, partitions);
    }
    partitions.set(partition, { open: circuit === "open", at: now });
  }

  /** Whether the routers would give anything to one of these. One that was never heard of counts, as it does for them. */
  anyUsable(providers: readonly string[], now: number): boolean {
    return providers.some((provider) => {
      const partitions = this.words.get(provider);
      return partitions === undefined || [...partitions.values()].some(({ open, at }) => !open && now - at <= STALE_MS);
    });
  }
}
