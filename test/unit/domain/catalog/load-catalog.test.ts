import { expect, it } from "vitest";
import { type CatalogFolder, loadCatalog } from "../../../../domain/catalog/load-catalog.ts";
import { examplePlain } from "./example.ts";

const lineOf = (keys: readonly (string | number)[]) => `line ${keys.join("/")}`;

/** The example's folder after a change; it has no price lists. */
function reader(change: (plain: ReturnType<typeof examplePlain>) => void): CatalogFolder {
  const plain = examplePlain();
  change(plain);
  return {
    yaml: (file) => ({ value: plain[file.replace(".yaml", "") as keyof typeof plain], where: lineOf }),
    octets: () => {
      throw new Error("there is no such file");
    },
  };
}

it("names file, line, entry and path of every problem", () => {
  const read = reader(({ providers, routes }) => {
    Object.assign(providers[1]!, { currency: "euro" });
    Object.assign(routes[1]!, { when: { countries: ["UK"] } });
    Object.assign(providers[2]!, { id: "" });
  });
  const load = () => loadCatalog(read, 12);
  expect(load).toThrow("The catalog has 3 problems:");
  expect(load).toThrow('providers.yaml, line 1/currency: provider "south": providers[1].currency: an ISO 4217 code');
  expect(load).toThrow('routes.yaml, line 1/when/countries/0: route "germany": routes[1].when.countries[0]: "UK"');
  expect(load).toThrow("providers.yaml, line 2/id: providers[2].id: lower-case letters");
});

it("gives its warnings beside the catalog, as the problems are told", () => {
  const { routes, warnings } = loadCatalog(
    reader((plain) => void plain.routes.splice(0, 3)),
    12,
  );
  expect(routes).toEqual([]);
  expect(warnings).toEqual(["routes.yaml, line : routes: there is none: every message ends as failed, no-route"]);
});

it("warns of files in the folder that look as if they were of it", () => {
  const folder = {
    ...reader(() => {}),
    names: () => ["accounts.yaml", "sender.yaml", "Caps.yaml", "rates.yml", "a.csv"],
  };
  const told = (name: string) =>
    expect.stringMatching(`^${name}: is not read: the catalog's files are accounts\\.yaml, `);
  expect(loadCatalog(folder, 12).warnings).toEqual(["sender.yaml", "Caps.yaml", "rates.yml"].map(told));
});

it("reads the accounts alone where only they are asked for, and says nothing of the rest", () => {
  const asked: string[] = [];
  const folder = reader(() => {});
  const yaml = (file: string, optional: boolean) => {
    asked.push(file);
    return folder.yaml(file, optional);
  };
  const catalog = loadCatalog({ ...folder, yaml }, 12, { parts: ["accounts"] });
  expect(asked).toEqual(["accounts.yaml"]);
  expect(catalog).toMatchObject({ accounts: [{ id: "acme" }, { id: "globex" }], providers: [], warnings: [] });
});

it("asks for regions, exchange rates and look-ups as files that need not be there, and leaves out what holds nothing", () => {
  const optional: string[] = [];
  const folder = reader(() => {});
  const yaml = (file: string, missing: boolean) => {
    if (missing) optional.push(file);
    return folder.yaml(file, missing);
  };
  const catalog = loadCatalog({ ...folder, yaml }, 12);
  expect(optional).toEqual([
    "regions.yaml",
    "rates.yaml",
    "portability.yaml",
    "senders.yaml",
    "caps.yaml",
    "quiet-hours.yaml",
  ]);
  expect([catalog.regions, catalog.rates, catalog.portability]).toEqual([[], undefined, undefined]);
  // A program that does not know them yet can still read the rest.
  expect(Object.keys(catalog.source)).toEqual(["accounts", "providers", "routes"]);
});

it("says which region and account quiet hours name that there is not", () => {
  const rule = { id: "night", regions: ["nowhere"], accounts: ["nobody"], allowed: [{ from: "08:00", to: "21:00" }] };
  const folder = reader(() => {});
  const yaml = (file: string, optional: boolean) =>
    file === "quiet-hours.yaml" ? { value: [rule], where: lineOf } : folder.yaml(file, optional);
  expect(() => loadCatalog({ ...folder, yaml }, 12)).toThrow(/no account "nobody"[\s\S]*no region "nowhere"/);
});

it("names file, line and rule of quiet hours that are never reached", () => {
  const rules = ["first", "second"].map((id) => ({ id, countries: ["DE"], allowed: [{ from: "08:00", to: "21:00" }] }));
  const folder = reader(() => {});
  const yaml = (file: string, optional: boolean) =>
    file === "quiet-hours.yaml" ? { value: rules, where: lineOf } : folder.yaml(file, optional);
  expect(loadCatalog({ ...folder, yaml }, 12).warnings).toContain(
    'quiet-hours.yaml, line 1: quiet hours "second": quietHours[1]: never reached: "first" before it has all of it',
  );
});

it("names file and line of what is wrong with a region or a rate", () => {
  const parts: Record<string, unknown> = {
    "regions.yaml": [{ id: "dach", countries: ["DE", "UK"] }],
    "rates.yaml": { base: "EUR", date: "31.1.2026", rates: { USD: 1.08 } },
  };
  const folder = reader(() => {});
  const yaml = (file: string, optional: boolean) =>
    file in parts ? { value: parts[file], where: lineOf } : folder.yaml(file, optional);
  const load = () => loadCatalog({ ...folder, yaml }, 12);
  expect(load).toThrow('regions.yaml, line 0/countries/1: region "dach": regions[0].countries[1]: "UK" is no ISO');
  expect(load).toThrow("rates.yaml, line date: rates.date: a day such as 2026-01-31");
  expect(load).toThrow("rates.yaml, line rates/USD: rates.rates.USD: is read as a number, 1.08: put it in quotes");
});
