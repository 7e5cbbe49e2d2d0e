import { expect, test } from "vitest";
import { Circuit } from "../../../platform/flow/circuit.ts";
import type { Link, LinkEvents } from "../../../services/sender/link.ts";
import { LinkBinding } from "../../../services/sender/link-binding.ts";
import type { Unit } from "../../../services/sender/unit-result.ts";

/** A link that is bound or not, and stops when the test says so. */
function binding() {
  const stops: (() => void)[] = [];
  const link = {
    bound: 0,
    start: () => void link.bound++,
    async stop() {
      await new Promise<void>((resolve) => stops.push(resolve));
      link.bound = 0;
    },
  };
  const circuit = new Circuit({ failures: 1, openMs: 1, silenceMs: 1 });
  const events = {} as LinkEvents<Unit>;
  const bound = new LinkBinding<Unit>(link as unknown as Link<Unit>, circuit, events);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { link, stops, bound, turn, bind: () => bound.bind(() => 0) };
}

test("it binds again when it has unbound", async () => {
  const { link, stops, bound, turn, bind } = binding();
  await bind();
  expect(link.bound).toBe(1);
  void bound.unbind();
  void bind();
  await turn();
  expect([link.bound, stops.length]).toEqual([1, 1]);
  stops[0]!();
  await turn();
  expect(link.bound).toBe(1);
});

test("it stays unbound, and does not bind twice, when it is told otherwise while it still unbinds", async () => {
  for (const again of [false, true]) {
    const { link, stops, bound, turn, bind } = binding();
    await bind();
    void bound.unbind();
    void bind();
    await turn();
    void bound.unbind();
    if (again) void bind();
    for (let n = 0; n < 3; n++) {
      for (const stop of stops) stop();
      await turn();
    }
    expect(link.bound, `bound again: ${again}`).toBe(again ? 1 : 0);
  }
});
