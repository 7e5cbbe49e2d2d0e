import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Doubt } from "../../../../platform/kafka/sink-store.ts";
import { type Call, type Entry, type Fault, SinkWorld } from "./sink-world.ts";

const SPAN = 8;

/** What must be in the store in the end, told from the log alone. */
function expectedRows(entries: readonly Entry[]): number[] {
  const last = new Map<string, number>();
  const rows: number[] = [];
  entries.forEach(({ id, bad, mark }, offset) => {
    if (mark === true) return;
    const before = id === undefined ? undefined : last.get(id);
    if (id !== undefined) last.set(id, offset);
    if (bad !== true && (before === undefined || offset - before > SPAN)) rows.push(offset);
  });
  return rows;
}

function plain(count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => ({ id: `m${i}` }));
}

function sorted(offsets: readonly number[]): number[] {
  return [...offsets].sort((a, b) => a - b);
}

/** Faults by script: the nth call of the run gets the nth fault, and all is well after the script's end. */
function scripted(faults: readonly Fault[]): (call: Call) => Fault {
  let at = 0;
  return () => faults[at++] ?? "ok";
}

/** The faults of one kind of call only. */
function onCall(kind: Call, faults: readonly Fault[]): (call: Call) => Fault {
  let at = 0;
  return (call) => (call === kind ? (faults[at++] ?? "ok") : "ok");
}

/** Owners follow each other until all is stored; `sizes`: the largest block of each. */
async function finish(world: SinkWorld, sizes: readonly number[] = []): Promise<void> {
  const all = world.entries.length;
  for (let owners = 0; world.committed < all; owners++) {
    if (owners > 100) throw new Error(`no end: committed ${world.committed} of ${all}, state ${world.state}`);
    const maxRows = sizes[owners % sizes.length];
    if (maxRows !== undefined) world.options = { ...world.options, maxRows };
    await world.own(() => world.committed >= all);
  }
}

describe("sink", () => {
  it("stores every record once, in blocks of bounded size", async () => {
    const world = new SinkWorld(plain(100), () => "ok", { maxRows: 7, repeatSpan: SPAN });
    await finish(world);
    expect(world.rows).toEqual(expectedRows(world.entries));
    expect(world.inserts).toBeGreaterThanOrEqual(15);
    expect(world.stats.rows).toBe(100);
    expect(world.state).toBe("");
  });

  it("takes one id under two keys for two records, and the same id and key for a repeat", async () => {
    const entries = [{ id: "m", key: "a" }, { id: "m", key: "b" }, { id: "m", key: "a" }, { id: "m" }, { id: "m" }];
    const world = new SinkWorld(entries, () => "ok", { maxRows: 2, repeatSpan: SPAN });
    await finish(world);
    expect(world.rows).toEqual([0, 1, 3]);
  });

  it("commits the intent before the insert, and the end after it", async () => {
    const seen: string[] = [];
    const world: SinkWorld = new SinkWorld(
      plain(5),
      (call) => {
        if (call === "insert") seen.push(`insert at ${world.committed} with ${world.state}`);
        return "ok";
      },
      { maxRows: 5, maxAgeMs: 60_000, repeatSpan: SPAN },
    );
    await finish(world);
    expect(seen).toEqual(["insert at 0 with 0-5@1000"]);
    expect(world.tokens).toEqual(["g/log/0/0-5@1000"]);
    expect([world.committed, world.state]).toEqual([5, ""]);
  });

  it.each<[string, Fault, number, number[]]>([
    ["in part, and it was stored", "die-after", 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ["in part, and it was not stored", "die-before", 3, [3, 4, 5, 6, 7, 8, 9]],
    ["wholly, and it was stored", "die-after", 5, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ["wholly, and more", "die-before", 7, [7, 8, 9]],
  ])("retention took the block of an intent %s: the rest is stored once", async (_, fault, low, rows) => {
    const world = new SinkWorld(plain(10), onCall("insert", [fault]), {
      maxRows: 5,
      maxAgeMs: 60_000,
      repeatSpan: SPAN,
    });
    await world.own(() => false);
    expect(world.state).toBe("0-5@1000");
    // As readCommitted gives it.
    world.committed = low;
    world.options = { ...world.options, maxAgeMs: 0 };
    await finish(world);
    expect(sorted(world.rows)).toEqual(rows);
  });

  it.each<[string, Call, Fault]>([
    ["before the intent is committed", "commit", "die-before"],
    ["between intent and insert", "commit", "die-after"],
    ["during the insert, which did not happen", "insert", "die-before"],
    ["between insert and commit", "insert", "die-after"],
    ["with the insert still under way", "insert", "die-late"],
  ])("stores every record once when killed %s", async (_when, call, fault) => {
    const world = new SinkWorld(plain(20), onCall(call, ["ok", fault]), { maxRows: 4, repeatSpan: SPAN });
    await finish(world);
    expect(world.crashes).toBe(1);
    expect(sorted(world.rows)).toEqual(expectedRows(world.entries));
  });

  it("repeats exactly the block of the last owner, though it would now make another", async () => {
    const world = new SinkWorld(plain(10), onCall("insert", ["die-after"]), {
      maxRows: 6,
      maxAgeMs: 60_000,
      repeatSpan: SPAN,
    });
    await world.own(() => false);
    expect(world.state).toBe("0-6@1000");
    const next = new SinkWorld(world.entries, () => "ok", { maxRows: 4, repeatSpan: SPAN });
    Object.assign(next, { committed: world.committed, state: world.state });
    next.tokens.push(...world.tokens);
    next.rows.push(...world.rows);
    await finish(next);
    expect(next.tokens[0]).toBe("g/log/0/0-6@1000");
    expect(sorted(next.rows)).toEqual(expectedRows(next.entries));
  });

  it("repeats a failing insert, whether or not it took effect", async () => {
    const world = new SinkWorld(plain(12), onCall("insert", ["fail", "fail-after", "fail", "ok", "fail"]), {
      maxRows: 4,
      repeatSpan: SPAN,
    });
    await finish(world);
    expect(world.stats.failures).toBe(4);
    expect(world.stats.failingSince).toBe(0);
    expect(world.rows).toEqual(expectedRows(world.entries));
  });

  it("settles a block that was in doubt, and no other, and does not insert it again when that fails", async () => {
    const world = new SinkWorld(plain(12), onCall("insert", ["ok", "fail-after", "ok", "die-after"]), {
      maxRows: 4,
      maxAgeMs: 60_000,
      repeatSpan: SPAN,
    });
    const settled: Doubt[] = [];
    let failures = 2;
    const settle = async (_block: unknown, doubt: Doubt) => {
      if (failures-- > 0) throw new Error("ClickHouse is away");
      settled.push({ ...doubt, alive: () => doubt.alive() });
    };
    world.options = { ...world.options, store: { ...world.store, settle } };
    await finish(world);
    expect(settled.map(({ token, partition, start, end }) => ({ token, partition, start, end }))).toEqual([
      { token: "g/log/0/4-8@1004", partition: 0, start: 4, end: 8 },
      { token: "g/log/0/8-12@1008", partition: 0, start: 8, end: 12 },
    ]);
    // What a last owner began is as old as its records, and clocks may differ by a minute.
    expect(settled[0]!.ageMs).toBeLessThan(60_000);
    expect(settled[1]!.ageMs).toBeGreaterThan(60_000);
    expect(world.inserts).toBe(3 + 2);
    expect(sorted(world.rows)).toEqual(expectedRows(world.entries));
    expect(world.committed).toBe(12);
  });

  it("does nothing more once the partition is lost", async () => {
    const world: SinkWorld = new SinkWorld(
      plain(40),
      (call) => {
        if (call === "insert" && world.inserts === 3) world.lose();
        return "ok";
      },
      { maxRows: 4, maxAgeMs: 60_000, repeatSpan: SPAN },
    );
    await world.own(() => false);
    expect([world.inserts, world.committed, world.state]).toEqual([3, 8, "8-12@1008"]);
    await finish(world);
    expect(sorted(world.rows)).toEqual(expectedRows(world.entries));
  });

  it("stores what is gathered when it is drained, without waiting for its age", async () => {
    const world = new SinkWorld(plain(9), () => "ok", { maxRows: 100, maxAgeMs: 60_000, repeatSpan: SPAN });
    let polls = 0;
    await world.own(() => ++polls > 20);
    expect(world.rows.length).toBeGreaterThan(0);
    expect([world.committed, world.state]).toEqual([world.rows.length, ""]);
  });

  it.each([
    ["a small block when it is as old as it may be", 1, 1],
    ["a block of a quarter of its rows when it is twice as old", 2, 2],
  ])("inserts %s", async (_what, rows, ages) => {
    const maxAgeMs = 200;
    const world = new SinkWorld(plain(rows), () => "ok", { maxRows: 8, maxAgeMs, repeatSpan: SPAN });
    const began = performance.now();
    let insertedAt = 0;
    const insert: typeof world.store.insert = (block, token) => {
      insertedAt = performance.now();
      return world.store.insert(block, token);
    };
    world.options = { ...world.options, store: { ...world.store, insert } };
    await world.own(() => world.committed >= rows);
    expect((insertedAt - began) / maxAgeMs).toBeGreaterThanOrEqual(ages);
    if (ages === 1) expect(insertedAt - began).toBeLessThan(2 * maxAgeMs);
  });

  it("gathers one block at the most while one is being inserted", async () => {
    const world = new SinkWorld(plain(100), () => "ok", { maxRows: 5, repeatSpan: SPAN });
    const blocks: { rows: number }[] = [];
    const { open } = world.store;
    world.store.open = () => {
      const block = open();
      blocks.push(block);
      return block;
    };
    const landed = world.store.insert;
    let taken = 0;
    world.store.insert = async (block, token) => {
      // Until everything that can be taken has been taken: nothing has changed for many turns of the event loop.
      for (let calm = 0; calm < 50; calm++) {
        await new Promise((resolve) => setImmediate(resolve));
        const now = blocks.reduce((sum, each) => sum + each.rows, 0);
        if (now !== taken) calm = 0;
        taken = now;
      }
      expect(taken).toBeLessThanOrEqual((world.inserts + 2) * 5);
      return landed(block, token);
    };
    await finish(world);
    expect(world.rows.length).toBe(100);
  });

  it("commits beyond a transaction's marks, which are no records, and stores what comes behind them", async () => {
    const mark: Entry = { mark: true };
    const entries = [{ id: "a" }, mark, mark, { id: "b" }, { id: "c" }, mark];
    const world = new SinkWorld(entries, () => "ok", { maxRows: 2, repeatSpan: SPAN });
    let polls = 0;
    await world.own(() => world.committed >= entries.length || ++polls > 2_000);
    expect([world.rows, world.committed, world.state]).toEqual([[0, 3, 4], 6, ""]);
  });

  it("commits nothing beyond a block of which the insert may have happened", async () => {
    const mark: Entry = { mark: true };
    const world = new SinkWorld([mark, mark, mark, { id: "a" }, { id: "b" }], () => "ok", { repeatSpan: SPAN });
    const token = "g/log/0/0-5@1003";
    Object.assign(world, { committed: 0, state: "0-5@1003", rows: [3, 4], tokens: [token] });
    await finish(world);
    expect([world.rows, world.tokens, world.committed]).toEqual([[3, 4], [token], 5]);
  });

  it("puts bad records into the dead letters before it passes them, and holds nobody up", async () => {
    const entries = plain(12).map((entry, i) => (i % 5 === 0 ? { ...entry, bad: true } : entry));
    const world = new SinkWorld(entries, onCall("send", ["die-before"]), { maxRows: 4, repeatSpan: SPAN });
    await finish(world);
    expect(world.letters).toEqual([0, 5, 10]);
    expect(world.rows).toEqual(expectedRows(entries));
  });

  it("does not store a block behind one that failed while its records were being judged", async () => {
    const entries: Entry[] = [
      { id: "m0", bad: true, later: true },
      { id: "m1" },
      { id: "m2" },
      { id: "m3", later: true },
    ];
    const world = new SinkWorld(entries, scripted(["ok", "fail", "ok", "fail"]), { repeatSpan: SPAN });
    await finish(world, [2]);
    expect([world.rows, world.letters]).toEqual([[1, 2, 3], [0]]);
  });

  it("waits for what it needs to judge a record", async () => {
    const entries = plain(6).map((entry, i) => (i === 3 ? { ...entry, later: true } : entry));
    const world = new SinkWorld(entries, onCall("prepare", ["fail", "fail"]), { maxRows: 4, repeatSpan: SPAN });
    await finish(world);
    expect(world.rows).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("skips an intent whose records the log has lost", async () => {
    const world = new SinkWorld(plain(10), () => "ok", { maxRows: 4, repeatSpan: SPAN });
    Object.assign(world, { committed: 6, state: "0-5@1000" });
    await finish(world);
    expect(world.rows).toEqual([6, 7, 8, 9]);
  });

  it("stores every record exactly once whatever dies, fails or comes late", async () => {
    const fault = fc.oneof(
      { weight: 6, arbitrary: fc.constant<Fault>("ok") },
      { weight: 1, arbitrary: fc.constantFrom<Fault>("fail", "fail-after", "die-before", "die-after", "die-late") },
    );
    const entry = fc.record({
      id: fc.oneof(
        { weight: 1, arbitrary: fc.constant(undefined) },
        { weight: 9, arbitrary: fc.integer({ min: 0, max: 25 }).map((n) => `m${n}`) },
      ),
      bad: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      later: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      mark: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 60 }),
        fc.array(fault, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (drawn, faults, sizes) => {
          const entries = drawn.map(({ id, ...rest }) => (id === undefined ? rest : { id, ...rest }));
          const world = new SinkWorld(entries, scripted(faults), { repeatSpan: SPAN });
          await finish(world, sizes);
          expect(sorted(world.rows)).toEqual(expectedRows(entries));
          const bad = entries.flatMap((e, offset) => (e.bad && !e.mark && !isRepeat(entries, offset) ? [offset] : []));
          expect([...new Set(sorted(world.letters))]).toEqual(bad);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function isRepeat(entries: readonly Entry[], offset: number): boolean {
  const { id } = entries[offset]!;
  return (
    id !== undefined &&
    entries.slice(Math.max(0, offset - SPAN), offset).some((entry) => entry.id === id && !entry.mark)
  );
}
