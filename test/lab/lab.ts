/**
 * `make routing-lab`: how well the router buys, in pure simulation on one core. Ends with one line of JSON. LAB_SEEDS (50), LAB_FROM
 * (1, the first seed), LAB_PICTURE (where the picture goes, docs/routing-lab.svg).
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { RouteStrategy } from "../../domain/catalog/route.ts";
import { secondsUntilLeft } from "./collapse.ts";
import { darkShare } from "./dark.ts";
import { regret, trade } from "./market.ts";
import { percentile, picture } from "./picture.ts";
import { type FalseAlarms, falseAlarms } from "./quiet.ts";
import { collapseOf, DAY_MS, darkOf, quietOf } from "./trials.ts";
import { worldOf } from "./world.ts";

const STRATEGIES = ["least-cost-per-delivered", "least-cost", "weighted"] as const satisfies readonly RouteStrategy[];
/** How long after a change the router may learn before what it buys counts as settled, ms. */
const SETTLE_MS = 240_000;
const EXPLORE_PER_HOUR = "5";
/** Messages a second, and days, of the providers of which nothing is wrong: as much as they take together is 2.4 months. */
const QUIET = [
  [0.02, 30],
  [0.02, 30],
  [0.3, 10],
  [5, 2],
] as const;

const SIMULATED = `Simulated, by the clock of the simulation: providers (price, answers, deliveries, receipts), their networks, arrivals, the
time that sms.quality and sms.health take to the router, the link under the circuit. Real: the collectors of four partitions,
the estimates, chooseProvider with the strategies, exploring and its money, the sender's circuit.
Worlds: 4 to 6 providers, 4 networks, 20 messages a second, 4 phases of 20 minutes; in each change 40 of 100 deliveries and 30 of 100
receipt delays are others. Settled: ${SETTLE_MS / 60_000} minutes after a change. Regret: what was paid beside what the same deliveries cost by the
best provider of each phase and network. Collapse: 200 submissions a second. Exploring: ${EXPLORE_PER_HOUR} an hour, where messages cost 0.01 to 0.06.
Quiet: ${QUIET.map(([rate, days]) => `${days} days at ${rate} a second`).join(", ")}, with nights, bursts, drift, and receipts that take 2 to 3 times as long.
Seeds of the report: LAB_FROM on, from 1. The strategy was tuned on seeds from 10,000 on.`;

const say = (line: string): void => console.error(line);
const round = (value: number, digits = 2): number | null =>
  Number.isFinite(value) ? Number(value.toFixed(digits)) : null;

interface Figures {
  readonly regrets: readonly number[];
  readonly regretPercent: number | null;
  readonly regretOverallPercent: number | null;
  readonly darkShareAfter2s: number | null;
  readonly collapseLeftSeconds: number | null;
  readonly medianReceiptSeconds: number | null;
  readonly collapseLeftInMedians: number | null;
}

function figuresOf(strategy: RouteStrategy, seeds: readonly number[]): Figures {
  const outcomes = seeds.map((seed) => {
    const world = worldOf(seed);
    const { settled, all } = trade(world, strategy, SETTLE_MS, EXPLORE_PER_HOUR);
    return { settled: regret(world, settled), all: regret(world, all) };
  });
  say(`${strategy}: ${seeds.length} worlds`);
  const regrets = outcomes.map(({ settled }) => settled);
  const dark = seeds.flatMap((seed) =>
    (["lost", "silent"] as const).map((kind) => darkShare(darkOf(seed, kind), strategy)),
  );
  // Who does not look at receipts never leaves: a few show it.
  const looks = strategy === "least-cost-per-delivered";
  const left = seeds.slice(0, looks ? seeds.length : 3).map((seed) => {
    const trial = collapseOf(seed);
    const seconds = secondsUntilLeft(trial, strategy);
    return { seconds, median: trial.truth.medianMs / 1_000, medians: (seconds * 1_000) / trial.truth.medianMs };
  });
  const worst = percentile(
    left.map(({ medians }) => medians),
    0.95,
  );
  const shown = left.find(({ medians }) => medians === worst)!;
  return {
    regrets,
    regretPercent: round(percentile(regrets, 0.95)),
    regretOverallPercent: round(
      percentile(
        outcomes.map(({ all }) => all),
        0.95,
      ),
    ),
    darkShareAfter2s: round(Math.max(...dark), 4),
    collapseLeftSeconds: round(shown.seconds, 0),
    medianReceiptSeconds: round(shown.median),
    collapseLeftInMedians: round(worst),
  };
}

/** How often a provider was left for nothing, in a month. */
function alarmsPerMonth(from: number): FalseAlarms {
  let [left, doubted, days] = [0, 0, 0];
  for (const [n, [rate, length]] of QUIET.entries()) {
    const alarms = falseAlarms(quietOf(from + n, rate, length * DAY_MS));
    left += alarms.left;
    doubted += alarms.doubted;
    days += length;
  }
  return { left: (left * 30) / days, doubted: (doubted * 30) / days };
}

const count = Number(process.env.LAB_SEEDS || 50);
const from = Number(process.env.LAB_FROM || 1);
const seeds = Array.from({ length: count }, (_, n) => from + n);
console.log(SIMULATED);
const figures = STRATEGIES.map((strategy) => ({ strategy, ...figuresOf(strategy, seeds) }));
const { left, doubted } = alarmsPerMonth(from);
console.table(
  Object.fromEntries(
    figures.map(({ strategy, regrets, ...shown }) => [
      strategy,
      { "regret median": round(percentile(regrets, 0.5)), ...shown },
    ]),
  ),
);
const title = `What ${count} simulated worlds cost beyond the best choice of each phase, after settling; bar: 95th percentile`;
const file = resolve(import.meta.dirname, "../..", process.env.LAB_PICTURE || "docs/routing-lab.svg");
writeFileSync(
  file,
  picture(
    figures.map(({ strategy, regrets }) => ({ name: strategy, regrets })),
    title,
  ),
);
const [{ strategy: _, regrets: __, ...own }, ...others] = figures as [(typeof figures)[0], ...typeof figures];
const plain = others.map(({ strategy, regrets: ___, ...rest }) => [strategy, rest]);
console.log(
  JSON.stringify({
    seeds: count,
    from,
    ...own,
    falseAlarms: round(left),
    doubtedForNothing: round(doubted),
    ...Object.fromEntries(plain),
  }),
);
