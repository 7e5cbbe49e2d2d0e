import type { Histogram, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import type { Lane } from "../../schemas/generated/types.ts";
import { LANES } from "../../schemas/topics.ts";

/**
 * The stretches of a message's way that are measured. The first three are told by whoever ends them; `accepted_submitted` is what a lane
 * promises, and `accepted_receipt` is what a customer feels.
 */
export type Stage =
  | "accepted_routed"
  | "routed_submitted"
  | "accepted_submitted"
  | "submitted_receipt"
  | "accepted_receipt";

/** Seconds. The objectives of pipeline/alerts are among them, so that what is beyond one is counted and not guessed. */
export const STAGE_BOUNDS: readonly number[] = [
  0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400,
];

/** Records one stage: the lane, and how long it took in milliseconds. Clocks that disagree make 0 of less than 0. */
export type RecordStage = (lane: Lane, ms: number) => void;

/** The series of a stage, one a lane, looked up once: recording is for the message path. */
export function stageSeconds(registry: MetricRegistry, stage: Stage): RecordStage {
  const family = registry.histogram("message_stage_seconds", {
    help: "From one step of a message to a later one, in seconds, by stage and lane",
    bounds: STAGE_BOUNDS,
  });
  const [otp, transactional, marketing] = LANES.map((lane) => family.with({ stage, lane })) as [
    Histogram,
    Histogram,
    Histogram,
  ];
  const byLane: Readonly<Record<Lane, Histogram>> = { otp, transactional, marketing };
  return (lane, ms) => byLane[lane].record(ms > 0 ? ms / 1_000 : 0);
}
