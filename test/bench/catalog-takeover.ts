/**
 * What it costs a running service to take a large catalog over: `node --expose-gc test/bench/catalog-takeover.ts [prices] [routes]`.
 * Price lists are read as `sluice apply` reads them, packed as it publishes them, and given to a `LiveCatalog` as Kafka would, while
 * the event loop is watched: the longest turn is what a message may have waited for. Times are of the main thread's CPU, so that
 * what else the machine does is not among them.
 */
import { loadCatalog } from "../../domain/catalog/load-catalog.ts";
import { snapshotOf } from "../../domain/catalog/snapshot.ts";
import { versionRecords } from "../../pipeline/control/catalog-version.ts";
import { LiveCatalog } from "../../pipeline/follow/live-catalog.ts";
import { createCodecs } from "../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../pipeline/records/register.ts";
import type { InRecord, OutRecord } from "../../platform/kafka/record.ts";
import { silentLog } from "../../platform/log/log.ts";
import { FakeRegistry } from "../unit/pipeline/fake-registry.ts";
import { priceRows } from "./price-rows.ts";

const [prices = 50_000, routes = 10] = process.argv.slice(2).map(Number);
/** They share the prices. */
const PROVIDERS = 25;
const ROUNDS = 5;
const ids = Array.from({ length: PROVIDERS }, (_, n) => `p${n}`);
const files = {
  "accounts.yaml": [{ id: "acme", name: "Acme" }],
  "providers.yaml": ids.map((id) => ({
    ...{ id, kind: "smpp", rate: 100, currency: "EUR", prices: { file: `${id}.csv`, zone: "Europe/Berlin" } },
    smpp: { host: "127.0.0.1", port: 2775, systemId: "sluice", password: { env: "PASSWORD" } },
  })),
  "routes.yaml": Array.from({ length: routes }, (_, n) => ({
    ...{ id: `r${n}`, strategy: "least-cost", providers: ids.slice(n % 20, (n % 20) + 3).map((id) => ({ id })) },
    when: n === routes - 1 ? {} : { prefixes: [`49${10_000 + n}`] },
  })),
};

/** CPU of the main thread so far, ms. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const begun = cpu();
const folder = {
  yaml: (file: string) => ({ value: files[file as keyof typeof files], where: () => "" }),
  octets: (file: string) =>
    new TextEncoder().encode(priceRows(Math.ceil(prices / PROVIDERS), Number(file.replace(/\D/g, "")))),
};
const { source } = loadCatalog(folder, 12, { namedSecretsOnly: true });
const read = cpu();

const registry = new FakeRegistry();
await registerSchemas(registry as never);
const codecs = await createCodecs(registry);
const versionOf = (version: number) =>
  versionRecords(codecs.control, source, {
    ...{ version, parent: version - 1, at: 1, by: "bench", note: null, restored: null },
  });
const packing = cpu();
const { pieces } = versionOf(1);
const packed = cpu();

const catalog = new LiveCatalog({ codecs, partitions: 12, reveal: () => "-", log: silentLog });
await catalog.begin(() => snapshotOf({ accounts: [], providers: [], routes: [], retired: [], regions: [] }));
let offset = 0;

/** Takes records over. @returns ms: all of it, what is left to do when the head stands there, and the longest turn of the event loop */
async function takeOver(records: readonly OutRecord[]) {
  let [longest, watching] = [0, true];
  let last = cpu();
  const watch = (): void => {
    const now = cpu();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(watch);
  };
  setImmediate(watch);
  const start = cpu();
  let head = start;
  for (const record of records) {
    head = cpu();
    await catalog.accept({ ...record, offset: offset++, timestamp: 1, headers: {} } as InRecord);
  }
  const atHead = cpu() - head;
  // The turn in which the last one was taken counts as well.
  await new Promise(setImmediate);
  watching = false;
  return { took: cpu() - start, atHead, longest };
}

const rounds = [];
let heap = 0;
for (let version = 1; version <= ROUNDS; version++) {
  const records = versionOf(version);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  rounds.push(await takeOver([...records.pieces, records.head]));
  globalThis.gc?.();
  if (version === 1) heap = process.memoryUsage().heapUsed - before;
}
if (catalog.current.version !== ROUNDS) throw new Error(catalog.trouble);
const middle = (values: readonly number[]) => Math.round([...values].sort((a, b) => a - b)[values.length >> 1]!);
console.log(
  JSON.stringify({
    ...{ prices, routes, pieces: pieces.length },
    versionOctets: pieces.reduce((sum, { value }) => sum + value!.length, 0),
    readMs: Math.round(read - begun),
    packMs: Math.round(packed - packing),
    takeOverMs: middle(rounds.map(({ took }) => took)),
    atHeadMs: middle(rounds.map(({ atHead }) => atHead)),
    // The first one finds nothing compiled yet.
    longestMs: Math.round(Math.max(...rounds.map(({ longest }) => longest))),
    heapMegabytes: Math.round(heap / 1e6),
  }),
);
