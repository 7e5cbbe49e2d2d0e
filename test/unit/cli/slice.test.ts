import { describe, expect, it } from "vitest";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { ALL, inSlice } from "../../../services/cli/slice.ts";

describe("slices", () => {
  it("divide ids and numbers that count up evenly, each into one, whether text or bytes", () => {
    const of = 7;
    const counts = new Array<number>(of).fill(0);
    for (let n = 0; n < 70_000; n++) {
      const id = n % 2 === 0 ? newMessageId() : String(491_511_000_000 + n);
      const at = counts.findIndex((_, index) => inSlice(id, { index, of }));
      counts[at]!++;
      if (n % 1_000 === 0) expect(inSlice(Buffer.from(id), { index: at, of })).toBe(true);
      expect(inSlice(id, ALL)).toBe(true);
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
