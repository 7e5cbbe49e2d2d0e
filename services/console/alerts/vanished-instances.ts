import { isIP } from "node:net";
import type { WatchedTarget } from "../../../pipeline/alerts/alert-watch.ts";

/** An address that is not found any more is watched on for so long, ms: longer than InstanceDown waits. */
const VANISHED_MS = 5 * 60_000;
/** Addresses remembered of one service. */
const MAX_ADDRESSES = 200;

interface Seen {
  readonly target: WatchedTarget;
  /** Epoch ms; minus infinity: it was there at the first look. */
  readonly first: number;
  readonly last: number;
}

/**
 * Instances whose addresses were found a moment ago and are not now. Who stops has no address any more, and would be forgotten instead of
 * told of as down.
 */
export class VanishedInstances {
  private readonly now: () => number;
  private readonly services = new Map<string, Map<string, Seen>>();

  /** `now`: epoch ms. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Who is to be watched beside those who were found: each that has gone, and whose place no newcomer has taken. */
  beside(found: readonly WatchedTarget[]): WatchedTarget[] {
    const at = this.now();
    const taken = new Set(found.map(({ url }) => url));
    return [...Map.groupBy(found, ({ service }) => service)].flatMap(([service, targets]) => {
      // By its name it is watched as it stands, until it has addresses again.
      if (!targets.every(hasAddress)) {
        this.services.delete(service);
        return [];
      }
      const known = this.remember(service, targets, at);
      const gone = [...known.values()].filter(({ last }) => last < at);
      const newcomers = [...known.values()].filter(({ first, last }) => last === at && at - first < VANISHED_MS);
      // Last seen last. An address that another has now would speak for that one.
      return gone
        .slice(newcomers.length)
        .map(({ target }) => target)
        .filter(({ url }) => !taken.has(url));
    });
  }

  private remember(service: string, targets: readonly WatchedTarget[], at: number): ReadonlyMap<string, Seen> {
    const before = this.services.get(service);
    const known = before ?? new Map<string, Seen>();
    this.services.set(service, known);
    for (const target of targets) {
      const first = known.get(target.url)?.first ?? (before === undefined ? Number.NEGATIVE_INFINITY : at);
      // Those seen now stand behind.
      known.delete(target.url);
      known.set(target.url, { target, first, last: at });
    }
    for (const [url, { last }] of known) if (at - last >= VANISHED_MS || known.size > MAX_ADDRESSES) known.delete(url);
    return known;
  }
}

function hasAddress({ url }: WatchedTarget): boolean {
  return isIP(new URL(url).hostname.replace(/^\[|\]$/g, "")) !== 0;
}
