import { describe, expect, it } from "vitest";
import { RecentSubmissions } from "../../../services/sender/recent-submissions.ts";

const numberOf = (n: number): string => `4917${String(n).padStart(8, "0")}`;

function filled(count: number, capacity: number): RecentSubmissions {
  const recent = new RecentSubmissions(capacity);
  for (let n = 0; n < count; n++) {
    recent.submitting(numberOf(n));
    recent.submitted(numberOf(n), `00AB${n}`);
  }
  return recent;
}

describe("the last submissions to a provider", () => {
  it("are known by number, by the end of the number, and by id in any notation, also those before the first question", () => {
    const recent = filled(10, 100);
    for (let n = 0; n < 10; n++) {
      expect(recent.has(numberOf(n))).toBe(true);
      expect(recent.endingIn(numberOf(n).slice(-8))).toBe(numberOf(n));
      expect(recent.numberOf(`ab${n}`)).toBe(numberOf(n));
    }
    recent.submitting(numberOf(10));
    recent.submitted(numberOf(10), "Ab10");
    expect(recent.endingIn(numberOf(10).slice(-8))).toBe(numberOf(10));
    expect(recent.numberOf("ab10")).toBe(numberOf(10));
    expect([recent.has(numberOf(11)), recent.endingIn("00000011"), recent.numberOf("ab11")]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });

  it("are at least half of what is allowed, and never more, asked for early or late", () => {
    for (const asked of [0, 40]) {
      const recent = filled(asked, 20);
      recent.endingIn("00000000");
      recent.numberOf("ab0");
      for (let n = asked; n < 60; n++) {
        recent.submitting(numberOf(n));
        recent.submitted(numberOf(n), `ab${n}`);
      }
      const all = Array.from({ length: 60 }, (_, n) => n);
      for (const known of [
        all.filter((n) => recent.has(numberOf(n))),
        all.filter((n) => recent.endingIn(numberOf(n).slice(-8)) !== undefined),
        all.filter((n) => recent.numberOf(`ab${n}`) !== undefined),
      ]) {
        expect(known).toEqual(all.slice(-known.length));
        expect(known.length).toBeGreaterThanOrEqual(10);
        expect(known.length).toBeLessThanOrEqual(20);
      }
    }
  });

  it("answer nothing for an end that two numbers have, and one number for one that was used again", () => {
    const recent = new RecentSubmissions(4);
    for (const to of ["491700000012", "491700000013", "491700000014", "491700000012"]) recent.submitting(to);
    expect(recent.endingIn("1700000012")).toBe("491700000012");
    recent.submitting("431700000012");
    expect(recent.endingIn("1700000012")).toBeUndefined();
    expect(recent.endingIn("12")).toBeUndefined();
  });
});
