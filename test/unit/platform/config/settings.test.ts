import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { z } from "zod";
import { Secret } from "../../../../platform/config/secret.ts";
import * as settings from "../../../../platform/config/settings.ts";

function read(type: z.ZodType, raw: unknown): unknown {
  const result = type.safeParse(raw);
  return result.success ? result.data : `refused: ${result.error.issues.map((issue) => issue.message).join("; ")}`;
}

test.each<[string, z.ZodType, unknown, unknown]>([
  ["text is trimmed", settings.text(), "  a b ", "a b"],
  ["integer from text", settings.integer({ min: -5, max: 5 }), "-5", -5],
  ["integer from YAML", settings.integer(), 12, 12],
  ["number", settings.number({ min: 0, max: 1 }), "0.25", 0.25],
  ["bool from text", settings.bool(), "Yes", true],
  ["bool from YAML", settings.bool(), false, false],
  ["duration", settings.duration({ max: 10_000 }), "10s", 10_000],
  ["bytes", settings.bytes(), "1MiB", 1_048_576],
  ["port", settings.port(), "8080", 8080],
  ["free port", settings.port({ allowZero: true }), "0", 0],
  ["url loses its slash", settings.url(), "http://127.0.0.1:8081/api/", "http://127.0.0.1:8081/api"],
  ["list from text", settings.list(), "a:1, b:2,", ["a:1", "b:2"]],
  ["list from YAML", settings.list(), ["a", 7], ["a", "7"]],
  ["empty list", settings.list({ min: 0 }), [], []],
  ["choice", settings.oneOf(["red", "blue"]), "blue", "blue"],
])("%s", (_, type, raw, expected) => {
  expect(read(type, raw)).toEqual(expected);
});

test.each<[string, z.ZodType, unknown, string]>([
  ["empty text", settings.text(), " ", "non-empty text"],
  ["pattern", settings.text({ pattern: /^x/, allowed: "something with x" }), "y", "something with x"],
  ["hex is no integer", settings.integer(), "0x10", "a whole number"],
  ["fraction", settings.integer(), "1.5", "a whole number"],
  ["above the bound", settings.integer({ min: 1, max: 9 }), "10", "a whole number from 1 to 9"],
  ["Infinity", settings.number(), "Infinity", "a number"],
  ["NaN from YAML", settings.number(), Number.NaN, "a number"],
  ["bool", settings.bool(), "maybe", "true or false"],
  ["duration without unit", settings.duration({ min: 100 }), "5", "250ms, 5s or 1h30m, of at least 100ms"],
  ["port 0", settings.port(), 0, "a port from 1 to 65535"],
  ["port 65536", settings.port(), "65536", "a port from 1 to 65535"],
  ["url of another protocol", settings.url(), "ftp://host", "an absolute URL (http, https)"],
  ["url with credentials", settings.url(), "http://me:pw@host", "without a user name or password"],
  ["repeated items", settings.list(), "a,a", "different items"],
  ["too few items", settings.list({ min: 2 }), "a", "2 or more"],
  ["bad item", settings.list({ item: /^\d+$/ }), "1,x", "list"],
  ["choice", settings.oneOf(["red", "blue"]), "green", "one of red, blue"],
  ["short secret", settings.secret({ minLength: 16 }), "short", "at least 16 characters"],
  ["an object", settings.text(), { a: 1 }, "non-empty text"],
])("refused with what is allowed: %s", (_, type, raw, allowed) => {
  expect(read(type, raw)).toContain(`refused: must be`);
  expect(read(type, raw)).toContain(allowed);
});

test("a secret shows itself to nobody who does not ask", () => {
  const secret = read(settings.secret(), "hunter2") as Secret;
  expect(secret).toBeInstanceOf(Secret);
  expect(secret.reveal()).toBe("hunter2");
  const printed = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret, { showHidden: true }),
  ];
  for (const text of printed) expect(text).not.toContain("hunter2");
  expect(inspect({ secret })).toBe("{ secret: [secret] }");
  expect(Object.entries(secret)).toEqual([]);
});
