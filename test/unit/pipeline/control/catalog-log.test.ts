import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CatalogLog } from "../../../../pipeline/control/catalog-log.ts";
import { removalRecords, type VersionFacts, versionRecords } from "../../../../pipeline/control/catalog-version.ts";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../../pipeline/records/register.ts";
import type { OutRecord } from "../../../../platform/kafka/record.ts";
import { FakeRegistry } from "../fake-registry.ts";

const registry = new FakeRegistry();
await registerSchemas(registry as never);
const codecs = await createCodecs(registry);

const made = (version: number, parent = version - 1) => ({
  version,
  parent,
  at: 1_000,
  by: "ada",
  note: null,
  restored: null,
});
const publish = (source: object, facts: Omit<VersionFacts, "id">) =>
  versionRecords(codecs.control, source as Record<string, unknown>, facts);

/** A reader of these records, from the beginning. */
async function read(records: readonly OutRecord[], keep = 100): Promise<CatalogLog> {
  const log = new CatalogLog(keep);
  for (const { key, value } of records) {
    if (value === null) {
      log.removed(String(key));
      continue;
    }
    const decoded = codecs.control.decode(value);
    if (!decoded.ok) throw new Error(decoded.detail);
    await log.accept(decoded.value);
  }
  return log;
}

const version = (n: number, source: object = { accounts: [{ id: `a${n}` }] }, parent = n - 1) =>
  publish(source, made(n, parent));
const all = ({ pieces, head }: ReturnType<typeof version>) => [...pieces, head];

describe("a version in sms.control", () => {
  it("counts from its head on, with what was put in, however large", async () => {
    const source = {
      accounts: [],
      prices: Array.from({ length: 60_000 }, (_, n) => ({ mccMnc: `${n * 7919}`, price: `0.${n}` })),
    };
    const { pieces, head } = version(1, source);
    expect(pieces.length).toBeGreaterThan(1);
    expect((await read(pieces)).current).toBeUndefined();
    expect((await read([...pieces, head])).current).toMatchObject({ version: 1, by: "ada", source });
    for (const { value } of pieces) expect(value!.length).toBeLessThan(500_000);
  });

  it("does not count when a piece is missing, comes after the head, or is not what was written", async () => {
    const { pieces, head } = version(1);
    const other = version(1, { accounts: [{ id: "z" }] });
    expect((await read([head])).current).toBeUndefined();
    expect((await read([head, ...pieces])).current).toBeUndefined();
    const forged = { ...pieces[0]!, value: other.pieces[0]!.value! };
    expect((await read([forged, head])).current).toBeUndefined();
  });

  it("counts when it was made of the one at work: of two at once the log's first", async () => {
    const [one, two, twin, three] = [version(1), version(2), version(2, { routes: [] }), version(3)];
    const log = await read([...all(one), ...two.pieces, ...twin.pieces, two.head, twin.head, ...all(three)]);
    expect(log.versions.map((found) => [found.version, found.id])).toEqual([
      [1, one.id],
      [2, two.id],
      [3, three.id],
    ]);
  });

  it("goes on counting for those who start after the older ones have been removed", async () => {
    const [one, two, three] = [version(1), version(2), version(3)];
    const gone = removalRecords({ ...made(1), id: one.id }, one.pieces.length).map(({ key }) => String(key));
    const left = [...all(one), ...all(two), ...all(three)].filter(({ key }) => !gone.includes(String(key)));
    expect((await read(left)).versions.map((found) => found.version)).toEqual([2, 3]);
    const log = await read([
      ...all(one),
      ...all(two),
      ...removalRecords({ ...made(2), id: two.id }, two.pieces.length),
    ]);
    expect(log.current?.version, "the one at work, removed by mistake").toBe(2);
  });

  it("is one of a chain, whoever publishes what and when, and all readers agree", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.nat(1_000)),
        async (writers, order) => {
          // Each writer makes its version of what it saw last; their records are mixed.
          const records: OutRecord[] = [];
          const queues = new Map<number, OutRecord[]>();
          for (const writer of writers) {
            const seen = (await read(records)).current?.version ?? 0;
            queues.set(writer, [
              ...(queues.get(writer) ?? []),
              ...all(version(seen + 1, { n: order.next().value }, seen)),
            ]);
            while (order.next().value % 2 === 0) {
              const ready = [...queues.values()].filter((queue) => queue.length > 0);
              if (ready.length === 0) break;
              records.push(ready[order.next().value % ready.length]!.shift()!);
            }
          }
          for (const queue of queues.values()) records.push(...queue);
          const { versions } = await read(records);
          expect(versions.map((found) => [found.version, found.parent])).toEqual(versions.map((_, n) => [n + 1, n]));
          expect((await read(records, 1)).current?.id).toBe(versions.at(-1)?.id);
        },
      ),
      { numRuns: 200 },
    );
  });
});

it("what was unpacked early is what counts, and unpacked again when it was not kept", async () => {
  for (const kept of [true, false]) {
    const { id, pieces, head } = version(1);
    const log = await read(pieces);
    const early = await log.unpackEarly(id);
    expect(early).toEqual({ accounts: [{ id: "a1" }] });
    if (!kept) log.forgetEarly();
    const decoded = codecs.control.decode(head.value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    await log.accept(decoded.value);
    expect(log.current?.source).toEqual(early);
    expect(log.current?.source === early).toBe(kept);
  }
});

it("instances are known by their last word, until they take it back", async () => {
  const log = new CatalogLog();
  const word = { kind: "instance" as const, id: "router/host-1", version: 3, at: 9, place: 0 };
  await log.accept({ ...word, body: '{"trouble":null}' });
  await log.accept({ ...word, id: "sender/host-1", body: '{"trouble":"version 4: providers[0]: no"}' });
  await log.accept({ ...word, id: "x", body: "junk" });
  expect([...log.instances.values()].map(({ id, trouble }) => [id, trouble])).toEqual([
    ["router/host-1", null],
    ["sender/host-1", "version 4: providers[0]: no"],
  ]);
  log.removed("instance/router/host-1");
  expect([...log.instances.keys()]).toEqual(["sender/host-1"]);
});
