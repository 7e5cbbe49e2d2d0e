import { describe, expect, it, vi } from "vitest";
import { accountSchema } from "../../../domain/catalog/account.ts";
import { priceOf } from "../../../domain/catalog/price-list.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { CatalogLog } from "../../../pipeline/control/catalog-log.ts";
import { record, versionRecords } from "../../../pipeline/control/catalog-version.ts";
import { LiveCatalog } from "../../../pipeline/follow/live-catalog.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { FakeRegistry } from "./fake-registry.ts";

const registry = new FakeRegistry();
await registerSchemas(registry as never);
const codecs = await createCodecs(registry);

const account = (id: string) => ({ id, name: id });
const files = () =>
  snapshotOf({
    accounts: [accountSchema.parse(account("files"))],
    providers: [],
    routes: [],
    retired: [],
    regions: [],
  });

function world(read: typeof codecs = codecs) {
  const secrets = new Map([["/a", "one"]]);
  const words: (string | undefined)[] = [];
  const reveal = vi.fn(
    (reference: { readonly file: string } | { readonly env: string }) =>
      secrets.get("file" in reference ? reference.file : reference.env)!,
  );
  const catalog: LiveCatalog = new LiveCatalog({
    codecs: read,
    partitions: 6,
    reveal,
    log: silentLog,
    onWord: () => words.push(catalog.trouble),
  });
  let offset = 0;
  const write = (version: number, source: object) => {
    const made = { version, parent: version - 1, at: 1, by: "ada", note: null, restored: null };
    return versionRecords(codecs.control, source as Record<string, unknown>, made);
  };
  const giveAt = async (timestamp: number, ...records: readonly OutRecord[]) => {
    for (const record of records)
      await catalog.accept({ ...record, offset: offset++, timestamp, headers: {} } as unknown as InRecord);
  };
  const give = (...records: readonly OutRecord[]) => giveAt(1, ...records);
  const publish = (version: number, source: object) => {
    const { pieces, head } = write(version, source);
    return give(...pieces, head);
  };
  const accounts = () => [...catalog.current.accounts.keys()];
  return { catalog, publish, write, give, giveAt, accounts, words, secrets, reveal };
}

it("works with the files until a version has been applied, and tells of each change", async () => {
  const { catalog, publish, accounts, words } = world();
  await catalog.begin(files);
  expect([catalog.current.version, accounts()]).toEqual([0, ["files"]]);
  const seen: number[] = [];
  catalog.onChange(({ version }) => seen.push(version));
  await publish(1, { accounts: [account("one")] });
  await publish(2, { accounts: [account("two")] });
  // A word of the beginning, and two of each version: that it is ready, and that it is at work.
  expect([catalog.current.version, accounts(), seen, words.length]).toEqual([2, ["two"], [1, 2], 5]);
});

it("says when it works with what stands below an offset", async () => {
  const { catalog, write, give, accounts } = world();
  await catalog.begin(files);
  const { pieces, head } = write(1, { accounts: [account("one")] });
  const known = catalog.until(pieces.length + 1, 1_000).then((reached) => [reached, ...accounts()]);
  expect(await catalog.until(1, 0)).toBe(false);
  await give(...pieces, head);
  expect(await known).toEqual([true, "one"]);
});

it("begins with the newest version that stands there, whatever the files hold", async () => {
  const { catalog, publish, accounts } = world();
  await publish(1, { accounts: [account("one")] });
  await publish(2, { accounts: [account("two")] });
  await catalog.begin(() => {
    throw new Error("the files are not read");
  });
  expect(accounts()).toEqual(["two"]);
});

it("goes on with the last one when a version cannot be read, says why, and takes the next", async () => {
  const { catalog, publish, accounts } = world();
  await publish(1, { accounts: [account("one")] });
  await catalog.begin(files);
  await publish(2, { accounts: [{ id: "x" }], more: true });
  expect(accounts()).toEqual(["one"]);
  expect(catalog.trouble).toMatch(/^version 2: .*name/);
  await publish(3, { accounts: [account("three")] });
  expect([accounts(), catalog.trouble]).toEqual([["three"], undefined]);
});

it("waits for the registry when it does not know a writer's schema, and misses no version", async () => {
  let down = false;
  const decode = (value: Buffer) =>
    down
      ? ({ ok: false, code: "unknown-schema", schemaId: 7, detail: "schema 7" } as const)
      : codecs.control.decode(value);
  const loadSchema = () => (down ? Promise.reject(new Error("no answer")) : Promise.resolve("loaded" as const));
  const control = { encode: codecs.control.encode.bind(codecs.control), decode };
  const { catalog, publish, accounts, words } = world({ ...codecs, control, loadSchema });
  await catalog.begin(files);
  await publish(1, { accounts: [account("one")] });
  down = true;
  const published = publish(2, { accounts: [account("two")] });
  await vi.waitFor(() => expect(catalog.trouble).toBe("a schema cannot be had from the registry: no answer"));
  expect(accounts()).toEqual(["one"]);
  down = false;
  await published;
  await publish(3, { accounts: [account("three")] });
  expect([catalog.current.version, accounts(), catalog.trouble]).toEqual([3, ["three"], undefined]);
  expect(words.filter((word) => word !== undefined)).toHaveLength(1);
});

it("takes versions with regions and exchange rates, and those without", async () => {
  const { catalog, publish } = world();
  await publish(1, { accounts: [account("one")] });
  await catalog.begin(files);
  expect([catalog.current.catalog.regions, catalog.current.catalog.rates]).toEqual([[], undefined]);
  const rates = { base: "EUR", date: "2026-01-31", rates: { USD: "1.08" } };
  await publish(2, { accounts: [account("one")], regions: [{ id: "dach", countries: ["DE", "AT", "CH"] }], rates });
  expect(catalog.current.catalog.regions).toHaveLength(1);
  expect(catalog.current.catalog.rates).toMatchObject({ date: "2026-01-31", rates: { USD: 1.08 } });
  await publish(3, { accounts: [account("one")] });
  expect([catalog.current.version, catalog.current.catalog.rates]).toEqual([3, undefined]);
});

it("takes a secret from its file, and again when that has changed", async () => {
  const { catalog, publish, secrets } = world();
  const smpp = { host: "h", port: 1, systemId: "s", password: { file: "/a" } };
  const provider = { id: "a", kind: "smpp", rate: 1, currency: "EUR", prices: [{ price: "0.01" }], smpp };
  await publish(1, { providers: [provider] });
  await catalog.begin(files);
  const changes: string[] = [];
  const password = () => (catalog.current.providers.get("a") as { smpp: { password: string } }).smpp.password;
  catalog.onChange(() => changes.push(password()));
  expect(password()).toBe("one");
  await catalog.refreshSecrets();
  secrets.set("/a", "two");
  await Promise.all([catalog.refreshSecrets(), catalog.refreshSecrets()]);
  expect(changes).toEqual(["two"]);
});

const HEADER = "Country,MCC MNC,Prefix,Price (EUR),Valid from,Charged on,Network\n";
const withList = (list: string) => ({
  providers: [
    {
      id: "a",
      kind: "smpp",
      rate: 1,
      currency: "EUR",
      smpp: { host: "h", port: 1, systemId: "s", password: { file: "/a" } },
      prices: { list: HEADER + list, zone: "UTC" },
    },
  ],
});

it("takes prices from the version, and one version after the other however long each takes", async () => {
  const { catalog, publish } = world();
  await catalog.begin(files);
  const price = () =>
    priceOf(catalog.current.providers.get("a")!, { destination: "499", country: "DE", mccMnc: undefined, at: 0 });
  const versions: number[] = [];
  catalog.onChange(({ version }) => versions.push(version));
  const lines = Array.from({ length: 50_000 }, (_, n) => `,,1${n + 100_000},0.02,,,\n`);
  const large = publish(1, withList(`DE,,,0.01,,,\n${lines.join("")}`));
  const small = publish(2, withList("DE,,,0.03,,,\n"));
  await Promise.all([large, small]);
  expect([price(), versions]).toEqual([30_000, [1, 2]]);
  await publish(3, withList("DE,,,0.04,,,\nDE,,,0.05,,,\n"));
  expect([price(), catalog.trouble]).toEqual([30_000, "version 3: providers[0].prices: line 3: a second price for DE"]);
});

describe("a version whose pieces are there before its head", () => {
  /** A list that takes several pieces, since no line is like another. */
  const long = () => {
    let seed = 1;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647);
    return withList(
      Array.from({ length: 60_000 }, (_, n) => `,,1${n + 100_000},0.${next() % 1_000_000},,,\n`).join(""),
    );
  };

  it("is read by then, and changes nothing until the head says that it counts", async () => {
    const { catalog, write, give, reveal, words } = world();
    await catalog.begin(files);
    const { id, pieces, head } = write(1, long());
    expect(pieces.length).toBeGreaterThan(1);
    await give(...pieces.slice(0, -1));
    expect([catalog.prepared, words.length]).toEqual([undefined, 1]);
    await give(...pieces.slice(-1));
    expect([catalog.prepared, words.length, catalog.current.version]).toEqual([id, 2, 0]);
    reveal.mockClear();
    await give(head);
    // The secret is compared, and nothing is read with it: that would ask for it once more.
    expect(reveal).toHaveBeenCalledOnce();
    expect([catalog.current.version, catalog.current.providers.has("a")]).toEqual([1, true]);
  });

  it("is read again when a secret has changed meanwhile", async () => {
    const { catalog, write, give, secrets } = world();
    await catalog.begin(files);
    const { pieces, head } = write(1, withList("DE,,,0.01,,,\n"));
    await give(...pieces);
    secrets.set("/a", "two");
    await give(head);
    expect((catalog.current.providers.get("a") as { smpp: { password: string } }).smpp.password).toBe("two");
  });

  it("does not count when its head is of other pieces, nor when another one was faster", async () => {
    const { catalog, publish, write, give, accounts } = world();
    await catalog.begin(files);
    const forged = write(1, { accounts: [account("forged")] });
    const other = write(1, { accounts: [account("other")] });
    const decoded = codecs.control.decode(other.head.value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    const value = codecs.control.encode({ ...decoded.value, id: forged.id });
    await give(...forged.pieces, { ...forged.head, value });
    expect(accounts()).toEqual(["files"]);
    const late = write(1, { accounts: [account("late")] });
    await give(...late.pieces);
    await publish(1, { accounts: [account("one")] });
    await give(late.head);
    expect([catalog.prepared === late.id, catalog.current.version, accounts()]).toEqual([false, 1, ["one"]]);
  });

  it("is kept ready for a minute, as long as an apply takes that is not broken off; its head counts all the same", async () => {
    const forgets = vi.spyOn(CatalogLog.prototype, "forgetEarly");
    const { catalog, write, giveAt, reveal } = world();
    await catalog.begin(files);
    const { id, pieces, head } = write(1, withList("DE,,,0.01,,,\n"));
    const body = '{"trouble":null}';
    const word = record(codecs.control, "instance/a", { kind: "instance", id: "a", version: 0, body, at: 1, place: 0 });
    await giveAt(1_000, ...pieces);
    expect(catalog.prepared).toBe(id);
    await giveAt(61_000, word);
    expect(forgets).not.toHaveBeenCalled();
    await giveAt(61_001, word);
    await giveAt(90_000, word);
    expect(forgets).toHaveBeenCalledOnce();
    reveal.mockClear();
    await giveAt(99_000, head);
    // It is read anew, and compared with nothing.
    expect([catalog.current.version, reveal.mock.calls.length]).toEqual([1, 2]);
    forgets.mockRestore();
  });

  it("is told of as ready though it cannot be read, and its trouble when it counts", async () => {
    const { catalog, write, give } = world();
    await catalog.begin(files);
    const { id, pieces, head } = write(1, { accounts: [{ id: "x" }] });
    await give(...pieces);
    expect([catalog.prepared, catalog.trouble]).toEqual([id, undefined]);
    await give(head);
    expect(catalog.trouble).toMatch(/^version 1: .*name/);
  });
});
