import { describe, expect, it } from "vitest";
import type { FindOptions, FoundLetters, LetterSummary } from "../../../pipeline/dead-letters/letter-search.ts";
import type { Replayer, ReplayOptions, ReplayResult } from "../../../pipeline/dead-letters/replay.ts";
import { replayFound } from "../../../services/cli/dead-letters/replay-found.ts";

const AT_ONCE = 10;

/** A box of letters, of which those from `good` on can be replayed. */
function world(letters: number, good: number) {
  const looked: number[] = [];
  const found: number[] = [];
  const box = {
    find: async (_: object, { most, after }: FindOptions): Promise<FoundLetters> => {
      const from = after === undefined ? 0 : after.offset + 1;
      const matching = Array.from({ length: letters - from }, (_, n) => from + n);
      const given = matching.slice(0, most);
      found.push(given.length);
      return {
        letters: given.map((offset) => ({ partition: 0, offset, storedAt: offset }) as LetterSummary),
        counts: new Map(),
        matched: matching.length,
        leftOut: matching.length - given.length,
        others: 7,
      };
    },
  };
  const replay: Replayer["replay"] = async (places, { most }): Promise<ReplayResult> => {
    let [replayed, refused, at] = [0, 0, 0];
    for (; at < places.length && replayed < most; at++) {
      const { offset } = places[at]!;
      looked.push(offset);
      if (offset >= good) replayed++;
      else refused++;
    }
    return {
      ...{ replayed, notLookedAt: places.length - at, absent: [] },
      refused: new Map(refused === 0 ? [] : [["ended", refused]]),
    };
  };
  const run = (options: Partial<ReplayOptions> = {}) =>
    replayFound(box, { replay }, {}, { carryOut: true, rate: 1, most: 4, ...options }, AT_ONCE);
  return { looked, found, run };
}

describe("replaying what is found", () => {
  it("goes on behind letters that are all refused, until so many are replayed", async () => {
    const { looked, run } = world(50, 33);
    const result = await run();
    expect(result).toEqual({ replayed: 4, refused: new Map([["ended", 33]]), notLookedAt: 13, absent: [] });
    expect(looked).toEqual(Array.from({ length: 37 }, (_, n) => n));
  });

  it("ends where there are no more letters, when it is stopped, and when enough are replayed", async () => {
    const ending = world(25, 99);
    expect(await ending.run()).toMatchObject({ replayed: 0, notLookedAt: 0 });
    expect(ending.found).toEqual([10, 10, 5]);
    const stopped = world(25, 99);
    expect(await stopped.run({ stopped: () => true })).toMatchObject({ replayed: 0, notLookedAt: 15 });
    const full = world(50, 6);
    expect(await full.run()).toMatchObject({ replayed: 4, notLookedAt: 40 });
    expect(full.found).toEqual([10]);
  });

  it("says how many others there are where none matches", async () => {
    expect(await world(0, 0).run()).toEqual({ others: 7 });
  });
});
