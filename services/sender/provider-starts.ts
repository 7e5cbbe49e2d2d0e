import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, SluiceError } from "../../platform/errors/sluice-error.ts";
import type { LifecycleScope } from "../../platform/lifecycle/lifecycle.ts";

/** One provider's part, as far as its start goes. */
export interface StartedPart {
  readonly provider: { readonly id: string };
  /** Throws when it cannot start: call it again. */
  start(): Promise<void>;
}

/** What is wrong with one provider's topics says nothing of the others'. */
const OWN_FAULTS: ReadonlySet<string> = new Set(["TOPIC_MISSING", "PARTITIONS_MISMATCH"]);
/** Pause before another try, ms. */
const AGAIN_MS = 5_000;

/**
 * Starts every provider's part by itself: one whose topics are missing or do not fit is told of, and tried again, while the
 * others send. Until one has started the process is not ready.
 */
export class ProviderStarts {
  private readonly scope: Pick<LifecycleScope, "log" | "readiness" | "signal" | "waitFor">;
  private readonly onStarted: (id: string) => void;
  private readonly againMs: number;
  private readonly parts = new Map<string, StartedPart>();
  private readonly faults = new Map<string, string>();
  private readonly removeNote = new Map<string, () => void>();

  constructor(
    scope: Pick<LifecycleScope, "log" | "readiness" | "signal" | "waitFor">,
    onStarted: (id: string) => void = () => {},
    againMs: number = AGAIN_MS,
  ) {
    this.scope = scope;
    this.onStarted = onStarted;
    this.againMs = againMs;
    scope.readiness.register("providers", () => {
      const why = [...this.faults.values()][0];
      return why === undefined || this.faults.size < this.parts.size ? { ok: true } : { ok: false, why };
    });
  }

  /** Resolves when Kafka has answered for it, whether or not it could start. */
  async start(part: StartedPart): Promise<void> {
    const { id } = part.provider;
    this.parts.set(id, part);
    this.removeNote.set(
      id,
      this.scope.readiness.note(`provider ${id}`, () => this.faults.get(id)),
    );
    const fault = await this.scope.waitFor(`kafka (dispatch topics of ${id})`, () => startOf(part));
    if (!this.ended(part, fault)) void this.goOn(part);
  }

  /** There is no such part any more. */
  forget(id: string): void {
    this.parts.delete(id);
    this.faults.delete(id);
    this.removeNote.get(id)?.();
    this.removeNote.delete(id);
  }

  private ended(part: StartedPart, fault: SluiceError | undefined): boolean {
    const { id } = part.provider;
    if (this.parts.get(id) !== part) return true;
    if (fault !== undefined) this.faults.set(id, errorMessage(fault));
    else {
      this.faults.delete(id);
      this.onStarted(id);
    }
    return fault === undefined;
  }

  /** Tries again, beside the others' work, until it succeeds, or it is not wanted any more, or the service stops. */
  private async goOn(part: StartedPart): Promise<void> {
    const { log, signal } = this.scope;
    const provider = part.provider.id;
    const tell = (error: unknown) =>
      log
        .every(`provider-start-${provider}`, 60_000)
        .error({ provider, why: errorMessage(error) }, "this provider's part does not start; the others go on");
    while (!signal.aborted && this.parts.get(provider) === part) {
      await sleep(this.againMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted || this.parts.get(provider) !== part) return;
      try {
        const fault = await startOf(part);
        if (this.ended(part, fault)) return;
        tell(fault);
      } catch (error) {
        tell(error);
      }
    }
  }
}

/** Starts it; gives the fault that is this provider's own. */
async function startOf(part: StartedPart): Promise<SluiceError | undefined> {
  try {
    await part.start();
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError && OWN_FAULTS.has(error.code)) return error;
    throw error;
  }
}
