import type { QualityCell } from "../../domain/quality/quality-cell.ts";
import { seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import { exponential } from "./distributions.ts";
import { Learner } from "./learner.ts";
import { EPOCH } from "./route-of-lab.ts";
import { type QuietTrial, quietRate, quietTruth } from "./trials.ts";
import { fateOf, NETWORKS } from "./world.ts";

/** The provider reaches the first three networks, by these shares of its traffic. */
const SHARES = [0.6, 0.3, 0.1];

/** How often a provider of which nothing was wrong, or its way into one of its networks, */
export interface FalseAlarms {
  /** was left for a collapse of receipts that never was; */
  left: number;
  /** or was taken for a while, on 20 submissions or more, to deliver less than half of what it did. */
  doubted: number;
}

/** A provider that works, over weeks. */
export function falseAlarms(trial: QuietTrial): FalseAlarms {
  const random = seededRandom(trial.seed * 13 + 5);
  // What changes is told of every 5 s at these rates: nothing is lost by looking no more often.
  const learner = new Learner(5_000);
  const cells = SHARES.map((_, n): QualityCell => {
    const { country, mccMnc } = NETWORKS[n]!;
    return { provider: "quiet", country, network: mccMnc, lane: "transactional" };
  });
  const before = cells.map(() => ({ left: false, doubted: false }));
  const alarms: FalseAlarms = { left: 0, doubted: 0 };
  for (let at = 0; at < trial.durationMs; at += exponential(random, quietRate(trial, at) / 1_000)) {
    learner.advanceTo(at);
    const fresh = { left: false, doubted: false };
    for (const [n, { country, network, lane }] of cells.entries()) {
      const { share, delivery, alpha, beta } = learner.view.of("quiet", country, network ?? undefined, lane);
      const now = { left: share < 1, doubted: alpha + beta >= 20 && delivery < trial.truth.delivery / 2 };
      fresh.left ||= now.left && !before[n]!.left;
      fresh.doubted ||= now.doubted && !before[n]!.doubted;
      before[n] = now;
    }
    if (fresh.left) alarms.left++;
    if (fresh.doubted) alarms.doubted++;
    const point = random();
    const cell = cells[point < SHARES[0]! ? 0 : point < SHARES[0]! + SHARES[1]! ? 1 : 2]!;
    learner.path.submit(cell, EPOCH + at, fateOf(random, 100, quietTruth(trial, at)));
  }
  return alarms;
}
