import type { Portability } from "../catalog/portability.ts";

/** How the network of a number is known, where it is not by the number's prefix. */
export type NetworkSource = "lookup" | "learned";

/** The network that a number was ported to. */
export interface Ported {
  readonly mccMnc: string;
  readonly source: NetworkSource;
}

/** What is known of a number's network. */
export interface KnownNetwork {
  /** MCC and MNC in one; undefined: whoever was asked does not know it, and the prefix counts. */
  readonly mccMnc: string | undefined;
  readonly source: NetworkSource;
  /** It counts before this moment, epoch ms. */
  readonly until: number;
}

/** Where a number is known to be, as explanations want it; undefined where its prefix counts. */
export function portedTo(known: KnownNetwork | undefined): Ported | undefined {
  return known?.mccMnc === undefined ? undefined : { mccMnc: known.mccMnc, source: known.source };
}

/** What a receipt has said, as a catalog wants it; undefined where it does not, or not so old. Times are epoch ms. */
export function learnedNetwork(
  portability: Portability | undefined,
  mccMnc: string,
  at: number,
  now: number,
): KnownNetwork | undefined {
  if (portability?.learned === undefined) return undefined;
  const until = at + portability.learned.keepSeconds * 1_000;
  return until > now ? { mccMnc, source: "learned", until } : undefined;
}

/** Networks by number, of which those that were needed last are kept. */
export class KnownNetworks {
  private capacity: number;
  private readonly byNumber = new Map<string, KnownNetwork>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.byNumber.size;
  }

  /** `now`: epoch ms. */
  get(number: string, now: number): KnownNetwork | undefined {
    const known = this.byNumber.get(number);
    if (known === undefined) return undefined;
    this.byNumber.delete(number);
    if (known.until <= now) return undefined;
    // The Map's order is that of use.
    this.byNumber.set(number, known);
    return known;
  }

  set(number: string, known: KnownNetwork): void {
    this.byNumber.delete(number);
    this.byNumber.set(number, known);
    this.shrink();
  }

  delete(number: string): void {
    this.byNumber.delete(number);
  }

  /** What is above a smaller capacity is forgotten. */
  resize(capacity: number): void {
    this.capacity = capacity;
    this.shrink();
  }

  private shrink(): void {
    for (const oldest of this.byNumber.keys()) {
      if (this.byNumber.size <= this.capacity) break;
      this.byNumber.delete(oldest);
    }
  }
}
