import { expect, test } from "vitest";
import { z } from "zod";
import { loadYamlFile, parseYaml } from "../../../../platform/config/yaml-file.ts";

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
