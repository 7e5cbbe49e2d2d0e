import { expect, test } from "vitest";
import type { Health } from "../../../schemas/generated/types.ts";
import { Rivals } from "../../../services/sender/rivals.ts";

function word(provider: string, circuit: Health["circuit"], partition = 0): Health {
  const figures = { rate: 1, effectiveRate: 0, backlog: 0, queues: [], inFlight: 0, at: 0 };
  return { provider, partition, instance: "sender", circuit, reason: null, ...figures };
}

test("a rival is usable unless all its partitions are open or silent; one never heard of is", () => {
  const rivals = new Rivals();
  expect(rivals.anyUsable([], 0)).toBe(false);
  expect(rivals.anyUsable(["b"], 0)).toBe(true);
  rivals.take(word("b", "open"), 1_000);
  expect(rivals.anyUsable(["b"], 1_000)).toBe(false);
  expect(rivals.anyUsable(["b", "c"], 1_000)).toBe(true);
  rivals.take(word("b", "closed", 1), 2_000);
  expect(rivals.anyUsable(["b"], 17_000)).toBe(true);
  expect(rivals.anyUsable(["b"], 17_001)).toBe(false);
  rivals.take(word("b", "half_open"), 20_000);
  expect(rivals.anyUsable(["b"], 20_000)).toBe(true);
});
