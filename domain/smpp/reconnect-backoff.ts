/** How long to wait before the next try to bind. */
export interface BackoffSettings {
  /** The first wait, ms. */
  readonly initialMs: number;
  /** The longest wait, ms. */
  readonly maxMs: number;
  /** The wait after a refusal that only a changed configuration can cure (wrong password), ms. */
  readonly permanentMs: number;
}

export const defaultBackoff: BackoffSettings = { initialMs: 250, maxMs: 15_000, permanentMs: 60_000 };

/**
 * The wait in ms before try number `attempt` + 1, when `attempt` tries (1 …) have failed since the last success: doubling from
 * initialMs up to maxMs, spread evenly over the upper half so that many links do not return in step. `random` gives [0, 1).
 */
export function backoffDelay(
  settings: BackoffSettings,
  attempt: number,
  permanent: boolean,
  random: () => number,
): number {
  const ceiling = permanent
    ? settings.permanentMs
    : Math.min(settings.maxMs, settings.initialMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
}
