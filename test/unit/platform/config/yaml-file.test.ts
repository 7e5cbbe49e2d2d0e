import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { configFolder, loadYamlFile, openYaml, parseYaml } from "../../../../platform/config/yaml-file.ts";

const schema = z.object({ routes: z.array(z.object({ prefix: z.string(), weight: z.number() })) });
const parse = (value: unknown) => schema.parse(value);

function message(source: string): string {
  try {
    parseYaml("routes.yaml", source, parse);
  } catch (error) {
    expect(error).toMatchObject({ code: "CONFIG_INVALID", class: "permanent" });
    return (error as Error).message;
  }
  return "no error";
}

test("a good file is parsed", () => {
  expect(parseYaml("routes.yaml", "routes:\n  - { prefix: '44', weight: 1 }\n", parse)).toEqual({
    routes: [{ prefix: "44", weight: 1 }],
  });
});

test("broken YAML is shown with its line", () => {
  expect(message("routes:\n  - prefix: '44'\n    weight: [1\n")).toMatch(/^routes\.yaml: line [34], column \d+:/);
});

test("a repeated key is an error, not a silent choice", () => {
  expect(message("routes: []\nroutes: []\n")).toContain("line 2, column 1");
});

test("a wrong value is shown with its line, and a missing one with that of its parent", () => {
  const text = message("routes:\n  - prefix: '44'\n    weight: heavy\n  - weight: 2\n");
  expect(text).toContain("line 3, column 13: routes.0.weight");
  expect(text).toContain("line 4, column 5: routes.1.prefix");
});

test("an empty file and any thrown error are explained", () => {
  expect(message("")).toContain("routes.yaml: ");
  expect(() =>
    parseYaml("x.yaml", "a: 1", () => {
      throw new Error("no default route");
    }),
  ).toThrow("x.yaml: no default route");
});

test("a missing file is named", () => {
  expect(() => loadYamlFile("/nowhere/routes.yaml", parse)).toThrow(/^\/nowhere\/routes\.yaml: cannot be read/);
});

test("aliases cannot blow up the memory", () => {
  const levels = ["a: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) levels.push(`b${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}]`);
  expect(message(levels.join("\n"))).toMatch(/alias/i);
});

const value = (source: string) => openYaml("x.yaml", source).value;
const fault = (source: string): string => {
  try {
    openYaml("x.yaml", source);
  } catch (error) {
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    return (error as Error).message;
  }
  return "no error";
};

test.each([
  ["a tab before a key", "- id: a\n\tkind: b\n"],
  ["a tab behind blanks", "- id: a\n  smpp:\n  \thost: b\n"],
  ["a tab behind a dash", "- id: a\n-\tid: b\n"],
])("%s is one message, with its line, and says what to do", (_, source) => {
  expect(fault(source)).toMatch(
    /^x\.yaml: line [23], column \d: a tab stands where YAML takes only blanks: indent with/,
  );
});

test.each([
  ["- id: a\n  id: b\n", "line 2, column 3: Map keys must be unique: id stands twice in this entry"],
  ["- id: a\n---\n- id: b\n", "take the line --- away"],
  [
    "- password: @secret\n",
    "line 1, column 13: Plain value cannot start with reserved character @: put the value in quotes",
  ],
  ["- password: !secret\n", "put the value in quotes"],
  ["- id: *a\n", "line 1, column 7: no anchor &a stands before this; a text that begins with * must be in quotes"],
  ["- id: a: b\n", "a text with a colon and a blank must stand in quotes"],
  ["- id: a\n kind: smpp\n", "check the quotes, brackets and the indentation"],
  ['- id: "a\n', "check the quotes"],
  ["%YAML 1.1\n---\n- NO\n", "YAML 1.1 reads NO, no, yes and on as truth values"],
])("%j is refused with what to do", (source, message) => expect(fault(source)).toContain(message));

test("files as editors of all systems write them are read", () => {
  expect(value("\uFEFF- id: a\r\n  kind: b\r\n")).toEqual([{ id: "a", kind: "b" }]);
  expect(value("- id: a\r  kind: b\r")).toEqual([{ id: "a", kind: "b" }]);
  expect(value("\uFEFF")).toBeNull();
  expect(value("# nothing yet\n")).toBeNull();
});

test("words of YAML 1.1 are texts, and anchors are carried out", () => {
  expect(value("[NO, no, yes, on, 05]")).toEqual(["NO", "no", "yes", "on", 5]);
  expect(value("- &a { id: a, rate: 5 }\n- { <<: *a, id: b }\n")).toEqual([
    { id: "a", rate: 5 },
    { id: "b", rate: 5 },
  ]);
});

test("a place is that of the value, or of what it should stand in", () => {
  const { where } = openYaml("x.yaml", "- id: a\n  smpp:\n    port: x\n");
  expect(where([0, "smpp", "port"])).toBe("line 3, column 11");
  expect(where([0, "smpp", "host"])).toBe("line 3, column 5");
  expect(where([7])).toBe("line 1, column 1");
  expect(openYaml("x.yaml", "").where([0])).toBe("line 1");
});

test("a file in another encoding is refused with what to do", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-yaml-"));
  try {
    const { yaml, octets } = configFolder(folder);
    for (const written of [
      Buffer.from("\uFEFF- id: a\n", "utf16le"),
      Buffer.from("- id: a\n", "utf16le"),
      Buffer.from("- ü\n", "latin1"),
    ]) {
      writeFileSync(join(folder, "providers.yaml"), written);
      expect(octets("providers.yaml")).toEqual(written);
      expect(() => yaml("providers.yaml")).toThrow(/providers\.yaml: is not text in UTF-8.*: save it as UTF-8$/);
    }
    expect(() => yaml("routes.yaml")).toThrow(/routes\.yaml: cannot be read/);
    expect(yaml("regions.yaml", true).value).toBe(null);
    expect(() => yaml("providers.yaml", true)).toThrow(/is not text in UTF-8/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
