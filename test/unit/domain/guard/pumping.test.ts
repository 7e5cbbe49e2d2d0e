import { expect, it } from "vitest";
import { type Attack, simulatePumping } from "./pumped-prefixes.ts";

const three = (n: number) => String(n % 1_000).padStart(3, "0");
const ATTACKS: readonly (Attack & { readonly passes: number })[] = [
  {
    name: "one prefix, fast",
    rate: 120,
    number: (_, random) => `371200001${three(Math.floor(random() * 1_000))}`,
    passes: 30,
  },
  {
    name: "one prefix, slowly",
    rate: 30,
    number: (_, random) => `371200001${three(Math.floor(random() * 1_000))}`,
    passes: 60,
  },
  { name: "counted up, slowly", rate: 10, number: (n) => `371200001${three(n)}`, passes: 60 },
  { name: "counted up through prefixes, fast", rate: 120, number: (n) => `3712${String(1_000_000 + n)}`, passes: 250 },
];

it.each(ATTACKS)(
  "pumping is stopped: $name, at most $passes go",
  (attack) => {
    const { people, pumped } = simulatePumping(attack, 300, 1, 20, 5);
    expect(pumped.passed).toBeLessThanOrEqual(attack.passes);
    expect(pumped.sent).toBeGreaterThan(attack.rate * 12);
    expect(people.stopped).toBe(0);
  },
  60_000,
);

it("people who sign in are not stopped", () => {
  const { people } = simulatePumping(undefined, 1_200, 4, 10);
  expect(people.sent).toBeGreaterThan(5_000);
  expect(people.stopped).toBe(0);
});
