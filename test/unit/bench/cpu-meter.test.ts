import { describe, expect, it } from "vitest";
import { parseStat, readCpu } from "../../bench/cpu-meter.ts";

describe("cpu meter", () => {
  it("reads user and system time, whatever the process is called", () => {
    const line = "42 (a ) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 7 8 20 0 1 0 100 1000 10 0";
    expect(parseStat(line)).toBe(1_750_000);
  });

  it("sees this process working", () => {
    const before = readCpu({ self: process.pid }).self!;
    let now = before;
    for (const until = performance.now() + 5_000; now < before + 30_000 && performance.now() < until; ) {
      now = readCpu({ self: process.pid }).self!;
    }
    expect(now).toBeGreaterThanOrEqual(before + 30_000);
    expect(readCpu({ gone: 2 ** 30 })).toEqual({ gone: 0 });
  });
});
