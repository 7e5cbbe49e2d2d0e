import { expect, it } from "vitest";
import { KnownNetworks } from "../../../../domain/portability/known-networks.ts";
import { LookupCircuit } from "../../../../domain/portability/lookup-circuit.ts";

const known = (until: number) => ({ mccMnc: "26203", source: "lookup", until }) as const;

it("remembers so many numbers, those that were needed last, each for its time", () => {
  const networks = new KnownNetworks(2);
  networks.set("1", known(100));
  networks.set("2", known(100));
  expect(networks.get("1", 0)).toEqual(known(100));
  networks.set("3", known(100));
  expect([networks.get("1", 0), networks.get("2", 0), networks.get("3", 0)]).toEqual([
    known(100),
    undefined,
    known(100),
  ]);
  expect(networks.get("1", 100)).toBeUndefined();
  expect(networks.size).toBe(1);
  networks.resize(0);
  expect(networks.size).toBe(0);
});

it("a circuit opens after failures in a row, lets one question through after its time, and closes by an answer", () => {
  const circuit = new LookupCircuit({ failures: 3, openMs: 1_000 });
  circuit.failed(0);
  circuit.failed(0);
  circuit.succeeded();
  circuit.failed(0);
  circuit.failed(0);
  expect(circuit.may(0)).toBe(true);
  circuit.failed(10);
  // What was under way fails as well, and does not make it longer.
  circuit.failed(500);
  expect([circuit.refuses(1_009), circuit.may(1_009)]).toEqual([true, false]);
  expect([circuit.may(1_010), circuit.may(1_010), circuit.refuses(1_010)]).toEqual([true, false, true]);
  circuit.failed(1_100);
  expect([circuit.may(2_099), circuit.may(2_100)]).toEqual([false, true]);
  circuit.succeeded();
  expect([circuit.may(2_100), circuit.may(2_100)]).toEqual([true, true]);
});

it("a service that asks to be left alone is, for a minute at the most", () => {
  const circuit = new LookupCircuit({ failures: 100, openMs: 1_000 });
  circuit.failed(0, 5_000);
  expect([circuit.may(4_999), circuit.may(5_000)]).toEqual([false, true]);
  circuit.failed(5_000, 1e12);
  expect([circuit.may(64_999), circuit.may(65_000)]).toEqual([false, true]);
});
