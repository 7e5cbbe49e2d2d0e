import type { Provider } from "../../domain/catalog/provider.ts";
import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { LifecycleScope } from "../../platform/lifecycle/lifecycle.ts";
import { ProviderStarts, type StartedPart } from "./provider-starts.ts";
import { stageStepOf } from "./stage-step.ts";

/** One provider's part of this process. */
export interface LivePart extends StartedPart {
  readonly provider: Provider;
  /** Other limits hold from now on, or another use; nothing else has changed. */
  limit(provider: Provider): void;
  stop(): Promise<void>;
}

export interface LiveProvidersOptions<P extends LivePart> {
  readonly scope: Pick<LifecycleScope, "log" | "readiness" | "signal" | "waitFor">;
  /** Makes the part of a provider; `retired`: it was removed, or is of no use: it hands back what it has. */
  readonly make: (provider: Provider, retired: boolean) => P;
  /** Ids that this process is for; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Shows a part that has started to whoever looks on. @returns a function that ends that */
  readonly observe: (part: P) => () => void;
}

interface Entry<P> {
  readonly part: P;
  readonly fingerprint: string;
  limits: string;
  unobserve: () => void;
}

/**
 * The providers' parts of a sender process, as the catalog has them from moment to moment: one that comes is started, one that
 * has changed is stopped and started anew, unless only its limits have, which hold at once; one that is removed hands back what it has until it is not known any more.
 */
export class LiveProviders<P extends LivePart> {
  private readonly options: LiveProvidersOptions<P>;
  private readonly starts: ProviderStarts;
  private readonly entries = new Map<string, Entry<P>>();
  /** Changes are carried out one after the other. */
  private turn: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(options: LiveProvidersOptions<P>) {
    this.options = options;
    this.starts = new ProviderStarts(options.scope, (id) => {
      const entry = this.entries.get(id);
      if (entry !== undefined) entry.unobserve = options.observe(entry.part);
    });
  }

  get parts(): P[] {
    return [...this.entries.values()].map(({ part }) => part);
  }

  /** Resolves when Kafka has answered for every part that is new. */
  change(snapshot: Snapshot): Promise<void> {
    this.turn = this.turn
      .then(() => this.carryOut(snapshot))
      .catch((error: unknown) => {
        if (!this.options.scope.signal.aborted)
          this.options.scope.log.error(
            { why: errorMessage(error) },
            "a change of the catalog could not be carried out",
          );
      });
    return this.turn;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.allSettled(this.parts.map((part) => part.stop()));
  }

  private async carryOut(snapshot: Snapshot): Promise<void> {
    const wanted = new Map<string, { readonly provider: Provider; readonly retired: boolean }>();
    for (const [id, provider] of snapshot.known) {
      const retired = !snapshot.providers.has(id) || provider.use === "none";
      if (this.options.only?.includes(id) ?? true) wanted.set(id, { provider, retired });
    }
    const changed = [...this.entries].filter(([id, { fingerprint }]) => {
      const now = wanted.get(id);
      return now === undefined || fingerprintOf(now.provider, now.retired) !== fingerprint;
    });
    await Promise.all(changed.map(([id, entry]) => this.end(id, entry)));
    const missing = [...wanted].filter(([id]) => !this.entries.has(id));
    if (this.stopped) return;
    for (const [id, entry] of this.entries) this.relimit(entry, wanted.get(id)!.provider);
    await Promise.all(missing.map(([, { provider, retired }]) => this.begin(provider, retired)));
  }

  private relimit(entry: Entry<P>, provider: Provider): void {
    const limits = limitsOf(provider);
    if (limits === entry.limits) return;
    entry.limits = limits;
    this.options.scope.log.info(
      { provider: provider.id },
      "other limits of a provider hold from now on, or another use",
    );
    entry.part.limit(provider);
  }

  private async end(id: string, { part, unobserve }: Entry<P>): Promise<void> {
    this.options.scope.log.info({ provider: id }, "a provider has changed or is gone; its part ends");
    this.starts.forget(id);
    await part.stop();
    unobserve();
    this.entries.delete(id);
  }

  private begin(provider: Provider, retired: boolean): Promise<void> {
    const part = this.options.make(provider, retired);
    const [fingerprint, limits] = [fingerprintOf(provider, retired), limitsOf(provider)];
    this.entries.set(provider.id, { part, fingerprint, limits, unobserve: () => {} });
    return this.starts.start(part);
  }
}

/** All that its sender is made of. What it costs is the router's. */
function fingerprintOf(provider: Provider, retired: boolean): string {
  const costs = { prices: undefined, volume: undefined };
  const others = { ...costs, use: undefined, rate: undefined, networkRates: undefined, quota: undefined };
  return JSON.stringify({ ...provider, ...others, step: stageStepOf(provider), retired });
}

/** What can change while it works. */
function limitsOf({ use, rate, networkRates, quota }: Provider): string {
  return JSON.stringify({ use, rate, networkRates, quota });
}
