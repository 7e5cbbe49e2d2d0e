import { BoundedMap } from "./bounded-map.ts";
import { DecayedCount } from "./decayed-count.ts";
import { SeasonalRate } from "./seasonal-rate.ts";
import type { Subject } from "./suspicion.ts";
import type { SentTraffic } from "./traffic-minute.ts";

/** By what an account's traffic is divided, and how people are told of it without its name. */
const DIMENSIONS = [
  ["country", "to this country"],
  ["sender", "as this sender"],
  ["provider", "through this provider"],
] as const;
/** Countries, senders and providers of all accounts that are remembered, about 1.5 KB each. */
export const PARTS = 16_000;
/** What has so much of the excess is meant. */
const MOST = 0.8;

class Part {
  readonly usual = new SeasonalRate();
  readonly newest: DecayedCount;

  constructor(halfLife: number) {
    this.newest = new DecayedCount(halfLife);
  }
}

/** Where a burst is: the country, the sender and the provider to which most of what an account sends beyond the usual goes. */
export interface BurstPlace {
  readonly subject: Pick<Subject, "country" | "sender" | "provider">;
  /** "96 % of the excess to this country"; empty where it is spread. */
  readonly words: string;
}

/**
 * What is usual of each country, sender and provider of an account at an hour, so that a burst is explained by where it differs, not by where most of
 * the account's messages always go. A part is no reason for a burst: a customer's campaign into one country is usual for the account.
 */
export class BurstParts {
  private readonly halfLife: number;
  private readonly parts: BoundedMap<Part>;
  readonly memory: readonly Pick<BoundedMap<unknown>, "size" | "limit" | "evicted">[];

  /** @param halfLife of what is the newest, minutes */
  constructor(halfLife: number, limit = PARTS) {
    this.halfLife = halfLife;
    this.parts = new BoundedMap(limit, () => new Part(this.halfLife));
    this.memory = [this.parts];
  }

  /** Counts a minute of an account. `learn`: false while its traffic is not usual. */
  see(minute: number, rows: readonly SentTraffic[], learn: boolean): void {
    for (const row of rows)
      for (const [dimension] of DIMENSIONS) {
        const { usual, newest } = this.parts.claim(keyOf(row, dimension));
        newest.add(minute, row.messages);
        if (learn) usual.learn(minute, row.messages);
      }
  }

  /** `excess`: what the account has in the newest window beyond the usual; `rows`: its newest minute, which has been seen. */
  place(minute: number, rows: readonly SentTraffic[], excess: number): BurstPlace {
    const subject: Partial<Record<(typeof DIMENSIONS)[number][0], string>> = {};
    const words: string[] = [];
    for (const [dimension, told] of DIMENSIONS) {
      let [name, most] = ["", 0];
      for (const row of rows) {
        const { usual, newest } = this.parts.claim(keyOf(row, dimension));
        const beyond = newest.get(minute) - (usual.first < 0 ? 0 : usual.expected(minute)) * newest.window;
        if (beyond > most) [name, most] = [row[dimension], beyond];
      }
      // Empty: the provider's own sender, which is no name to look for.
      if (excess <= 0 || most < MOST * excess || name === "") continue;
      subject[dimension] = name;
      words.push(`${Math.min(100, Math.round((100 * most) / excess))} % ${told}`);
    }
    return { subject, words: words.length === 0 ? "" : `of what is beyond the usual, ${words.join(", ")}` };
  }
}

function keyOf(row: SentTraffic, dimension: (typeof DIMENSIONS)[number][0]): string {
  return `${row.account} ${dimension} ${row[dimension]}`;
}
