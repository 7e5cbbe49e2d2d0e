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
 * others send. Returns when Kafka has answered for all of them. Until one has started the process is not ready.
 */
export async function startProviders(
  scope: Pick<LifecycleScope, "log" | "readiness" | "signal" | "waitFor">,
  parts: readonly StartedPart[],
  onStarted: (id: string) => void = () => {},
  againMs: number = AGAIN_MS,
): Promise<void> {
  const faults = new Map<string, string>();
  scope.readiness.register("providers", () => {
    const why = [...faults.values()][0];
    return why === undefined || faults.size < parts.length ? { ok: true } : { ok: false, why };
  });
  const ended = (id: string, fault: SluiceError | undefined): boolean => {
    if (fault !== undefined) faults.set(id, errorMessage(fault));
    else {
      faults.delete(id);
      onStarted(id);
    }
    return fault === undefined;
  };
  await Promise.all(
    parts.map(async (part) => {
      const { id } = part.provider;
      scope.readiness.note(`provider ${id}`, () => faults.get(id));
      const fault = await scope.waitFor(`kafka (dispatch topics of ${id})`, () => startOf(part));
      if (!ended(id, fault)) void goOn(scope, part, againMs, (again) => ended(id, again));
    }),
  );
}

/** Tries again, beside the others' work, until it succeeds or the service stops. */
async function goOn(
  { log, signal }: Pick<LifecycleScope, "log" | "signal">,
  part: StartedPart,
  againMs: number,
  ended: (fault: SluiceError | undefined) => boolean,
): Promise<void> {
  const provider = part.provider.id;
  const tell = (error: unknown) =>
    log
      .every(`provider-start-${provider}`, 60_000)
      .error({ provider, why: errorMessage(error) }, "this provider's part does not start; the others go on");
  while (!signal.aborted) {
    await sleep(againMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    try {
      const fault = await startOf(part);
      if (ended(fault)) return;
      tell(fault);
    } catch (error) {
      tell(error);
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
