/** A ported number goes by the network that it is of now, as a look-up service says; without an answer messages go on by the prefix. */
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type CatalogFiles, LiveCatalogFiles } from "../fixture/live-catalog.ts";
import { audit, behaveAs, CALM, disconnect, freshId, produce, query, until, untilFinal } from "./sluice.ts";

const { environment } = inject("sluice");
const catalog = new LiveCatalogFiles(environment);
const files = catalog.read(environment.SLUICE_CATALOG_DIR!);

/** Both are Telekom's by their prefix (26201); those of the first are of another network by now. */
const PORTED = "49151881";
const STAYED = "49151882";
/** Of these the look-up knows nothing, and receipts of smsc-a say where they are. */
const LEARNED = "49151883";
const O2 = "26203";
const SECRET = "Bearer of-the-look-up";
const TIMEOUT_MS = 2_000;
/** Between a message's acceptance and its decision on a machine that does other things as well, ms. */
const PATIENCE_MS = 4_000;
const MAX_IN_FLIGHT = 20;

const asked: { number: string; authorization: string | undefined }[] = [];
let answer = (number: string, response: ServerResponse): void => {
  response.end(
    JSON.stringify({ result: number.startsWith(PORTED) ? { mcc: "262", mnc: 3 } : { mcc: null, mnc: null } }),
  );
};
const service = createServer((request, response) => {
  const number = request.url!.slice(request.url!.lastIndexOf("/") + 1);
  asked.push({ number, authorization: request.headers.authorization });
  answer(number, response);
});
let asBefore: () => Promise<void>;

beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const learning = { ...CALM, rules: [{ prefix: LEARNED, network: O2 }] };
  asBefore = await behaveAs({ "smsc-a": learning, "smsc-b": learning });
  const applied = await catalog.apply(withLookup());
  expect(applied, applied.err).toMatchObject({ code: 0 });
  expect(applied.out).toContain("+ portability\n");
});

afterAll(async () => {
  // A file that is not there is as an empty one.
  await catalog.apply({ ...files, portability: null } as CatalogFiles);
  await asBefore();
  service.closeAllConnections();
  service.close();
  await disconnect();
  catalog.remove();
});

function withLookup(): CatalogFiles {
  const secret = join(catalog.folder, "look-up.secret");
  writeFileSync(secret, `${SECRET}\n`);
  const providers = structuredClone(files.providers);
  const b = providers.find(({ id }) => id === "smsc-b")!;
  b.prices = [...(b.prices as { price: string }[]), { mccMnc: O2, price: "0.0333" } as never];
  const lookup = {
    id: "mnp",
    kind: "http",
    url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/numbers/{number}`,
    secretHeaders: { authorization: { file: secret } },
    answer: { mcc: "result.mcc", mnc: "result.mnc" },
    timeoutMs: TIMEOUT_MS,
    maxInFlight: MAX_IN_FLIGHT,
    price: "0.001",
    currency: "EUR",
    budget: { daily: "100" },
    countries: ["DE"],
    circuit: { openMs: 60_000 },
  };
  const ofO2 = { id: "o2", when: { mccMncs: [O2] }, strategy: "priority", providers: [{ id: "smsc-b" }] };
  const toLearn = {
    id: "to-learn",
    when: { prefixes: [LEARNED] },
    strategy: "priority",
    providers: [{ id: "smsc-a" }],
  };
  Object.assign(providers.find(({ id }) => id === "smsc-a")!.smpp!, { networkTlvs: [0x1403] });
  const portability = { learned: {}, lookups: [lookup] };
  return { ...files, providers, routes: [ofO2, toLearn, ...files.routes], portability } as CatalogFiles;
}

function send(prefix: string, count: number): Promise<string[]> {
  return sendTo(Array.from({ length: count }, () => `${prefix}${randomInt(10_000, 99_999)}`));
}

async function sendTo(numbers: readonly string[]): Promise<string[]> {
  const requests = numbers.map((to) => ({ messageId: freshId(), to, text: "wherever you are" }));
  await produce(requests);
  return requests.map(({ messageId }) => messageId);
}

interface Decision {
  network: string;
  route: string;
  provider: string;
  price: number;
  waited: number;
}

/** How each message was routed first. */
function decisions(ids: readonly string[]): Promise<Decision[]> {
  return query<Decision>(
    `SELECT network, route, provider, toFloat64(price) AS price, toInt32(dateDiff('millisecond', accepted_at, at)) AS waited
     FROM events WHERE type = 'routed' AND attempt = 1 AND message_id IN (${ids.map((id) => `'${id}'`)})`,
  );
}

test("a ported number takes the route of its real network and pays its price; one that is not known goes by its prefix", async () => {
  const ported = await send(PORTED, 30);
  const stayed = await send(STAYED, 30);
  const rows = await untilFinal([...ported, ...stayed]);
  expect([...rows.values()].filter(({ finals }) => finals !== 1)).toEqual([]);
  const there = await decisions(ported);
  expect(there).toHaveLength(30);
  for (const one of there) expect(one).toMatchObject({ network: O2, route: "o2", provider: "smsc-b", price: 0.0333 });
  const here = await decisions(stayed);
  expect(here).toHaveLength(30);
  for (const one of here) expect(one).toMatchObject({ network: "26201", route: "everywhere" });
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([SECRET]));
  expect(asked.length).toBeLessThanOrEqual(60);
});

test("what the receipt of a first message says, the next one to the number is routed by", async () => {
  const numbers = Array.from({ length: 10 }, (_, n) => `${LEARNED}${10_000 + n}`);
  const first = await sendTo(numbers);
  await untilFinal(first);
  for (const one of await decisions(first)) expect(one).toMatchObject({ network: "26201", route: "to-learn" });
  await until("it is explained by what receipts said", async () => {
    const { out } = await catalog.run("explain", "--to", `+${numbers[9]!}`);
    return out.includes(`network ${O2}`) && out.includes("(as receipts said)") && out.includes("route       o2");
  });
  const second = await sendTo(numbers);
  await untilFinal(second);
  const there = await decisions(second);
  expect(there).toHaveLength(10);
  for (const one of there) expect(one).toMatchObject({ network: O2, route: "o2", provider: "smsc-b", price: 0.0333 });
});

test("explain says how the network is known, and that the router would ask; simulate says how they were known", async () => {
  const explained = await catalog.run("explain", "--to", `+${PORTED}12345`);
  expect(explained.out).toMatch(/network 26201 .*\(by its prefix\)/);
  expect(explained.out).toContain("note: the router asks look-up mnp for the network of this number");
  const simulated = await catalog.simulate(withLookup(), "--json");
  expect(JSON.parse(simulated.out).networkSources.lookup).toBeGreaterThanOrEqual(30);
});

test("with the look-up dead messages go on: one time-out, and then nobody waits", async () => {
  answer = () => {};
  const first = await send(PORTED, 30);
  await untilFinal(first);
  const count = asked.length;
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) {
    ids.push(...(await send(PORTED, 10)));
    await pause(100);
  }
  await untilFinal(ids);
  expect(asked.length - count, "the circuit is open").toBe(0);
  for (const { waited } of await decisions(first)) expect(waited).toBeLessThan(TIMEOUT_MS + PATIENCE_MS);
  const later = await decisions(ids);
  const fast = later.filter(({ waited }) => waited < TIMEOUT_MS).length;
  expect(fast, "decided before one time-out would be over").toBeGreaterThan(later.length / 2);
});

test("nothing was lost by any of it", async () => {
  const { counts, text } = await audit();
  expect(counts, text).toMatchObject({ missing: 0, duplicated: 0, contradicting: 0 });
});
