import { expect, it } from "vitest";
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
