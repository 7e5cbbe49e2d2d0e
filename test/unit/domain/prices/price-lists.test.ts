import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, test } from "vitest";
import { formatMoney } from "../../../../domain/catalog/money.ts";
import { decodeText } from "../../../../domain/prices/decode-text.ts";
import { formatProblem } from "../../../../domain/prices/list-problem.ts";
import { readList } from "../../../../domain/prices/read-list.ts";
import { acceptedLists, refusedLists } from "./expected-lists.ts";

const folder = resolve(import.meta.dirname, "lists");

function textOf(file: string) {
  return decodeText(readFileSync(resolve(folder, file)));
}

describe("lists as providers write them", () => {
  for (const { file, settings, currency, prices, warnings = [], ...more } of acceptedLists)
    test(`${file}${settings === undefined ? "" : " with settings"}`, () => {
      const text = textOf(file);
      if (!text.ok) throw new Error(text.message);
      const list = readList(text.value, settings);
      if (!list.ok) throw new Error(list.problems.map(formatProblem).join("\n"));
      const { entries, lines, ignored } = list.value;
      const shown = entries.map(({ key, price, from, charged }) =>
        [
          key,
          formatMoney(price),
          ...(from === undefined ? [] : [from]),
          ...(charged === undefined ? [] : [charged]),
        ].join(" "),
      );
      expect(shown).toEqual(prices);
      expect(list.value.currency).toBe(currency);
      expect(list.value.warnings.map(formatProblem)).toEqual(warnings.map((part) => expect.stringContaining(part)));
      expect({ lines, ignored, names: entries.map(({ name }) => name) }).toMatchObject(more);
    });
});

describe("lists that are refused", () => {
  for (const { file, settings, problems } of refusedLists)
    test(`${file}${settings === undefined ? "" : " with settings"}`, () => {
      const text = textOf(file);
      const list = text.ok ? readList(text.value, settings) : { ok: false as const, problems: [] };
      const told = text.ok ? (list.ok ? [] : list.problems.map(formatProblem)) : [text.message];
      expect(told).toEqual(problems.map((part) => expect.stringContaining(part)));
    });
});

it("has an expectation for every list", () => {
  const expected = new Set([...acceptedLists, ...refusedLists].map(({ file }) => file));
  expect([...expected].sort()).toEqual(readdirSync(folder).sort());
});
