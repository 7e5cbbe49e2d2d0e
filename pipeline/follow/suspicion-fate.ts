import type { SaidSuspicion } from "./suspicion-board.ts";

const MINUTE_MS = 60_000;
/** One that is open is said again every ten minutes: of what has been silent for so long nobody knows any more, ms. */
const SILENT_MS = 30 * MINUTE_MS;

export type Fate = "open" | "over" | "silent";

/** What became of it. `now`: epoch ms. */
export function fateOf({ over, saidAt }: Pick<SaidSuspicion, "over" | "saidAt">, now: number): Fate {
  if (over) return "over";
  return now - saidAt > SILENT_MS ? "silent" : "open";
}
