import { expect, test } from "vitest";
import { parseCatalog } from "../../../domain/catalog/catalog.ts";
import { catalogQuestions } from "../../../services/console/catalog-questions.ts";
import { consoleWorld } from "./console-world.ts";

const accounts = (...names: string[]) => ({
  accounts: names.map((id) => ({ id, name: id })),
  providers: [],
  routes: [],
});
const applied = (version: number, source: object) => ({ version, at: version, by: "anna", note: null, source });
const versions = [
  applied(4, accounts("acme")),
  applied(5, accounts("acme", "bank")),
  applied(6, accounts("bank")),
] as never;

async function asking(path: string, content: object = {}) {
  const catalog = { current: { catalog: content, version: 6 } } as never;
  const world = await consoleWorld(catalogQuestions({ catalog, history: { versions } }));
  try {
    return await world.ask("viewer", path);
  } finally {
    await world.stop();
  }
}

test("any two versions that are kept are compared, in either direction", async () => {
  const diff = async (from: number, to: number) =>
    (await asking(`/api/history/diff?from=${from}&to=${to}`)).body.diff as string[];
  const lines = (found: string[]) => found.map((line) => line.split(":")[0]).sort();
  expect(lines(await diff(4, 6))).toEqual(["+ account bank", "- account acme"].sort());
  expect(lines(await diff(6, 4))).toEqual(["+ account acme", "- account bank"].sort());
  expect(await diff(5, 5)).toEqual([]);
});

test("a version that is not kept, or is no number, is said", async () => {
  expect(await asking("/api/history/diff?from=3&to=6")).toMatchObject({
    status: 404,
    body: { code: "NO_SUCH_VERSION", detail: expect.stringMatching(/^from: version 3 is not among the 3/) },
  });
  expect(await asking("/api/history/diff?from=4")).toMatchObject({
    status: 400,
    body: { detail: "to: a version's number is needed" },
  });
});

test("look-ups are shown with what they may cost, and without their address", async () => {
  const lookup = {
    ...{ id: "hlr", kind: "http", url: "https://hlr.example/secret/{number}", answer: { mccMnc: "network" } },
    ...{ price: "0.003", currency: "EUR", budget: { daily: "5", zone: "Europe/Berlin" } },
  };
  const parsed = parseCatalog({ ...accounts("acme"), portability: { lookups: [lookup] } }, 6);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  expect((await asking("/api/lookups", parsed.value)).body).toEqual({
    lookups: [{ id: "hlr", price: "0.003", currency: "EUR", daily: "5", monthly: null, zone: "Europe/Berlin" }],
  });
  expect((await asking("/api/lookups")).body).toEqual({ lookups: [] });
});
