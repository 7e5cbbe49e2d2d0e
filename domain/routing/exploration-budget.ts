/** Of an hour's money this part may be spent at once; the rest comes evenly, so that no hour ever has more than its own. */
const AT_ONCE = 0.1;
/** What costs more than that is saved for, up to this part of an hour's money; the rest then comes the slower. */
const SAVED = 0.5;
const HOUR_MS = 3_600_000;

interface Purse {
  /** Units of the currency of comparison. */
  left: number;
  /** Epoch ms. */
  at: number;
  /** The most that anything was to cost, in the same units. */
  dearest: number;
}

/** What routes may spend on exploring: within any hour at most what they say. */
export class ExplorationBudget {
  private readonly share: () => number;
  private readonly purses = new Map<string, Purse>();

  /** `share`: what part of the money is this process's, in [0, 1]: all that run decide on their own. */
  constructor(share: () => number = () => 1) {
    this.share = share;
  }

  /** @returns whether there is so much left; then it is spent. */
  spend(route: string, cost: number, perHour: number, at: number): boolean {
    const own = perHour * this.share();
    let purse = this.purses.get(route);
    if (purse === undefined) {
      purse = { left: AT_ONCE * own, at, dearest: 0 };
      this.purses.set(route, purse);
    }
    // What it holds was gathered by what was known before.
    const most = Math.min(SAVED * own, Math.max(AT_ONCE * own, purse.dearest));
    const hours = Math.max(0, at - purse.at) / HOUR_MS;
    purse.left = Math.min(most, purse.left + (own - most) * hours);
    purse.at = Math.max(purse.at, at);
    if (cost <= SAVED * own) purse.dearest = Math.max(purse.dearest, cost);
    if (cost > purse.left) return false;
    purse.left -= cost;
    return true;
  }

  /** Forgets what is no route any more. */
  keep(routes: ReadonlySet<string>): void {
    for (const route of this.purses.keys()) if (!routes.has(route)) this.purses.delete(route);
  }
}
