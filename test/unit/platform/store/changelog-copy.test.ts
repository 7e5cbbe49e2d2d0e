import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { silentLog } from "../../../../platform/log/log.ts";
import { ChangelogCopy } from "../../../../platform/store/changelog-copy.ts";
import { type Change, type Database, type DatabaseOptions, openDatabase } from "../../../../platform/store/database.ts";
import type { StoreOptions } from "../../../../platform/store/partition-store.ts";
import { SimulatedChangelog, TOPIC } from "./simulated-changelog.ts";
import { freshFolder, openStore, text } from "./store-world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** One instance: its store, and its copy of the log. */
async function instance(log: SimulatedChangelog, folder: string, more: Partial<StoreOptions> = {}) {
  const world = await openStore(folder, more);
  const { store } = world;
  const faults: Error[] = [];
  const warnings: object[] = [];
  const applied: number[] = [];
  const table = store.table("a");
  const copy = new ChangelogCopy({
    store,
    source: log,
    topic: TOPIC,
    tables: ["a"],
    apply: ({ partition, key, value, offset }) => {
      applied.push(offset);
      if (value === null) table.delete(partition, key!);
      else table.put(partition, key!, value);
    },
    now: () => log.now,
    deleteRetentionMs: log.deleteRetentionMs,
    onFault: (error) => faults.push(error),
    log: { ...silentLog, warn: (fields: object) => void warnings.push(fields) },
    pollMs: 1 << 30,
  });
  await copy.start();
  const end = async (how: "kill" | "close") => {
    copy.stop();
    log.forget();
    await (how === "kill" ? world.kill() : store.close());
  };
  const get = (partition: number, key: string) => text(table.get(partition, Buffer.from(key)));
  const all = async (partition: number) =>
    (await table.range(partition, { limit: 1_000 })).map(([key, value]) => `${key}=${value}`);
  return { ...world, copy, faults, warnings, applied, end, get, all };
}

test("a start that takes long is joined by whoever asks again, and one that has failed is made again", async () => {
  const log = new SimulatedChangelog(2, DAY);
  log.append(0, "a", "1");
  const { store } = await openStore(freshFolder());
  const followed: number[] = [];
  let asked = 0;
  let answer = (_: "yes" | "no"): void => {};
  const source = {
    watermarks: async () => {
      asked++;
      const said = await new Promise<"yes" | "no">((resolve) => {
        answer = resolve;
      });
      if (said === "no") throw new Error("no answer");
      return log.watermarks();
    },
    offsetsAt: (topic: string, time: number, of: readonly number[]) => log.offsetsAt(topic, time, of),
    followFrom: (_: string, partition: number) => void followed.push(partition),
  };
  const now = () => log.now;
  const told = { apply: () => {}, onFault: () => {}, log: silentLog, pollMs: 1 << 30 };
  const copy = new ChangelogCopy({ store, source, topic: TOPIC, tables: ["a"], now, deleteRetentionMs: DAY, ...told });
  const failing = copy.start();
  answer("no");
  await expect(failing).rejects.toThrow("no answer");
  const starts = [copy.start(), copy.start()];
  answer("yes");
  await Promise.all([...starts]);
  await copy.start();
  expect([asked, followed]).toEqual([2, [0, 1]]);
  copy.stop();
  await store.close();
});

const KEYS = ["k0", "k1", "k2", "k3", "k4", "k5"];

test("however often its process ends, and however long it is away, a copy comes to what the log says", async () => {
  const partition = fc.constantFrom(0, 1);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ act: fc.constant("append"), partition, key: fc.constantFrom(...KEYS), put: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ act: fc.constant("deliver"), partition, most: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("flush", "compact", "ask", "wait", "all") }) },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constantFrom("kill", "close"), hours: fc.constantFrom(0, 1, 13, 40) }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant("replace"), hours: fc.constantFrom(0, 1) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const log = new SimulatedChangelog(2, DAY);
      const model = [new Map<string, string>(), new Map<string, string>()];
      const folder = freshFolder();
      let one = await instance(log, folder);
      const again = async (how: "kill" | "close", hours: number) => {
        await one.end(how);
        log.now += hours * HOUR;
        log.compact();
        one = await instance(log, folder);
      };
      for (const [i, raw] of steps.entries()) {
        const { act, partition: p = 0, key = "", put = true, most = 1, hours = 0 } = raw as Step;
        log.now += 1;
        if (act === "append") {
          log.append(p, key, put ? `v${i}` : null);
          if (put) model[p]!.set(key, `v${i}`);
          else model[p]!.delete(key);
        } else if (act === "deliver") await log.deliver(p, most);
        else if (act === "flush") await one.store.flush();
        else if (act === "compact") log.compact();
        else if (act === "ask") await one.copy.ask();
        else if (act === "wait") log.now += 2 * HOUR;
        else if (act === "all") await log.deliverAll();
        else if (act === "replace") {
          await one.end("kill");
          log.now += hours * HOUR;
          log.replace();
          for (const map of model) map.clear();
          one = await instance(log, folder);
        } else await again(act as "kill" | "close", hours);
        if (one.faults.length > 0) await again("kill", 0);
      }
      const up = [0, 1].map((n) => one.copy.caughtUp(n));
      await log.deliverAll();
      if (one.faults.length > 0) {
        await again("kill", 0);
        await log.deliverAll();
      } else expect(await Promise.all(up)).toEqual([true, true]);
      for (const n of [0, 1])
        expect(await one.all(n)).toEqual([...model[n]!].map(([key, value]) => `${key}=${value}`).sort());
      await one.copy.ask();
      expect(one.copy.lag).toBe(0);
      await one.end("close");
    }),
    { numRuns: 50 },
  );
}, 60_000);

interface Step {
  readonly act: string;
  readonly partition?: number;
  readonly key?: string;
  readonly put?: boolean;
  readonly most?: number;
  readonly hours?: number;
}

test("a copy goes on from where it was: nothing is read twice that is on disk", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const folder = freshFolder();
  for (let i = 0; i < 50; i++) log.append(0, `k${i}`, "v");
  const first = await instance(log, folder);
  await log.deliverAll();
  await first.store.flush();
  log.append(0, "k9", "later");
  await log.deliverAll();
  await first.end("kill");
  const second = await instance(log, folder);
  await log.deliverAll();
  expect(second.applied).toEqual([50]);
  expect(second.get(0, "k9")).toBe("later");
  await second.end("close");
});

for (const [away, why] of [
  [13 * HOUR, "tombstones"],
  [11 * HOUR, undefined],
] as const)
  test(`a tombstone that came and went while a copy was away for ${away / HOUR} hours takes its key away`, async () => {
    const log = new SimulatedChangelog(1, away === 13 * HOUR ? DAY : 2 * DAY);
    const folder = freshFolder();
    log.append(0, "gone", "v");
    log.append(0, "stays", "v");
    const first = await instance(log, folder);
    await log.deliverAll();
    await first.end("close");
    log.append(0, "gone", null);
    log.now += away;
    if (why !== undefined) log.now += DAY;
    for (const key of ["x", "y"]) log.append(0, key, "v");
    log.compact();
    const second = await instance(log, folder);
    await log.deliverAll();
    expect(second.warnings).toEqual(why === undefined ? [] : [{ topic: TOPIC, partition: 0, why }]);
    expect(await second.all(0)).toEqual(["stays=v", "x=v", "y=v"]);
    expect(second.applied.length).toBe(3);
    await second.end("close");
  });

test("what a clearing that was cut off has left goes before the partition is read", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const folder = freshFolder();
  log.append(0, "stays", "v");
  const { store } = await openStore(folder);
  store.table("a").put(0, Buffer.from("left"), Buffer.from("v"));
  await store.close();
  const one = await instance(log, folder);
  await log.deliverAll();
  expect(await one.all(0)).toEqual(["stays=v"]);
  await one.end("close");
});

test("a copy to which nothing has come for long is not read anew, however long it was away", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const folder = freshFolder();
  log.append(0, "k", "v");
  const first = await instance(log, folder);
  await log.deliverAll();
  await first.end("close");
  log.now += 100 * DAY;
  const second = await instance(log, folder);
  expect(second.get(0, "k")).toBe("v");
  expect(second.warnings).toEqual([]);
  // From here on it has seen all that there was.
  log.append(0, "k", null);
  await log.deliverAll();
  expect(second.faults).toEqual([]);
  expect(second.get(0, "k")).toBeUndefined();
  await second.end("close");
});

test("a copy that is cut off for half of the tombstones' time ends its process rather than go on", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const one = await instance(log, freshFolder());
  log.down = new Error("no broker");
  log.append(0, "k", "v");
  log.now += 13 * HOUR;
  const waiting = one.copy.reached(0, 1);
  await log.deliverAll();
  expect(one.faults.map((fault) => fault.message)).toEqual([expect.stringContaining("delete.retention.ms")]);
  expect(one.applied).toEqual([]);
  expect(await waiting).toBe(false);
  await one.end("close");
});

test("one that is read all the time, and idles between, is never too old", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const folder = freshFolder();
  log.append(0, "k", "v");
  const one = await instance(log, folder);
  await log.deliverAll();
  for (let i = 0; i < 20; i++) {
    log.now += 10 * HOUR;
    await one.copy.ask();
  }
  await one.store.flush();
  expect(one.faults).toEqual([]);
  await one.end("kill");
  log.append(0, "k", "w");
  const again = await instance(log, folder);
  expect(again.warnings).toEqual([]);
  await again.end("close");
});

test("a topic that was made again is seen at the start, even if it has grown beyond the copy, and while it is followed", async () => {
  const log = new SimulatedChangelog(2, DAY);
  const folder = freshFolder();
  for (let i = 0; i < 5; i++) log.append(0, `old${i}`, "v");
  const first = await instance(log, folder);
  await log.deliverAll();
  await first.end("close");
  log.replace();
  log.now += HOUR;
  for (let i = 0; i < 9; i++) log.append(0, `new${i}`, "v");
  const second = await instance(log, folder);
  await log.deliverAll();
  expect(second.warnings).toEqual([{ topic: TOPIC, partition: 0, why: "log-replaced" }]);
  expect(await second.all(0)).toEqual(Array.from({ length: 9 }, (_, i) => `new${i}=v`));
  log.replace();
  log.append(0, "newest", "v");
  await second.copy.ask();
  expect(second.faults.map(({ message }) => message)).toEqual([expect.stringContaining("made again")]);
  await second.end("close");
});

test("records that come while the log's end is asked for are no sign that it is another log", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const one = await instance(log, freshFolder());
  const answer = log.watermarks.bind(log);
  log.watermarks = async () => {
    const marks = await answer();
    log.append(0, "k", "v");
    await log.deliverAll();
    return marks;
  };
  await one.copy.ask();
  expect(one.faults).toEqual([]);
  expect(one.copy.position(0)).toBe(1);
  expect(one.copy.lag).toBe(0);
  await one.end("close");
});

test("records that were removed before the copy had read them are told of", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const folder = freshFolder();
  for (const key of ["a", "b"]) log.append(0, key, "v");
  const first = await instance(log, folder);
  await log.deliverAll();
  for (const key of ["c", "d", "e"]) log.append(0, key, "v");
  log.cut(0, 4);
  await first.copy.ask();
  expect(first.faults.map(({ message }) => message)).toEqual([expect.stringContaining("lost records")]);
  await first.end("close");
  const second = await instance(log, folder);
  expect(second.warnings).toEqual([{ topic: TOPIC, partition: 0, why: "log-start" }]);
  await log.deliverAll();
  expect(await second.all(0)).toEqual(["e=v"]);
  await second.end("close");
});

test("a new owner waits for what the log has when it asks, and no longer than it owns", async () => {
  const log = new SimulatedChangelog(1, DAY);
  const one = await instance(log, freshFolder());
  expect(await one.copy.caughtUp(0)).toBe(true);
  for (const key of ["a", "b", "c"]) log.append(0, key, "v");
  let settled: boolean | undefined;
  const up = one.copy.caughtUp(0).then((reached) => {
    settled = reached;
  });
  const wanted = { alive: true };
  const lost = one.copy.reached(0, 3, wanted);
  await log.deliver(0, 2);
  await one.copy.ask();
  expect(settled).toBeUndefined();
  expect(one.copy.lag).toBe(1);
  wanted.alive = false;
  await one.copy.ask();
  expect(await lost).toBe(false);
  await log.deliverAll();
  await up;
  expect(settled).toBe(true);
  expect(one.copy.position(0)).toBe(3);
  log.mark(0);
  const beyondMark = one.copy.caughtUp(0);
  await log.deliverAll();
  expect(await beyondMark).toBe(true);
  await one.end("close");
});

test("what is applied and not on disk stays bounded, and a disk that fails stops the reading", async () => {
  const log = new SimulatedChangelog(1, DAY);
  for (let i = 0; i < 3_000; i++) log.append(0, `key-${i}`, "value");
  const one = await instance(log, freshFolder(), { overlayOctets: 20_000 });
  let most = 0;
  while (await log.deliver(0, 20)) most = Math.max(most, one.store.overlayOctets);
  expect(one.copy.position(0)).toBe(3_000);
  expect(most).toBeLessThan(2 * (20_000 + 20 * 200));
  await one.end("kill");
});

test("a database that has failed stops the reading, and what was applied before it is still answered", async () => {
  const log = new SimulatedChangelog(1, DAY);
  for (let i = 0; i < 1_000; i++) log.append(0, `key-${i}`, "value");
  const failing = async (options: DatabaseOptions): Promise<Database> => {
    const database = await openDatabase(options);
    return Object.assign(Object.create(database) as Database, {
      write: (changes: Iterable<Change>) => {
        const listed = [...changes];
        return listed.length < 20 ? database.write(listed) : Promise.reject(new Error("No space left on device"));
      },
    });
  };
  const one = await instance(log, freshFolder(), { overlayOctets: 20_000, open: failing });
  while (await log.deliver(0, 20));
  const { length } = one.applied;
  expect(length).toBeLessThan(400);
  expect(one.store.failed).toMatchObject({ code: "STORE_NO_SPACE" });
  expect(one.get(0, `key-${length - 1}`)).toBe("value");
  expect(one.get(0, `key-${length}`)).toBeUndefined();
  await one.end("kill");
});

test("a partition without a leader at the start holds up no other, and is begun when it has one", async () => {
  const log = new SimulatedChangelog(2, DAY);
  const folder = freshFolder();
  log.append(0, "a", "1");
  log.append(1, "b", "1");
  const first = await instance(log, folder);
  await log.deliverAll();
  await first.end("close");
  log.append(0, "a", "2");
  log.append(1, "b", "2");
  log.leaderless.add(1);
  log.now += 60_000;
  const one = await instance(log, folder);
  expect(one.copy.leaderless).toEqual([1]);
  expect(one.warnings).toEqual([{ topic: TOPIC, partition: 1 }]);
  await log.deliverAll();
  await one.copy.ask();
  expect(await one.copy.caughtUp(0)).toBe(true);
  expect([one.copy.seenAt(0), one.copy.seenAt(1)]).toEqual([log.now, 0]);
  expect(one.copy.lag, "nobody knows how far it is behind").toBeGreaterThan(0);
  await expect(one.copy.caughtUp(1)).rejects.toMatchObject({ code: "NO_LEADER" });
  log.leaderless.clear();
  // It has a leader, and the copy has not heard of it.
  await expect(one.copy.caughtUp(1)).rejects.toMatchObject({ code: "NO_LEADER" });
  await one.copy.ask();
  await vi.waitFor(() => expect(one.copy.position(1)).toBe(1));
  await log.deliverAll();
  expect(await one.copy.caughtUp(1)).toBe(true);
  expect([one.get(0, "a"), one.get(1, "b"), one.copy.lag]).toEqual(["2", "2", 0]);
  expect(one.applied, "what it had is not read anew").toEqual([1, 1]);
  await one.end("close");
});

test("a partition that is begun late and has lost records meanwhile is read anew, whatever came to the others since", async () => {
  const log = new SimulatedChangelog(2, DAY);
  const folder = freshFolder();
  log.append(0, "a", "1");
  log.append(1, "b", "1");
  log.append(1, "b", "lost");
  const first = await instance(log, folder);
  await log.deliverAll();
  await first.end("close");
  log.leaderless.add(1);
  const one = await instance(log, folder);
  // Its new leader has not all, and takes another record in the place of what it lacks; another partition gets a later one.
  log.now += 60_000;
  log.truncate(1, 1);
  log.append(1, "c", "1");
  log.now += 60_000;
  log.append(0, "a", "2");
  await log.deliverAll();
  expect(one.get(0, "a")).toBe("2");
  log.leaderless.clear();
  await one.copy.ask();
  await vi.waitFor(() => expect(one.warnings.at(-1)).toMatchObject({ partition: 1, why: "log-replaced" }));
  await vi.waitFor(async () => {
    await log.deliverAll();
    expect([one.get(1, "b"), one.get(1, "c")]).toEqual(["1", "1"]);
  });
  await one.end("close");
});

test("while a partition that has a leader at last is cleared, the others do not grow old, nobody waits in vain, and it is begun once", async () => {
  const log = new SimulatedChangelog(2, DAY);
  log.leaderless.add(1);
  log.append(1, "b", "1");
  const one = await instance(log, freshFolder());
  const cleared = Promise.withResolvers<void>();
  const clear = vi.spyOn(one.store, "clear").mockReturnValueOnce(cleared.promise);
  log.leaderless.clear();
  for (let turn = 0; turn < 3; turn++) {
    log.now += 10_000;
    await one.copy.ask();
    expect([one.copy.seenAt(0), one.copy.seenAt(1)]).toEqual([log.now, 0]);
  }
  log.append(0, "a", "1");
  const wanted = { alive: true };
  const waits = one.copy.reached(0, 1, wanted);
  wanted.alive = false;
  await one.copy.ask();
  expect(await waits).toBe(false);

  // It fails, and is begun again by the next question.
  cleared.reject(new Error("no answer"));
  await new Promise((resolve) => setImmediate(resolve));
  await one.copy.ask();
  await vi.waitFor(async () => {
    await log.deliverAll();
    expect(one.get(1, "b")).toBe("1");
  });
  await one.copy.ask();
  expect(clear).toHaveBeenCalledTimes(2);
  expect([one.copy.seenAt(1), one.faults]).toEqual([log.now, []]);
  await one.end("close");
});

test("a partition that loses its leader grows old alone; who takes over does not wait for it, and trusts it when it has been at the log's end since", async () => {
  const log = new SimulatedChangelog(2, DAY);
  log.append(0, "a", "1");
  log.append(1, "b", "1");
  const one = await instance(log, freshFolder());
  await log.deliverAll();
  await one.copy.ask();
  const seen = log.now;
  log.leaderless.add(1);
  log.now += 5_000;
  await one.copy.ask();
  expect([one.copy.seenAt(0), one.copy.seenAt(1)]).toEqual([log.now, seen]);
  expect(await one.copy.allCaughtUp([0, 1], 1_000)).toBe(true);
  expect([one.copy.seenAt(0), one.copy.seenAt(1)]).toEqual([log.now, 0]);
  // What its last owner may have known stands in the log: the end that was known before says nothing of it.
  log.append(1, "b", "2");
  log.append(1, "b", "3");
  log.leaderless.clear();
  await log.deliver(1, 1);
  expect(one.copy.seenAt(1)).toBe(0);
  await one.copy.ask();
  expect(one.copy.seenAt(1)).toBe(0);
  await log.deliverAll();
  expect(one.copy.seenAt(1)).toBe(log.now);
  await one.end("close");
});

test("who takes over waits for a partition that stands still for a time, and does not trust it then", async () => {
  const log = new SimulatedChangelog(2, DAY);
  const one = await instance(log, freshFolder());
  await one.copy.ask();
  log.append(0, "a", "1");
  log.append(1, "b", "1");
  const seen = log.now;
  expect(one.copy.seenAt(1)).toBe(seen);
  const taking = one.copy.allCaughtUp([0, 1], 50);
  await log.deliver(0, 1);
  expect(await taking).toBe(true);
  expect([one.copy.seenAt(0), one.copy.seenAt(1)]).toEqual([seen, 0]);
  log.now += 1_000;
  await one.copy.ask();
  expect([one.copy.seenAt(0), one.copy.seenAt(1)]).toEqual([log.now, 0]);
  await log.deliverAll();
  expect([one.copy.seenAt(1), one.get(1, "b")]).toEqual([log.now, "1"]);
  expect(await one.copy.allCaughtUp([0, 1], 50)).toBe(true);
  expect(one.copy.seenAt(1)).toBe(log.now);
  await one.end("close");
});

test("who does not want to wait any more is told so where the leader has gone meanwhile, and where Kafka does not answer; what is known is trusted on", async () => {
  const log = new SimulatedChangelog(2, DAY);
  const one = await instance(log, freshFolder());
  await one.copy.ask();
  const seen = log.now;
  log.append(1, "b", "1");
  const wait = async () => {
    const wanted = { alive: true };
    const waits = Promise.all([one.copy.allCaughtUp([0, 1], DAY, wanted), one.copy.caughtUp(1, wanted)]);
    await new Promise((resolve) => setImmediate(resolve));
    wanted.alive = false;
    return waits;
  };
  const leaderless = wait();
  await new Promise((resolve) => setImmediate(resolve));
  log.leaderless.add(1);
  await new Promise((resolve) => setImmediate(resolve));
  await one.copy.ask();
  expect(await leaderless).toEqual([false, false]);
  log.leaderless.clear();
  const silent = wait();
  await new Promise((resolve) => setTimeout(resolve, 5));
  log.down = new Error("no answer");
  await expect(one.copy.ask()).rejects.toThrow("no answer");
  expect(await silent).toEqual([false, false]);
  expect(one.copy.seenAt(1)).toBe(seen);
  await one.end("close");
});
