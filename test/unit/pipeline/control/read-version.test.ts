import { expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { snapshotInSteps, snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { inSlices } from "../../../../pipeline/control/in-slices.ts";
import { readVersion } from "../../../../pipeline/control/read-version.ts";

const HEADER = "Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network\n";
const lines = Array.from({ length: 50_000 }, (_, n) => `,,1${n + 100_000},0.02,,,Some network\n`);
const smpp = { host: "h", port: 1, systemId: "s", password: { env: "P" } };
const source = {
  providers: [{ id: "a", kind: "smpp", rate: 1, currency: "EUR", smpp, prices: { list: HEADER + lines.join("") } }],
};

it("a version of 50,000 prices is read in slices, between which the process goes on", async () => {
  let turns = 0;
  let over = false;
  const turn = (): void => {
    turns++;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const { providers } = await readVersion(source, 12, () => "p");
  over = true;
  expect(providers[0]!.prices.table.byPrefix.size).toBe(50_000);
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(source.providers[0]!.smpp.password, "the version itself keeps the reference").toEqual({ env: "P" });
});

const provider = {
  id: "a",
  kind: "smpp",
  rate: 1,
  currency: "EUR",
  smpp: { ...smpp, password: "p" },
  prices: [{ price: "0.01" }],
};
const routes = Array.from({ length: 10_000 }, (_, n) => ({
  ...{ id: `r${n}`, strategy: "weighted", providers: [{ id: "a" }] },
  when: { prefixes: [`49${10_000 + n}`] },
}));

/** Turns of the event loop until something is done. */
async function turnsOf<Result>(work: Promise<Result>): Promise<{ readonly turns: number; readonly result: Result }> {
  let [turns, over] = [0, false];
  const turn = (): void => {
    turns++;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const result = await work;
  over = true;
  return { turns, result };
}

it("so are 10,000 routes, and what is made of them is the same as at once", async () => {
  const plain = { providers: [provider], routes };
  const read = await turnsOf(readVersion(plain, 12, () => "p"));
  expect(read.turns).toBeGreaterThanOrEqual(3);
  const whole = parseCatalog(plain, 12);
  expect(whole.ok && whole.value).toEqual(read.result);
  expect([...snapshotInSteps(read.result)].length, "places at which it can be put off").toBeGreaterThanOrEqual(4);
  const made = await inSlices(snapshotInSteps(read.result));
  expect(JSON.stringify(made.routes)).toBe(JSON.stringify(snapshotOf(read.result).routes));
});

it("what is wrong is told as it is when all is read at once", async () => {
  const wrongs = [
    { providers: [{ ...provider, rate: 0 }], routes: [routes[0], { ...routes[1], strategy: "best" }] },
    { providers: [provider], routes: "none" },
    { providers: [provider], routes: [routes[0], { ...routes[1], id: "r0", providers: [{ id: "b" }] }] },
    { providers: [{ ...provider, partitions: 5 }], more: true },
  ];
  for (const wrong of wrongs) {
    const parsed = parseCatalog(wrong, 12);
    const told = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
    expect(told.length).toBeGreaterThan(0);
    await expect(readVersion(wrong, 12, () => "p")).rejects.toThrow(told.slice(0, 3).join("; "));
  }
});
