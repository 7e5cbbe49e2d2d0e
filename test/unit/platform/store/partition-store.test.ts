import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CopyPosition } from "../../../../platform/store/copy-position.ts";
import { type Database, type DatabaseOptions, openDatabase } from "../../../../platform/store/database.ts";
import type { PartitionStore } from "../../../../platform/store/partition-store.ts";
import { freshFolder, openStore, text } from "./store-world.ts";

const TABLES = ["a", "b"];
/** The last one's neighbour in the order of keys is the next table. */
const PARTITIONS = [0, 1, 0xffff];
const key = (n: number) => Buffer.from([n, 0xff - n]);
interface Step {
  readonly act: string;
  readonly table?: string;
  readonly partition?: number;
  readonly n?: number;
}
const at = (next: number): CopyPosition => ({ next, since: 1, newest: 2 });

test("a store answers like a map, through flushes, reopenings, kills and clearings", async () => {
  const step = fc.oneof(
    fc.record({
      act: fc.constantFrom("put", "put", "put", "delete"),
      table: fc.constantFrom(...TABLES),
      partition: fc.constantFrom(...PARTITIONS),
      n: fc.integer({ min: 0, max: 12 }),
    }),
    fc.record({ act: fc.constantFrom("flush", "unawaited", "reopen", "kill") }),
    fc.record({
      act: fc.constant("clear"),
      table: fc.constantFrom(...TABLES),
      partition: fc.constantFrom(...PARTITIONS),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const folder = freshFolder();
      let now = new Map<string, string>();
      let onDisk = new Map<string, string>();
      let world = await openStore(folder);
      let begun = Promise.resolve();
      for (const [i, one] of steps.entries()) {
        const { store } = world;
        const { act, table = "a", partition = 0, n = 0 } = one as Step;
        if (act === "put") {
          store.table(table).put(partition, key(n), Buffer.from(`v${i}`));
          now.set(`${table}/${partition}/${n}`, `v${i}`);
        } else if (act === "delete") {
          store.table(table).delete(partition, key(n));
          now.delete(`${table}/${partition}/${n}`);
        } else if (act === "clear") {
          await store.clear([table], "log", partition);
          for (const name of [...now.keys()]) if (name.startsWith(`${table}/${partition}/`)) now.delete(name);
          onDisk = new Map(now);
        } else if (act === "kill") {
          await begun;
          await world.kill();
          now = new Map(onDisk);
          world = await openStore(folder);
        } else if (act === "unawaited") {
          begun = store.flush();
          onDisk = new Map(now);
        } else {
          await store.flush();
          onDisk = new Map(now);
          if (act === "reopen") {
            await store.close();
            world = await openStore(folder);
          }
        }
        await compare(world.store, now);
      }
      await world.store.close();
    }),
    { numRuns: 25 },
  );
}, 60_000);

async function compare(store: PartitionStore, model: ReadonlyMap<string, string>): Promise<void> {
  for (const name of TABLES)
    for (const partition of PARTITIONS) {
      const table = store.table(name);
      const wanted: string[] = [];
      for (let n = 0; n <= 12; n++) {
        const value = model.get(`${name}/${partition}/${n}`);
        expect(text(table.get(partition, key(n)))).toBe(value);
        if (value !== undefined) wanted.push(`${n}=${value}`);
      }
      const list = async (bounds: { from?: Buffer; below?: Buffer; limit: number }) =>
        (await table.range(partition, bounds)).map(([k, v]) => `${k[0]}=${v}`);
      expect(await list({ limit: 100 })).toEqual(wanted);
      expect(await list({ limit: 2 })).toEqual(wanted.slice(0, 2));
      const some = wanted.filter((one) => Number.parseInt(one, 10) >= 3 && Number.parseInt(one, 10) < 9);
      expect(await list({ from: key(3), below: key(9), limit: 3 })).toEqual(some.slice(0, 3));
    }
}

test("a crash at any octet of the database's log leaves the state that belongs to the position", async () => {
  const folder = freshFolder();
  const { store } = await openStore(folder);
  const states = [new Map<string, string>()];
  for (let next = 1; next <= 20; next++) {
    const state = new Map(states.at(-1));
    for (let i = 0; i < 3; i++) {
      const n = (next * 7 + i * 5) % 13;
      store.table("a").put(1, key(n), Buffer.from(`v${next}`));
      state.set(`a/1/${n}`, `v${next}`);
    }
    store.setPosition("log", 1, at(next));
    states.push(state);
    await store.flush();
  }
  const crashed = freshFolder();
  const log = readdirSync(folder).find((name) => name.endsWith(".log"))!;
  const whole = statSync(join(folder, log)).size;
  const seen = new Set<number>();
  for (let cut = 0; cut <= 15; cut++) {
    const copy = `${crashed}-${cut}`;
    cpSync(folder, copy, { recursive: true });
    truncateSync(join(copy, log), Math.floor((whole * cut) / 15));
    const after = await openStore(copy);
    const next = after.store.position("log", 1)?.next ?? 0;
    seen.add(next);
    await compare(after.store, states[next]!);
    await after.store.close();
  }
  expect(seen.size).toBeGreaterThan(8);
  expect(Math.max(...seen)).toBe(20);
  await store.close();
}, 60_000);

test("a position goes to disk with the changes before it, never ahead of them nor with later ones", async () => {
  const folder = freshFolder();
  const { store, kill } = await openStore(folder);
  store.table("a").put(0, key(1), Buffer.from("first"));
  store.setPosition("log", 0, at(1));
  const written = store.flush();
  store.table("a").put(0, key(1), Buffer.from("second"));
  store.setPosition("log", 0, at(2));
  expect(text(store.table("a").get(0, key(1)))).toBe("second");
  await written;
  await kill();
  const again = await openStore(folder);
  expect(again.store.position("log", 0)).toEqual(at(1));
  expect(text(again.store.table("a").get(0, key(1)))).toBe("first");
  await again.store.close();
});

test("what is being written is answered meanwhile, by reads and by ranges", async () => {
  let go = () => {};
  const slow = async (options: DatabaseOptions): Promise<Database> => {
    const database = await openDatabase(options);
    const write: Database["write"] = async (changes) => {
      const listed = [...changes];
      await new Promise<void>((resolve) => {
        go = resolve;
        if (listed[0]![0][0] === 0 && listed.length === 1) resolve();
      });
      return database.write(listed);
    };
    return Object.assign(Object.create(database) as Database, { write });
  };
  const { store } = await openStore(freshFolder(), { open: slow });
  const table = store.table("a");
  const range = async () => (await table.range(0, { limit: 2 })).map(([k, v]) => `${k[0]}=${v}`);
  for (const n of [1, 2, 3, 4]) table.put(0, key(n), Buffer.from("v"));
  let written = false;
  const begun = store.flush().then(() => {
    written = true;
  });
  expect(await range()).toEqual(["1=v", "2=v"]);
  for (const n of [1, 2]) table.delete(0, key(n));
  table.put(0, key(3), Buffer.from("w"));
  expect(await range()).toEqual(["3=w", "4=v"]);
  expect([1, 2, 3, 4].map((n) => text(table.get(0, key(n))))).toEqual([undefined, undefined, "w", "v"]);
  expect(written).toBe(false);
  go();
  await begun;
  expect(await range()).toEqual(["3=w", "4=v"]);
  const closing = store.close();
  await new Promise((resolve) => setImmediate(resolve));
  go();
  await closing;
});

test("a clearing that is cut off leaves no position, and one table's partition alone is cleared", async () => {
  const folder = freshFolder();
  const cutOff = async (options: DatabaseOptions): Promise<Database> => {
    const database = await openDatabase(options);
    return Object.assign(Object.create(database) as Database, { clear: () => Promise.reject(new Error("killed")) });
  };
  const first = await openStore(folder);
  first.store.table("a").put(1, key(1), Buffer.from("x"));
  first.store.table("a").put(2, key(1), Buffer.from("y"));
  for (const partition of [1, 2]) first.store.setPosition("log", partition, at(5));
  await first.store.close();
  const cut = await openStore(folder, { open: cutOff });
  await expect(cut.store.clear(["a"], "log", 1)).rejects.toThrow("killed");
  await expect(cut.store.flush()).rejects.toThrow("killed");
  await cut.kill();
  const { store } = await openStore(folder);
  expect(store.position("log", 1)).toBeUndefined();
  expect(store.position("log", 2)).toEqual(at(5));
  await store.clear(["a"], "log", 1);
  expect(store.table("a").get(1, key(1))).toBeUndefined();
  expect(text(store.table("a").get(2, key(1)))).toBe("y");
  await store.close();
});

test("what waits in memory is bounded where its writer asks for room, and memory of a fetch is not held", async () => {
  const { store } = await openStore(freshFolder(), { overlayOctets: 20_000 });
  let most = 0;
  const fetched = Buffer.alloc(1 << 20, 1);
  for (let i = 0; i < 2_000; i++) {
    if (store.full) await store.makeRoom();
    const n = Buffer.alloc(8);
    n.writeUInt32BE(i);
    store.table("a").put(0, n, fetched.subarray(i, i + 20));
    most = Math.max(most, store.overlayOctets);
  }
  expect(most).toBeLessThan(2 * 20_000 + 400);
  await store.flush();
  expect(store.overlayOctets).toBe(0);
  const [[, value]] = (await store.table("a").range(0, { limit: 1 })) as [[Buffer, Buffer]];
  expect(value).toEqual(fetched.subarray(0, 20));
  store.table("a").put(0, key(1), fetched.subarray(0, 20));
  fetched.fill(2);
  expect(store.table("a").get(0, key(1))![0]).toBe(1);
  await store.close();
});

test("nothing follows a write that failed, who owns the store is told once, and what was written before is read", async () => {
  const folder = freshFolder();
  let full = false;
  let writes = 0;
  const filling = async (options: DatabaseOptions): Promise<Database> => {
    const database = await openDatabase(options);
    const write: Database["write"] = (changes) => {
      writes++;
      if (!full) return database.write(changes);
      const message = "IO error: /x/000005.log: No space left on device";
      return Promise.reject(Object.assign(new Error(message), { code: "LEVEL_IO_ERROR" }));
    };
    return Object.assign(Object.create(database) as Database, { write });
  };
  const { store, faults, kill } = await openStore(folder, { open: filling });
  const table = store.table("a");
  table.put(0, key(1), Buffer.from("kept"));
  await store.flush();
  full = true;
  table.put(0, key(2), Buffer.from("waits"));
  await expect(store.flush()).rejects.toMatchObject({
    code: "STORE_NO_SPACE",
    message: expect.stringMatching(/STATE_DIR/),
  });
  full = false;
  const before = writes;
  await expect(store.flush()).rejects.toMatchObject({ code: "STORE_NO_SPACE" });
  expect(() => table.put(0, key(3), Buffer.from("late"))).toThrow("No space is left");
  expect(writes).toBe(before);
  expect(faults.length).toBe(1);
  expect([1, 2].map((n) => text(table.get(0, key(n))))).toEqual(["kept", "waits"]);
  await kill();
  const again = await openStore(folder);
  expect([1, 2].map((n) => text(again.store.table("a").get(0, key(n))))).toEqual(["kept", undefined]);
  await again.store.close();
});

test("a disk that takes no more ends in a clear error, and leaves a beginning of what was written", async () => {
  const folder = freshFolder();
  const script = join(import.meta.dirname, "fill-store.ts");
  // A file may grow to 1 MiB: writing fails in the middle of a batch, as on a full disk.
  const run = spawnSync("bash", ["-c", `ulimit -f 1024; exec "$0" "$@"`, process.execPath, script, folder], {
    encoding: "utf8",
  });
  expect(run.stderr).toBe("");
  const { written, code, message } = JSON.parse(run.stdout) as { written: number; code: string; message: string };
  expect([code, message]).toEqual(["STORE_NO_SPACE", expect.stringContaining(folder)]);
  expect(written).toBeGreaterThan(2);
  const { store } = await openStore(folder);
  const next = store.position("log", 0)!.next;
  expect([written, written + 1]).toContain(next);
  const entries = await store.table("a").range(0, { limit: 1_000_000 });
  expect(entries.length).toBe(next * 500);
  await store.close();
}, 60_000);

test("octets that have changed on the disk are told of once, and the next start sets the store aside", async () => {
  const folder = freshFolder();
  const first = await openStore(folder);
  for (let n = 0; n < 5_000; n++) first.store.table("a").put(0, Buffer.from(`key-${n}`), Buffer.from(`value-${n}`));
  await first.store.close();
  // What the log has becomes a table at the next start.
  await (await openStore(folder)).store.close();
  const name = readdirSync(folder).find((one) => one.endsWith(".ldb"))!;
  const octets = readFileSync(join(folder, name));
  octets.fill(0xff, 20_000, octets.length / 2);
  writeFileSync(join(folder, name), octets);
  const spoilt = await openStore(folder);
  let refused = 0;
  for (let n = 0; n < 5_000; n++)
    try {
      spoilt.store.table("a").get(0, Buffer.from(`key-${n}`));
    } catch (error) {
      refused++;
      expect(error).toMatchObject({ code: "STORE_FAULT", message: expect.stringContaining(folder) });
    }
  expect(refused).toBeGreaterThan(1);
  expect(spoilt.faults.length).toBe(1);
  await spoilt.kill();
  const { store, warnings } = await openStore(folder);
  expect(warnings.length).toBe(1);
  expect(await store.table("a").range(0, { limit: 1 })).toEqual([]);
  await store.close();
});

test("a folder that another process uses is refused by its name and setting", async () => {
  const folder = freshFolder();
  const { store } = await openStore(folder);
  await expect(openStore(folder)).rejects.toMatchObject({
    code: "STORE_LOCKED",
    message: expect.stringContaining(`${folder} is in use by another process`),
  });
  await expect(openStore(folder)).rejects.toThrow("STATE_DIR");
  await store.close();
  expect(readdirSync(dirname(folder))).toEqual(["instance-1"]);
});

test("a folder that cannot be made says which setting named it", async () => {
  const folder = freshFolder();
  mkdirSync(dirname(folder), { recursive: true });
  writeFileSync(folder, "a file");
  await expect(openStore(folder)).rejects.toMatchObject({
    code: "STORE_FAULT",
    message: expect.stringContaining("STATE_DIR"),
  });
  expect(readFileSync(folder, "utf8")).toBe("a file");
});

for (const [what, spoil] of [
  ["whose list of files is nonsense", (folder: string) => writeFileSync(join(folder, "CURRENT"), "nonsense")],
  [
    "whose manifest is cut",
    (folder: string) => {
      const name = readdirSync(folder).find((one) => one.startsWith("MANIFEST"))!;
      truncateSync(join(folder, name), 3);
    },
  ],
  ["that was found corrupt while it was in use", (folder: string) => writeFileSync(join(folder, "UNREADABLE"), "")],
] as const)
  test(`a store ${what} is set aside with a warning, and begins empty; of those set aside the last is kept`, async () => {
    const folder = freshFolder();
    for (let n = 0; n < 2; n++) {
      const { store } = await openStore(folder);
      store.table("a").put(0, key(1), Buffer.from("x"));
      store.setPosition("log", 0, at(9));
      await store.close();
      spoil(folder);
      const again = await openStore(folder);
      expect(again.warnings.length).toBe(1);
      expect(again.store.position("log", 0)).toBeUndefined();
      expect(again.store.table("a").get(0, key(1))).toBeUndefined();
      await again.store.close();
      const aside = readdirSync(dirname(folder)).filter((name) => name !== "instance-1");
      expect(aside.length).toBe(1);
      expect(aside[0]).toMatch(/^instance-1\.unreadable-/);
      expect(existsSync(join(dirname(folder), aside[0]!, "CURRENT"))).toBe(true);
    }
  });

test("tables keep their places when others come and go; an unknown one is refused", async () => {
  const folder = freshFolder();
  const first = await openStore(folder, { tables: ["b", "a"] });
  first.store.table("b").put(0, key(1), Buffer.from("in b"));
  await first.store.close();
  const { store } = await openStore(folder, { tables: ["new", "b"] });
  expect(text(store.table("b").get(0, key(1)))).toBe("in b");
  expect(store.table("new").get(0, key(1))).toBeUndefined();
  expect(() => store.table("a")).toThrow("The store has no table a");
  expect(store.octetsOnDisk()).toBeGreaterThan(0);
  await store.close();
});
