import { describe, expect, it } from "vitest";
import { RangeWatch } from "../../../../domain/abnormal/range-watch.ts";
import { seededRandom } from "../../../../infra/demo/seeded-random.ts";

const DAY = 1_440;

describe("RangeWatch with more ranges than it remembers", () => {
  const random = seededRandom(7);
  const watch = new RangeWatch(1_000);
  const minuteOf = (minute: number, more: Readonly<Record<string, number>> = {}) => {
    const messages: Record<string, number> = { ...more };
    for (let n = 0; n < 12; n++) {
      const range = `4917${Math.floor(random() * 3_000)}`;
      messages[range] = (messages[range] ?? 0) + 1;
    }
    const rows = Object.entries(messages).map(([range, count]) => ({
      ...{ account: "bank", country: "DE", range, messages: count, cost: count * 50_000, currency: "EUR" },
    }));
    return watch.see({ minute, sent: [], ranges: rows, ends: [], told: [] });
  };

  it("takes none that comes again for a new one, and finds one that is pumped", () => {
    const findings = [];
    for (let minute = 0; minute < 8 * DAY; minute++) findings.push(...minuteOf(minute));
    expect(watch.memory[1]!.evicted).toBeGreaterThan(1_000);
    expect(findings).toEqual([]);

    const pumped = [];
    for (let minute = 8 * DAY; minute < 8 * DAY + 10; minute++) pumped.push(...minuteOf(minute, { "49189999": 4 }));
    expect(pumped[0]).toMatchObject({
      kind: "pumping",
      subject: { account: "bank", country: "DE", range: "49189999" },
    });
  });
});
