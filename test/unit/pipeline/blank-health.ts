import type { Health } from "../../../schemas/generated/types.ts";

/** A sender's word with nothing in it, for tests that say what matters to them. */
export const BLANK_HEALTH: Health = {
  provider: "a",
  partition: 0,
  instance: "s",
  circuit: "closed",
  reason: null,
  rate: 0,
  configuredRate: 0,
  rateReason: null,
  effectiveRate: 0,
  backlog: 0,
  queues: [],
  inFlight: 0,
  at: 0,
  dayStart: 0,
  dayEnd: 0,
  segmentsToday: 0,
  monthStart: 0,
  monthEnd: 0,
  segmentsThisMonth: 0,
  spentThisMonth: 0,
  heldNetworks: [],
};
