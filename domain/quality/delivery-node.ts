import type { DeliveryCell } from "./delivery-cell.ts";
import { type DeliveryPosterior, pooledPosterior, posteriorMean, type Trials } from "./delivery-posterior.ts";

/** What is known of the delivery of a message, should a provider get it. */
export interface DeliveryEstimate extends DeliveryPosterior {
  /** Probability that it is delivered. */
  readonly delivery: number;
  /** Time from submission to delivery that half of them, and 95 of 100, have at the most, ms; undefined while too little is known. */
  readonly medianMs: number | undefined;
  readonly p95Ms: number | undefined;
  /** Share of its messages that the provider may have: 0 since its receipts collapsed, less than 1 while it comes back. */
  readonly share: number;
  /** Whether this message is to try a provider that was left. When it says yes, the message is expected to go there. `at`: epoch ms. */
  mayTry(at: number, random: () => number): boolean;
}

const NEVER = () => false;

/** A provider, one of its lanes, a country of that, or a network of that: with what was seen of it, its parts taken together. */
export class DeliveryNode implements Trials {
  /** By lane, country, network. */
  readonly parts = new Map<string | null, DeliveryNode>();
  /** Of a network. */
  cell: DeliveryCell | undefined;
  trials = 0;
  successes = 0;
  estimate: DeliveryEstimate = NOTHING_SEEN;

  part(key: string | null): DeliveryNode {
    let part = this.parts.get(key);
    if (part === undefined) {
      part = new DeliveryNode();
      this.parts.set(key, part);
    }
    return part;
  }

  /** Adds up what its parts have seen. */
  sum(): void {
    this.trials = this.cell?.trials ?? 0;
    this.successes = this.cell?.successes ?? 0;
    for (const part of this.parts.values()) {
      part.sum();
      this.trials += part.trials;
      this.successes += part.successes;
    }
  }

  /** `around`: what it is a part of, the provider first. */
  judge(around: readonly Trials[] = []): void {
    const levels = [...around, this];
    this.estimate = estimateOf(levels, this.cell);
    for (const part of this.parts.values()) part.judge(levels);
  }
}

/** Of the innermost of `levels`, the outermost of which is a provider. */
export function estimateOf(levels: readonly Trials[], cell: DeliveryCell | undefined): DeliveryEstimate {
  const posterior = pooledPosterior(levels);
  const [medianMs, p95Ms] = cell?.delays(0.5, 0.95) ?? [];
  return {
    ...posterior,
    delivery: posteriorMean(posterior),
    medianMs,
    p95Ms,
    share: cell?.guard.share ?? 1,
    mayTry: cell === undefined ? NEVER : (at, random) => cell.guard.mayTry(at, random),
  };
}

/** Where nothing was seen. */
export const NOTHING_SEEN = estimateOf([], undefined);
