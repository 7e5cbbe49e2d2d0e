import { expect, it } from "vitest";
import { backoffDelay } from "../../../domain/smpp/reconnect-backoff.ts";

const settings = { initialMs: 100, maxMs: 1_000, permanentMs: 60_000 };

it("doubles up to the longest wait, spread over the upper half", () => {
  const lowest = [1, 2, 3, 4, 5, 60].map((attempt) => backoffDelay(settings, attempt, false, () => 0));
  const highest = [1, 2, 3, 4, 5, 60].map((attempt) => backoffDelay(settings, attempt, false, () => 1));
  expect(lowest).toEqual([50, 100, 200, 400, 500, 500]);
  expect(highest).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

it("waits long after a refusal that will not pass by itself", () => {
  expect(backoffDelay(settings, 1, true, () => 0.5)).toBe(45_000);
});
