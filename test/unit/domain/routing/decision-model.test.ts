import fc from "fast-check";
import { expect, it } from "vitest";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import type { CountOf } from "../../../../domain/routing/cap-table.ts";
import { type Choice, chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../../../domain/routing/delivery-view.ts";
import { type Decision, modelOf } from "./decision-model.ts";
import { catalog, message, parsedFrom, type Situation, situation } from "./decision-world.ts";

function deliveryOf({ quality, money }: Situation): DeliveryView {
  return {
    of: (provider) => {
      const { alpha, beta, share, p95Ms, tries } = quality[provider] ?? { ...NOT_SEEN };
      const delivery = alpha / (alpha + beta);
      return { alpha, beta, delivery, medianMs: undefined, p95Ms, share, mayTry: () => tries };
    },
    converts: (provider) => {
      const told = quality[provider]?.told;
      if (told === undefined) return undefined;
      const { trials, successes } = told.network;
      return { levels: [told.country, told.network], told: trials, converted: successes, suspect: false };
    },
    spend: () => money,
  };
}

const NOT_SEEN = { alpha: 1.8, beta: 0.2, share: 1, p95Ms: undefined, tries: false };

const countsOf =
  ({ counts }: Situation): CountOf =>
  ({ cap, value }) => {
    const { hour, day } = counts[`${cap.id} ${value}`] ?? { hour: 0, day: 0 };
    return { hour, day, hourEnd: 3_600_000, dayEnd: 86_400_000 };
  };

/** A choice in the model's words. */
function decisionOf(choice: Choice): Decision {
  const verdicts = Object.fromEntries(choice.candidates.map((one) => [one.provider, one.verdict]));
  const { route, reason } = choice;
  if (!choice.ok) return { route, reason, verdicts, ...(choice.full && { full: choice.full.cap }) };
  const { price, tariff, sender } = choice;
  return { route, reason, verdicts, provider: choice.provider.id, price, tariff, sender };
}

it("decides as a model does that asks every route and every provider in turn", () => {
  let compared = 0;
  const met = new Set<string>();
  fc.assert(
    fc.property(catalog, fc.array(fc.tuple(message, situation), { minLength: 6, maxLength: 12 }), (given, asked) => {
      const parsed = parsedFrom(given);
      // Routes that can never hold are refused; that is another test's matter.
      fc.pre(parsed.ok);
      const { routes: table } = snapshotOf(parsed.value);
      for (const [facts, now] of asked) {
        const choice = chooseProvider(table, {
          facts,
          tried: now.tried,
          refused: new Map(now.refused.map((id) => [id, true])),
          health: (id) => now.health[id],
          counts: countsOf(now),
          delivery: deliveryOf(now),
          random: () => now.draw,
        });
        const decision = decisionOf(choice);
        expect(decision).toEqual(modelOf(given, facts, now));
        compared++;
        met.add(decision.reason);
        for (const verdict of Object.values(decision.verdicts)) met.add(verdict);
        if (decision.tariff !== undefined) met.add("tariff");
        if (decision.price === 0) met.add("nothing to pay");
        if (decision.provider !== undefined && decision.sender !== facts.from) met.add("sent as another");
      }
    }),
    // A catalog takes longer to be read than a message to be decided.
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(2_000);
  // All of it was met: what never comes up was never compared.
  for (const one of [
    ...["least-cost-per-delivered", "cap-reached", "sender-not-allowed", "sender-not-registered", "sender-not-carried"],
    ...["dearer-per-delivered", "below-quality-floor", "too-slow", "receipts-collapsed", "not-drawn", "price-cap"],
    ...["tariff", "nothing to pay", "sent as another", "least-backlog", "failover"],
  ])
    expect([...met]).toContain(one);
});
