import { describe, expect, it } from "vitest";
import { MOST_AHEAD_MS, PASSED_MS, readSendAt } from "../../../../domain/message/send-at.ts";

const NOW = Date.UTC(2026, 2, 1, 12);
const DAY_MS = 86_400_000;
const at = (time: number) => new Date(time).toISOString();

describe("readSendAt", () => {
  it("reads a time with its zone", () => {
    const noon = Date.UTC(2026, 2, 2, 12);
    for (const text of ["2026-03-02T12:00:00Z", "2026-03-02T13:00+01:00", "2026-03-02T06:30:00.000-05:30"])
      expect(readSendAt(text, NOW), text).toBe(noon);
  });

  it.each([
    "2026-03-02T12:00:00",
    "2026-03-02",
    "tomorrow",
    "",
    "2026-02-30T12:00:00Z",
    "2025-02-29T12:00:00Z",
    "2026-03-02T24:00:00Z",
    "2026-03-02T12:61:00Z",
    "2026-13-02T12:00:00Z",
    "2026-03-02T12:00:00+24:00",
    " 2026-03-02T12:00:00Z",
  ])("says of %j that it is no time with a zone", (text) => {
    expect(readSendAt(text, NOW)).toMatchObject({ code: "send-at-invalid" });
  });

  it("takes what has passed a moment ago for now, and refuses what is older, and what is more than 35 days ahead", () => {
    expect(MOST_AHEAD_MS).toBe(35 * DAY_MS);
    expect(readSendAt(at(NOW - PASSED_MS), NOW)).toBe(NOW - PASSED_MS);
    expect(readSendAt(at(NOW - PASSED_MS - 1), NOW)).toMatchObject({ code: "send-at-past" });
    expect(readSendAt(at(NOW + MOST_AHEAD_MS), NOW)).toBe(NOW + MOST_AHEAD_MS);
    expect(readSendAt(at(NOW + MOST_AHEAD_MS + 1), NOW)).toMatchObject({ code: "send-at-too-far" });
    expect(readSendAt(at(NOW + 2 * MOST_AHEAD_MS), undefined)).toBe(NOW + 2 * MOST_AHEAD_MS);
  });
});
