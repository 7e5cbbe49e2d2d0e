import { expect, test } from "vitest";
import { SeenDeliveries } from "../../../../pipeline/simulate/seen-deliveries.ts";
import { type Simulation, simulateTable } from "../../../../pipeline/simulate/simulate-report.ts";
import { Tally } from "../../../../pipeline/simulate/tally.ts";

function tallyOf(provider: string, currency: string): Tally {
  const tally = new Tally();
  tally.give(provider, 2, { price: 50_000, currency, onDelivery: false }, 0.5);
  return tally;
}

const between = (recorded: Tally, changed: Tally): Simulation => ({
  ...{ first: 0, last: 60_000, recorded, atWork: undefined, changed: { name: "new", tally: changed } },
  ...{ seen: new SeenDeliveries(), rates: undefined, networkSources: new Map(), unreadable: 0, leftOut: 0 },
});

test("a change from one currency to another without rates shows both, and adds up nothing", () => {
  const table = simulateTable(between(tallyOf("alpha", "EUR"), tallyOf("beta", "USD")));
  expect(table).toMatch(/^cost EUR +0\.1000 +0\.0000 +-0\.1000$/m);
  expect(table).toMatch(/^cost USD +0\.0000 +0\.1000 +\+0\.1000$/m);
  expect(table).not.toMatch(/cost in|a delivered message/);
});

test("of one currency it says what a delivered message costs", () => {
  const table = simulateTable(between(tallyOf("alpha", "EUR"), tallyOf("beta", "EUR")));
  expect(table).toMatch(/^EUR a delivered message +0\.20000 +0\.20000 +0\.00000$/m);
});
