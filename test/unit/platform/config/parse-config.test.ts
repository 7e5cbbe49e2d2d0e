import { expect, test } from "vitest";
import { z } from "zod";
import { type ConfigSources, parseConfig } from "../../../../platform/config/parse-config.ts";
import { duration, integer, list, secret, text } from "../../../../platform/config/settings.ts";

const schema = z.object({
  kafka: z.object({
    brokers: list().describe("Bootstrap brokers"),
    maxInFlight: integer({ min: 1 }).default(500),
  }),
  apiSecret: secret({ minLength: 4 }).optional(),
  linger: duration({ max: 1_000 }).default(5),
  region: text().optional(),
});

function parse(env: Record<string, string>, more: Partial<ConfigSources> = {}) {
  const readSecretFile = () => {
    throw new Error("no such file");
  };
  return parseConfig([schema], { env, readSecretFile, ...more });
}

function problems(result: ReturnType<typeof parse>): string[] {
  return result.ok ? [] : result.failure.map(({ name, value, reason }) => `${name}|${value ?? ""}|${reason}`);
}

test("values come from the environment, then the file, then the default", () => {
  const file = { kafka: { brokers: ["from-file:1"], maxInFlight: 9 }, linger: "20ms" };
  const result = parse({ SLUICE_KAFKA_MAX_IN_FLIGHT: "7", PATH: "/bin" }, { file });
  expect(result).toEqual({
    ok: true,
    value: { kafka: { brokers: ["from-file:1"], maxInFlight: 7 }, linger: 20 },
  });
});

test("an empty variable counts as unset", () => {
  const result = parse({ SLUICE_KAFKA_BROKERS: "a:1", SLUICE_LINGER: "", SLUICE_REGION: "" });
  expect(result.ok && result.value).toEqual({ kafka: { brokers: ["a:1"], maxInFlight: 500 }, linger: 5 });
});

test("the result is frozen all the way down", () => {
  const result = parse({ SLUICE_KAFKA_BROKERS: "a:1" });
  const config = result.ok ? (result.value as z.output<typeof schema>) : undefined;
  expect(() => config!.kafka.brokers.push("b")).toThrow(TypeError);
  expect(() => {
    config!.kafka.maxInFlight = 1;
  }).toThrow(TypeError);
});

test("every problem is listed at once, each once", () => {
  const result = parse(
    { SLUICE_KAFKA_MAX_IN_FLIGHT: "0", SLUICE_LINGER: "soon", SLUICE_KAFKA_BROKRES: "a:1" },
    { file: { kafak: {}, kafka: { maxInFlihgt: 3 } } },
  );
  expect(problems(result)).toEqual([
    "SLUICE_KAFKA_BROKERS||is required and not set: must be a comma-separated list of 1 or more different items (Bootstrap brokers)",
    "SLUICE_KAFKA_MAX_IN_FLIGHT|0|must be a whole number of at least 1",
    "SLUICE_LINGER|soon|must be a duration with its unit, such as 250ms, 5s or 1h30m, of at most 1s",
    "SLUICE_KAFKA_BROKRES||is not a known variable; did you mean SLUICE_KAFKA_BROKERS?",
    "kafak||is not a known key",
    "kafka.maxInFlihgt||is not a known key; did you mean kafka.maxInFlight?",
  ]);
});

test("neither a bad secret nor the value of an unknown variable is repeated", () => {
  const result = parse({ SLUICE_KAFKA_BROKERS: "a:1", SLUICE_API_SECRET: "abc", SLUICE_API_SECRETT: "hunter2" });
  expect(problems(result)).toHaveLength(2);
  expect(JSON.stringify(result)).not.toMatch(/abc|hunter2/);
});

test("variables of other services are let through by name and by prefix", () => {
  const env = { SLUICE_KAFKA_BROKERS: "a:1", SLUICE_OTHER_PORT: "1", SLUICE_INFRA_X_Y: "2", SLUICE_OTHER: "3" };
  const result = parse(env, { knownKeys: ["SLUICE_OTHER_PORT", "SLUICE_INFRA_*"] });
  expect(problems(result)).toEqual(["SLUICE_OTHER||is not a known variable"]);
});

test("a secret can stand in a file, whose last line break does not count", () => {
  const env = { SLUICE_KAFKA_BROKERS: "a:1", SLUICE_API_SECRET_FILE: "/run/secrets/api" };
  const result = parse(env, { readSecretFile: (path) => (path === "/run/secrets/api" ? "hunter2\n" : "") });
  const config = result.ok ? (result.value as z.output<typeof schema>) : undefined;
  expect(config?.apiSecret?.reveal()).toBe("hunter2");
});

test("a secret file that cannot be read, or stands beside the value, is a problem", () => {
  const env = { SLUICE_KAFKA_BROKERS: "a:1", SLUICE_API_SECRET_FILE: "/nowhere" };
  expect(problems(parse(env))).toEqual(["SLUICE_API_SECRET_FILE|/nowhere|cannot be read (no such file)"]);
  expect(problems(parse({ ...env, SLUICE_API_SECRET: "hunter2" }))).toEqual([
    "SLUICE_API_SECRET_FILE||is set beside SLUICE_API_SECRET; remove one of the two",
  ]);
});

test("only secrets have a _FILE variant", () => {
  expect(problems(parse({ SLUICE_KAFKA_BROKERS: "a:1", SLUICE_REGION_FILE: "/x" }))).toHaveLength(1);
});

test("rules between settings are reported too", () => {
  const ruled = schema.refine((config) => config.kafka.maxInFlight > config.linger, "linger must be below maxInFlight");
  const result = parseConfig([ruled], {
    env: { SLUICE_KAFKA_BROKERS: "a:1", SLUICE_KAFKA_MAX_IN_FLIGHT: "5" },
    readSecretFile: () => "",
  });
  expect(problems(result)).toEqual(["(configuration)||linger must be below maxInFlight"]);
});

test("a file that is no mapping, or has a value where a group belongs, is a problem", () => {
  expect(problems(parse({ SLUICE_KAFKA_BROKERS: "a:1" }, { file: ["x"] }))).toHaveLength(1);
  expect(problems(parse({ SLUICE_KAFKA_BROKERS: "a:1" }, { file: { kafka: 5 } }))).toEqual([
    "kafka||must be a mapping",
  ]);
});
