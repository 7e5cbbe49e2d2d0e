import type { AlertRule } from "../expression.ts";
import { durationText } from "../promql.ts";
import { divided, HOUR, increase, less, MINUTE, when } from "./terms.ts";

/** What a lane promises: so much of what is submitted has been accepted no longer ago than this. A bound of STAGE_BOUNDS. */
export interface Objective {
  readonly lane: string;
  readonly seconds: number;
  readonly share: number;
}

export const OBJECTIVES: readonly Objective[] = [
  { lane: "otp", seconds: 5, share: 0.99 },
  { lane: "transactional", seconds: 30, share: 0.99 },
  { lane: "marketing", seconds: 7_200, share: 0.95 },
];

/**
 * The share of a month's errors that is spent in these windows when the rule fires, from Google's SRE workbook (Alerting on SLOs, 6): a
 * long window says that it matters, a short one that it goes on.
 */
const BURNS = [
  { severity: "page", rate: 14.4, long: HOUR, short: 5 * MINUTE, forSeconds: 2 * MINUTE },
  { severity: "ticket", rate: 6, long: 6 * HOUR, short: 30 * MINUTE, forSeconds: 15 * MINUTE },
] as const;

const STAGE = { stage: "accepted_submitted" };

/** Fewer late messages in the long window are no burn, however few there are in all: one of six otps in an hour would be a sixth. */
const LEAST_LATE = 5;

function all({ lane }: Objective, over: number) {
  return increase("message_stage_seconds_count", ["lane"], over, { ...STAGE, lane });
}

/** How many of a lane's messages were submitted later than the objective says. */
function late(objective: Objective, over: number) {
  const { lane, seconds } = objective;
  const within = increase("message_stage_seconds_bucket", ["lane"], over, { ...STAGE, lane, le: String(seconds) });
  return less(all(objective, over), within);
}

function shareLate(objective: Objective, over: number) {
  return divided(late(objective, over), all(objective, over));
}

/** Latency over the lane's objective, by multi-window burn rates. */
export const LANE_RULES: readonly AlertRule[] = OBJECTIVES.flatMap((objective) =>
  BURNS.map(({ severity, rate, long, short, forSeconds }): AlertRule => {
    // More than all is never late: where the budget is large, half of it is too much.
    const bound = Math.min(0.5, Number((rate * (1 - objective.share)).toFixed(4)));
    return {
      name: "LaneLatencyOverObjective",
      severity,
      when: [
        when(shareLate(objective, long), ">", bound),
        when(shareLate(objective, short), ">", bound),
        when(late(objective, long), ">=", LEAST_LATE),
      ],
      forSeconds,
      labels: { lane: objective.lane, window: durationText(long) },
      summary: `{value} of the lane {lane} is submitted later than ${durationText(objective.seconds)} after acceptance, where ${objective.share} should be in time`,
    };
  }),
);
