/** Of an hour's money this part may be spent at once; the rest comes evenly, so that no hour ever has more than its own. */
const AT_ONCE = 0.1;
const HOUR_MS = 3_600_000;

interface Purse {
  /** Units of the currency of comparison. */
  left: number;
  /** Epoch ms. */
  at: number;
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
    const most = AT_ONCE * own;
    let purse = this.purses.get(route);
    if (purse === undefined) {
      purse = { left: most, at };
      this.purses.set(route, purse);
    }
    const hours = Math.max(0, at - purse.at) / HOUR_MS;
    purse.left = Math.min(most, purse.left + (1 - AT_ONCE) * own * hours);
    purse.at = Math.max(purse.at, at);
    if (cost > purse.left) return false;
    purse.left -= cost;
    return true;
  }

  /** Forgets what is no route any more. */
  keep(routes: ReadonlySet<string>): void {
    for (const route of this.purses.keys()) if (!routes.has(route)) this.purses.delete(route);
  }
}
