import type { RouteStrategy } from "../../domain/catalog/route.ts";
import type { QualityCell } from "../../domain/quality/quality-cell.ts";
import { chooseProvider } from "../../domain/routing/choose-provider.ts";
import { seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import { Learner } from "./learner.ts";
import { EPOCH, factsOf, tableOf } from "./route-of-lab.ts";
import { arrivals, fateOf, networkOf, type World } from "./world.ts";

/** What was paid, and what arrived for it; micro-units and messages. */
export interface Bought {
  cost: number;
  delivered: number;
  messages: number;
}

/** What a strategy bought, by phase and network: after settling, and in all. */
export interface Outcome {
  readonly settled: readonly (readonly Bought[])[];
  readonly all: readonly (readonly Bought[])[];
}

/** Lets a strategy decide about all messages of a world; `settleMs`: how long after a change what is bought does not count as settled. */
export function trade(world: World, strategy: RouteStrategy, settleMs: number, explorePerHour = "1"): Outcome {
  const table = tableOf(world, strategy, explorePerHour);
  const learner = strategy === "least-cost-per-delivered" ? new Learner() : undefined;
  const [coming, choosing, faring] = [1, 2, 3].map((salt) => seededRandom(world.seed * 7 + salt));
  const outcome = { settled: blank(world), all: blank(world) };
  const places = new Map(world.providers.map(({ id }, n) => [id, n]));
  const cells = world.providers.map(({ id: provider }) =>
    world.networks.map(
      ({ country, mccMnc }): QualityCell => ({ provider, country, network: mccMnc, lane: "transactional" }),
    ),
  );
  for (const at of arrivals(coming!, world.rate, 0, world.phases * world.phaseMs)) {
    learner?.advanceTo(at);
    const phase = Math.floor(at / world.phaseMs);
    const network = networkOf(coming!, world.networks);
    const choice = chooseProvider(table, {
      facts: factsOf(network, EPOCH + at),
      tried: [],
      health: () => undefined,
      random: choosing!,
      delivery: learner?.view,
    });
    if (!choice.ok) throw new Error(choice.reason);
    const place = places.get(choice.provider.id)!;
    const { latencyMs, truth } = world.providers[place]!;
    const fate = fateOf(faring!, latencyMs, truth[phase]![network]!);
    learner?.path.submit(cells[place]![network]!, EPOCH + at, fate);
    book(outcome.all[phase]![network]!, choice.price, fate.delivered);
    if (at - phase * world.phaseMs >= settleMs) book(outcome.settled[phase]![network]!, choice.price, fate.delivered);
  }
  return outcome;
}

function book(bought: Bought, cost: number, delivered: boolean): void {
  bought.cost += cost;
  bought.messages++;
  if (delivered) bought.delivered++;
}

function blank({ phases, networks }: World): Bought[][] {
  return Array.from({ length: phases }, () => networks.map(() => ({ cost: 0, delivered: 0, messages: 0 })));
}

/** By how much more a delivered message cost than by the best choice of each phase and network, percent. */
export function regret({ providers }: World, bought: readonly (readonly Bought[])[]): number {
  let [paid, needed] = [0, 0];
  for (const [phase, networks] of bought.entries())
    for (const [network, { cost, delivered }] of networks.entries()) {
      const best = Math.min(
        ...providers.map(({ prices, truth }) => prices[network]! / truth[phase]![network]!.delivery),
      );
      paid += cost;
      needed += best * delivered;
    }
  return 100 * (paid / needed - 1);
}
