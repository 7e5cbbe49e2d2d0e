import { expect, test } from "vitest";
import { CatalogTopic } from "../../../../pipeline/control/catalog-topic.ts";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";

const MADE = { version: 1, parent: 0, by: "ops", note: null, restored: null };

/** sms.control, whose writes and reads fail as long as `fails` says so: of a record with that key's beginning, or of a read. */
async function world() {
  let nextId = 1;
  const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
  const log: OutRecord[] = [];
  const state = { fails: "" };
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
        }
      },
    }),
  });
  return { topic, state };
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
