import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadCatalog } from "../../../domain/catalog/load-catalog.ts";
import { configFolder } from "../../../platform/config/yaml-file.ts";
import { writeCatalogFiles } from "../../../services/cli/catalog/write-catalog-files.ts";
import { examplePlain } from "../domain/catalog/example.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-export-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const source = { ...examplePlain() };
const more = {
  regions: [{ id: "dach", countries: ["DE", "AT", "CH"] }],
  rates: { base: "EUR", date: "2026-01-31", rates: { USD: "1.08" } },
  portability: { lookups: [{ id: "de", kind: "http", url: "https://l.example/{number}", answer: { mccMnc: "net" } }] },
  caps: [{ id: "codes", of: "sender", maxPerDay: 5 }],
  quietHours: [{ id: "germany", countries: ["DE"], allowed: [{ from: "09:00", to: "20:00" }] }],
  senders: [{ id: "us", countries: ["US"], registered: [{ sender: "12345", providers: ["north"] }] }],
};
const read = () => loadCatalog(configFolder(folder), 12).source;

it("writes files that are read as the same version again", () => {
  const paths = writeCatalogFiles(folder, { version: 7, source: { ...source, ...more } });
  expect(paths).toHaveLength(9);
  expect(read()).toEqual({ ...source, ...more });
});

it("writes price lists beside providers.yaml", () => {
  const list = "Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network\nDE,,,0.05,,,\n";
  const [north, ...others] = source.providers;
  const listed = { ...source, providers: [{ ...north, prices: { list, zone: "UTC" } }, ...others] };
  expect(writeCatalogFiles(folder, { version: 7, source: listed })).toContain(join(folder, "prices/north.csv"));
  expect(read()).toEqual(listed);
});

it("leaves nothing of an earlier export, and no part that the version has not", () => {
  writeCatalogFiles(folder, { version: 7, source: { ...source, ...more } });
  writeCatalogFiles(folder, { version: 6, source });
  expect(read()).toEqual(source);
});
