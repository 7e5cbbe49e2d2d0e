import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import type { CatalogFiles, ProviderEntry } from "../fixture/live-catalog.ts";
import { shuffled } from "./kill.ts";

/** Those that go and come back, in turn. */
const LEAVING = ["smsc-b", "http-c"] as const;
type Use = NonNullable<ProviderEntry["use"]>;
const USES: readonly Use[] = ["normal", "drain", "none"];

/** A catalog whose routes, limits and providers change step by step; of what providers are used for, a drawn one's changes with each step. */
export class DrawnCatalog {
  /** Times that a provider was removed and added again. */
  returns = 0;
  private readonly start: CatalogFiles;
  private readonly random: Random;
  private now: CatalogFiles;
  private gone: string | undefined;
  private step = 0;
  private uses: Use[] = [];
  /** The only one that may be out of use, so that somebody always takes what comes. */
  private drawn: { readonly id: string; readonly use: Use } | undefined;

  constructor(start: CatalogFiles, random: Random) {
    this.start = start;
    this.now = structuredClone(start);
    this.random = random;
  }

  /** In turn: a provider goes, shares change, it comes back, limits and the order of providers change. */
  change(): void {
    const step = this.step++;
    if (step % 4 === 0) this.gone = LEAVING[(step / 4) % LEAVING.length];
    else if (step % 4 === 1) this.share();
    else if (step % 4 === 2) {
      this.gone = undefined;
      this.returns++;
    } else this.limit();
    this.use();
  }

  /** As it is now: without the provider that is gone, also in the routes. */
  files(): CatalogFiles {
    const there = ({ id }: { id: string }) => id !== this.gone;
    const { drawn } = this;
    return {
      accounts: this.now.accounts,
      providers: this.now.providers
        .filter(there)
        .map((one) => (one.id === drawn?.id ? { ...one, use: drawn.use } : one)),
      routes: this.now.routes.map((route) => ({ ...route, providers: route.providers.filter(there) })),
    };
  }

  /** As it was at the start. */
  whole(): CatalogFiles {
    return this.start;
  }

  /** Files that must be refused: a route names a provider that does not exist. */
  wrong(): CatalogFiles {
    const files = structuredClone(this.files());
    files.routes.at(-1)!.providers.push({ id: "nobody" });
    return files;
  }

  /** Each use comes once in three steps, at a provider that is there. */
  private use(): void {
    if (this.uses.length === 0) this.uses = shuffled(USES, this.random);
    const [provider] = shuffled(
      this.now.providers.filter(({ id }) => id !== this.gone),
      this.random,
    );
    this.drawn = { id: provider!.id, use: this.uses.pop()! };
  }

  private share(): void {
    for (const route of this.now.routes)
      if (route.strategy === "weighted")
        for (const provider of route.providers) provider.weight = 1 + Math.floor(this.random() * 9);
  }

  private limit(): void {
    const provider = this.now.providers[Math.floor(this.random() * this.now.providers.length)]!;
    const { rate } = this.start.providers.find(({ id }) => id === provider.id)!;
    provider.rate = Math.round(rate * (1 + this.random()));
    for (const route of this.now.routes) if (route.strategy === "priority") route.providers.reverse();
  }
}
