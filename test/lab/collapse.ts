import type { RouteStrategy } from "../../domain/catalog/route.ts";
import type { QualityCell } from "../../domain/quality/quality-cell.ts";
import { chooseProvider } from "../../domain/routing/choose-provider.ts";
import { seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import { exponential } from "./distributions.ts";
import { Learner } from "./learner.ts";
import { EPOCH, factsOf, tableOf } from "./route-of-lab.ts";
import type { CollapseTrial } from "./trials.ts";
import { fateOf, NETWORKS, type Truth } from "./world.ts";

/** Of the decisions of a second fewer than this share: the provider is left, but for what tries it. */
const LEFT = 0.05;
/** It must stay so for as many seconds. */
const STAYS = 10;
/** What the other provider takes more, and how it delivers. */
const OTHER_PRICE = 1.3;
const OTHER: Truth = { delivery: 0.9, medianMs: 6_000, sigma: 0.6, tail: 0.02, told: 0.5 };
const ID = ["cheap", "dear"] as const;

/**
 * Two providers; the cheaper one has the traffic until its receipts collapse, in one network or in all, while it goes on
 * accepting. @returns seconds until it is left; Infinity when it is not within ten medians
 */
export function secondsUntilLeft(trial: CollapseTrial, strategy: RouteStrategy): number {
  const { networks, truth, collapseMs, rate } = trial;
  const prices = [NETWORKS.map(() => 10_000), NETWORKS.map(() => 10_000 * OTHER_PRICE)];
  const providers = ID.map((id, n) => ({ id, prices: prices[n]!, latencyMs: 100, truth: [] }));
  const table = tableOf({ providers, networks: NETWORKS }, strategy, "1");
  const learner = new Learner();
  const random = seededRandom(trial.seed * 11 + 1);
  const cells = ID.map((provider) =>
    NETWORKS.map(({ country, mccMnc }): QualityCell => ({ provider, country, network: mccMnc, lane: "transactional" })),
  );
  const untilMs = collapseMs + 10 * truth.medianMs;
  const taken: { all: number; cheap: number }[] = [];
  let collapsed = false;
  for (let at = 0; at < untilMs; at += exponential(random, rate / 1_000)) {
    if (at >= collapseMs && !collapsed) {
      collapsed = true;
      if (trial.by === "receipt") learner.path.lose(({ provider }) => provider === ID[0] && random() >= trial.left);
    }
    learner.advanceTo(at);
    const network = networks[Math.floor(random() * networks.length)]!;
    const choice = chooseProvider(table, {
      facts: factsOf(network, EPOCH + at),
      tried: [],
      health: () => undefined,
      random,
      delivery: learner.view,
    });
    if (!choice.ok) throw new Error(choice.reason);
    const place = choice.provider.id === ID[0] ? 0 : 1;
    const kept = place === 1 || !collapsed || random() < trial.left;
    const fate = fateOf(random, 100, place === 0 ? truth : OTHER);
    learner.path.submit(
      cells[place]![network]!,
      EPOCH + at,
      kept ? fate : { ...fate, delivered: false, receiptMs: undefined },
    );
    if (!collapsed) continue;
    const second = Math.floor((at - collapseMs) / 1_000);
    taken[second] ??= { all: 0, cheap: 0 };
    taken[second].all++;
    if (place === 0) taken[second].cheap++;
  }
  const left = taken.findIndex((_, n) => taken.slice(n, n + STAYS).every(({ all, cheap }) => cheap < LEFT * all));
  return left < 0 ? Number.POSITIVE_INFINITY : left;
}
