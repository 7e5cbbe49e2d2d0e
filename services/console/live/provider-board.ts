import type { Provider, ProviderUse } from "../../../domain/catalog/provider.ts";
import { networkName } from "../../../domain/numbers/network.ts";
import { volumeAt } from "../../../pipeline/follow/told-volume.ts";
import type { Health } from "../../../schemas/generated/types.ts";
import { DISPATCH_QUEUES, DISPATCH_URGENCY } from "../../../schemas/topics.ts";

/**
 * `dark`: it is left alone. `trying`: a few messages try it. `silent`: its senders have said nothing for a while. `unheard`: nor ever.
 * `draining`: up, and gets nothing new by the catalog. `unused`: out of use by the catalog.
 */
export type ProviderCondition = "up" | "trying" | "dark" | "silent" | "unheard" | "draining" | "unused";

/** A provider as the page shows it: what its senders say, all partitions together. */
export interface ProviderNow {
  readonly id: string;
  readonly kind: string;
  readonly condition: ProviderCondition;
  /** What the catalog uses it for. */
  readonly use: ProviderUse;
  /** Why it is not up, in its sender's words. */
  readonly reason: string | null;
  /** Segments a second: what it submits, what it may now, and what the catalog allows. */
  readonly submitting: number;
  readonly rate: number;
  readonly configuredRate: number;
  /** Why it may less than the catalog allows. */
  readonly rateReason: string | null;
  /** Networks that are held back alone, those with the most messages first. */
  readonly heldNetworks: readonly HeldNow[];
  /** Submissions without an answer, and how many there may be. */
  readonly inFlight: number;
  readonly window: number;
  /** Messages that wait for it; `queues`: each of them with its lane, most urgent first. */
  readonly backlog: number;
  readonly queues: readonly number[];
  readonly segmentsToday: number;
  readonly segmentsThisMonth: number;
  /** How many it takes by the catalog's quota; null: any number. */
  readonly dailyQuota: number | null;
  readonly monthlyQuota: number | null;
  /** Of its newest word, epoch ms by its sender's clock; null: there is none. */
  readonly at: number | null;
  /** Dispatch partitions, and how many of them somebody speaks for. */
  readonly partitions: number;
  readonly heard: number;
}

/** A network that is held back. */
export interface HeldNow {
  /** Mobile country and network code, or a country. */
  readonly network: string;
  /** Empty where the table of networks has none. */
  readonly name: string;
  /** `throttled`, `rate` or `window`, as in sms.health. */
  readonly reason: string;
  /** Messages that wait. */
  readonly waiting: number;
}

/** What each place of `queues` is. */
export const QUEUE_NAMES: readonly string[] = DISPATCH_URGENCY.map((index) => {
  const { lane, overflow } = DISPATCH_QUEUES[index]!;
  return overflow ? `${lane} overflow` : lane;
});

interface Word {
  readonly health: Health;
  /** When this process read it, monotonic ms. */
  readonly heardAt: number;
}

/** Networks that are shown. */
const SHOWN = 8;
/** A sender says how it is every second: one that is silent for so long is gone, ms. As routers see it. */
const SILENT_MS = 15_000;
/** The best of its partitions says how a provider is: as long as one submits it gets messages. */
const BEST = ["closed", "half_open", "open"] as const;
const CONDITIONS = { closed: "up", half_open: "trying", open: "dark" } as const;

/** The newest word about each provider's dispatch partitions. */
export class ProviderBoard {
  private readonly words = new Map<string, Map<number, Word>>();
  private readonly onWord: () => void;

  /** `onWord`: told of each word. */
  constructor(onWord: () => void) {
    this.onWord = onWord;
  }

  take(health: Health, heardAt: number): void {
    let partitions = this.words.get(health.provider);
    if (partitions === undefined) {
      partitions = new Map();
      this.words.set(health.provider, partitions);
    }
    partitions.set(health.partition, { health, heardAt });
    this.onWord();
  }

  /** The catalog's providers, in its order. `now`: monotonic ms; `at`: epoch ms by the brokers' clock. */
  show(providers: Iterable<Provider>, now: number, at: number): ProviderNow[] {
    return [...providers].map((provider) => {
      const words = [...(this.words.get(provider.id)?.values() ?? [])];
      return providerNow(provider, words, now, at);
    });
  }
}

/** Of each process once: it says the same for each of its partitions. */
function heldIn(words: readonly Health[]): HeldNow[] {
  const held = new Map<string, HeldNow>();
  const told = new Set<string>();
  for (const { instance, heldNetworks } of words) {
    if (told.has(instance)) continue;
    told.add(instance);
    for (const { network, reason, waiting } of heldNetworks) {
      const before = held.get(network);
      const name = networkName(network);
      held.set(network, { network, name, reason, ...before, waiting: waiting + (before?.waiting ?? 0) });
    }
  }
  return [...held.values()].sort((a, b) => b.waiting - a.waiting).slice(0, SHOWN);
}

function conditionOf({ use }: Provider, best: Health | undefined, heard: boolean): ProviderCondition {
  if (use === "none") return "unused";
  const condition = best === undefined ? (heard ? "silent" : "unheard") : CONDITIONS[best.circuit];
  return use === "drain" && condition === "up" ? "draining" : condition;
}

/** Why it is not as it should be. A provider of which its senders say nothing may be well: it is they who are looked for. */
function reasonOf(best: Health | undefined, heard: boolean): string | null {
  if (best === undefined) return heard ? `no sender has told of it for ${SILENT_MS / 1_000} s` : null;
  return best.circuit === "closed" ? null : best.reason;
}

function providerNow(provider: Provider, words: readonly Word[], now: number, at: number): ProviderNow {
  const lately = words.filter(({ heardAt }) => now - heardAt <= SILENT_MS).map(({ health }) => health);
  const best = BEST.flatMap((circuit) => lately.filter((word) => word.circuit === circuit))[0];
  const sum = (of: (word: Health) => number) => lately.reduce((total, word) => total + of(word), 0);
  const volumes = words.map(({ health }) => volumeAt(health, at));
  return {
    id: provider.id,
    kind: provider.kind,
    condition: conditionOf(provider, best, words.length > 0),
    use: provider.use,
    reason: reasonOf(best, words.length > 0),
    submitting: sum((word) => word.effectiveRate),
    rate: sum((word) => word.rate),
    configuredRate: provider.rate,
    rateReason: lately.find(({ rateReason }) => rateReason !== null)?.rateReason ?? null,
    heldNetworks: heldIn(lately),
    inFlight: sum((word) => word.inFlight),
    window: provider.window,
    backlog: sum((word) => word.backlog),
    queues: QUEUE_NAMES.map((_, place) => sum((word) => word.queues[place] ?? 0)),
    segmentsToday: volumes.reduce((total, { today }) => total + today, 0),
    segmentsThisMonth: volumes.reduce((total, { thisMonth }) => total + thisMonth, 0),
    dailyQuota: provider.quota.daily ?? null,
    monthlyQuota: provider.quota.monthly ?? null,
    at: words.length === 0 ? null : Math.max(...words.map(({ health }) => health.at)),
    partitions: provider.partitions,
    heard: lately.length,
  };
}
