import { describe, expect, it } from "vitest";
import { claimOf, DEAD_AFTER_MS, type ReplayMark } from "../../../pipeline/dead-letters/replay-mark.ts";

const NOW = 1_000_000_000;
const mark = (run: string, state: ReplayMark["state"], ago: number): ReplayMark => ({
  letter: { partition: 0, offset: 1 },
  state,
  run,
  at: 5,
  storedAt: NOW - ago,
});

describe("claimOf", () => {
  it("is free without marks, and its own once it has begun first", () => {
    expect(claimOf([], "me", NOW)).toEqual({ state: "free" });
    expect(claimOf([mark("me", "begun", 5), mark("other", "begun", 4)], "me", NOW)).toEqual({ state: "free" });
  });

  it("is taken by whoever is alive and began first", () => {
    const marks = [mark("other", "begun", 5), mark("me", "begun", 4)];
    expect(claimOf(marks, "me", NOW)).toMatchObject({ state: "taken", mark: { run: "other" } });
    expect(claimOf([mark("other", "begun", 5)], "me", NOW)).toMatchObject({ state: "taken" });
  });

  it("is replayed by a mark that says so, whoever began after it was asked", () => {
    const marks = [mark("a", "begun", 9), mark("b", "begun", 8), mark("a", "done", 7)];
    expect(claimOf(marks, "me", NOW)).toMatchObject({ state: "replayed", mark: { run: "a" } });
    expect(claimOf([...marks, mark("me", "begun", 1)], "me", NOW)).toMatchObject({ state: "replayed" });
  });

  it("asks for the topic where a run has ended in the middle", () => {
    const dead = mark("dead", "begun", DEAD_AFTER_MS);
    expect(claimOf([dead], "me", NOW)).toEqual({ state: "interrupted", marks: [dead] });
    expect(claimOf([dead, mark("me", "begun", 1)], "me", NOW)).toEqual({ state: "interrupted", marks: [dead] });
    // Two that would take over: the first of them does.
    const two = [dead, mark("other", "begun", 2), mark("me", "begun", 1)];
    expect(claimOf(two, "me", NOW)).toMatchObject({ state: "taken", mark: { run: "other" } });
  });
});
