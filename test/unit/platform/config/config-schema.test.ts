import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { describeConfig, environmentName, listSettings } from "../../../../platform/config/config-schema.ts";
import { didYouMean, editDistance } from "../../../../platform/config/did-you-mean.ts";
import { duration, list, secret } from "../../../../platform/config/settings.ts";

test("names of variables follow the schema's path", () => {
  expect(environmentName(["kafka", "maxInFlight"])).toBe("SLUICE_KAFKA_MAX_IN_FLIGHT");
  expect(environmentName(["retry5s"])).toBe("SLUICE_RETRY5S");
});

test("the reference tells type, default and meaning, wherever the description was put", () => {
  const schema = z.object({
    group: z.object({ linger: duration().describe("inside").default(1_500) }),
    brokers: list().default(["a:1", "b:2"]).describe("outside"),
    key: secret().describe("signs"),
    mode: z.enum(["x", "y"]).optional(),
  });
  expect(describeConfig(schema)).toEqual([
    { name: "SLUICE_GROUP_LINGER", type: "duration", default: "1500ms", description: "inside" },
    { name: "SLUICE_BROKERS", type: "list", default: "a:1,b:2", description: "outside" },
    { name: "SLUICE_KEY (or SLUICE_KEY_FILE)", type: "secret", default: "required", description: "signs" },
    { name: "SLUICE_MODE", type: "enum", default: "", description: "" },
  ]);
});

test("two settings of one name are a mistake in the schema", () => {
  const schema = z.object({ kafkaBrokers: list(), kafka: z.object({ brokers: list() }) });
  expect(() => listSettings(schema)).toThrow("SLUICE_KAFKA_BROKERS");
});

test("hints are given for near names only", () => {
  expect(didYouMean("SLUICE_LOG_LEVLE", ["SLUICE_LOG_LEVEL", "SLUICE_LOG_FORMAT"])).toBe(
    "; did you mean SLUICE_LOG_LEVEL?",
  );
  expect(didYouMean("SLUICE_X", ["SLUICE_LOG_LEVEL", "SLUICE_*"])).toBe("");
});

test("the edit distance is a metric and counts single edits", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
