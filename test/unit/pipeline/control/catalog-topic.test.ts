import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { CatalogTopic } from "../../../../pipeline/control/catalog-topic.ts";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";

const MADE = { version: 1, parent: 0, by: "ops", note: null, restored: null };

/** sms.control, whose writes and reads fail as long as `fails` says so: of a record with that key's beginning, or of a read. */
async function world() {
  let nextId = 1;
  const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  const log: OutRecord[] = [];
  const state = { fails: "", written: (_: OutRecord): void => {} };
  const fail = (what: string) => {
    if (state.fails !== "" && what.startsWith(state.fails)) throw new Error(`no ${what}`);
  };
  const topic = new CatalogTopic({
    connection: {} as never,
    codecs,
    reader: {
      watermarks: async () => [{ low: 0, high: log.length }],
      readRange: async (_: string, __: number, from: number, to: number, take: (record: object) => void) => {
        fail("read");
        for (const { key, value } of log.slice(from, to)) take({ key: Buffer.from(key!), value });
      },
    } as never,
    writer: async () => ({
      clock: { now: () => 1 } as never,
      send: async (records) => {
        for (const record of records) {
          fail(record.value === null ? "removal" : String(record.key));
          log.push(record);
          state.written(record);
        }
      },
    }),
  });
  return { topic, state, log, codecs };
}

test("a write that is interrupted before the head is written has changed nothing", async () => {
  const { topic, state } = await world();
  state.fails = "piece";
  await expect(topic.publish({ accounts: [] }, MADE)).rejects.toThrow(/^no piece/);
  expect((await topic.read()).current).toBeUndefined();
});

test.each(["head", "read"])("once the head may be written, whether it counts is not known: %s", async (fails) => {
  const { topic, state } = await world();
  state.fails = fails;
  await expect(topic.publish({ accounts: [] }, MADE)).rejects.toMatchObject({
    ...{ code: "CATALOG_UNSURE", class: "transient" },
    cause: { message: expect.stringContaining(`no ${fails}`) },
  });
  state.fails = "";
  expect((await topic.read()).current?.version).toBe(fails === "read" ? 1 : undefined);
});

test("a version counts though old ones cannot be taken away, and the next one takes them away", async () => {
  const { topic, state } = await world();
  for (let version = 1; version <= 20; version++)
    await topic.publish({ version }, { ...MADE, version, parent: version - 1 });
  state.fails = "removal";
  expect((await topic.publish({}, { ...MADE, version: 21, parent: 20 })).version).toBe(21);
  state.fails = "";
  await topic.publish({}, { ...MADE, version: 22, parent: 21 });
  expect((await topic.read()).versions.map(({ version }) => version)[0]).toBe(3);
});

describe("a large version", () => {
  /** More than can be read in milliseconds, however well it is packed. */
  const large = { lists: Array.from({ length: 4_000 }, (_, n) => createHash("sha256").update(`${n}`).digest("hex")) };

  async function published(source: object, words: readonly object[]) {
    const { topic, state, log, codecs } = await world();
    const say = (id: string, word: object, at = 1): void => {
      const value = codecs.control.encode({
        ...{ kind: "instance", id, version: 0, at, place: 0 },
        body: JSON.stringify(word),
      });
      log.push({ topic: "sms.control", partition: 0, key: `instance/${id}`, value });
    };
    for (const [n, word] of words.entries()) say(`router/${n}`, word);
    const keys = () => log.map(({ key }) => String(key).split("/")[0]);
    return { done: topic.publish(source as never, MADE), say, keys, state, log };
  }
  const idOf = (log: readonly OutRecord[]) =>
    String(log.find(({ key }) => String(key).startsWith("piece/"))?.key).split("/")[1];

  test("has its head when all instances that make versions ready have said so", async () => {
    const { done, say, keys, log } = await published(large, [
      { prepared: null },
      { prepared: "an earlier one" },
      { trouble: null },
    ]);
    await vi.waitFor(() => expect(keys()).toContain("piece"));
    say("router/0", { prepared: idOf(log) });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(keys()).not.toContain("head");
    say("router/1", { prepared: idOf(log) });
    expect((await done).version).toBe(1);
    expect(keys()).toContain("head");
  });

  test("does not wait for those of earlier programs, nor a small one for anybody", async () => {
    const before = performance.now();
    await (await published(large, [{ trouble: null }])).done;
    await (await published({}, [{ prepared: null }])).done;
    expect(performance.now() - before).toBeLessThan(4_000);
  });

  test("has its head in the end, though one has ended without a word", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    try {
      const { done, keys } = await published(large, [{ prepared: null }]);
      await vi.advanceTimersByTimeAsync(4_900);
      expect(keys()).not.toContain("head");
      await vi.advanceTimersByTimeAsync(200);
      expect((await done).version).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
