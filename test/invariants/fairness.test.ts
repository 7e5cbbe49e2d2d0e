/**
 * Promise 5: what is slow or floods (a partition, a destination, a provider, a network, an account, a lane) slows nothing
 * else. A few streams of messages, the rest, flow all the time, far below what the machine and the providers can do; the
 * tests disturb them in one way after the other and compare with the calm before. SLUICE_FAULTS=long: larger floods.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { until } from "../faults/audit.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { PaceReader, type Passage, type Stretch } from "../faults/pace.ts";
import { figure, LONG } from "../faults/report.ts";
import { type Stream, Upstream } from "../faults/streams.ts";
import { TcpProxy } from "../faults/tcp-proxy.ts";

/** How long a disturbance is looked at, and the calm before. */
const STRETCH_MS = LONG ? 20_000 : 5_000;
const CALM_MS = LONG ? 20_000 : 5_000;
/** The providers' segments a second: low, so that floods are long for them and short for the machine. */
const RATES: Readonly<Record<string, number>> = { "smsc-a": 150, "smsc-b": 100, "http-c": 60 };
/** Messages of a flood: eight seconds of smsc-a, or more; of marketing: six of every provider, or more. */
const FLOOD = LONG ? 6_000 : 1_200;
const MARKETING = LONG ? 20_000 : 1_800;
/** Of the rest's throughput, so much must be kept, and its 95th percentile grow by no more than so long, ms. */
const KEPT = 0.9;
const P95_MS = 1_500;
/**
 * Behind a flood in the same lane it grows by more: until a second of work stands in the lane nobody overflows, and the others wait
 * behind that and behind what the router still reads of the flood (decision 7).
 */
const FLOOD_P95_MS = 3_000;
/** Calm is a stretch whose 95th percentile is no longer than this share of the one before: nothing starts up any more. */
const STILL_FALLING = 0.75;
/** For what a disturbance leaves to be done. */
const END_MS = LONG ? 300_000 : 60_000;

/** Sender ids name the provider: the tests decide who goes where, and nobody fails over. */
const PROVIDERS = { ToA: "smsc-a", ToB: "smsc-b", ToC: "http-c" };
const REST: readonly Stream[] = [
  { name: "otp", account: "acme", lane: "otp", from: "ToA", rate: 8 },
  { name: "acme", account: "acme", lane: "transactional", from: "ToA", rate: 8 },
  { name: "nordbank", account: "nordbank", lane: "transactional", from: "ToA", rate: 8 },
  { name: "news", account: "acme", lane: "marketing", from: "ToA", rate: 6 },
  { name: "to-b", account: "acme", lane: "transactional", from: "ToB", rate: 6 },
  { name: "to-c", account: "nordbank", lane: "transactional", from: "ToC", rate: 5 },
];
const NAMES = new Set(REST.map(({ name }) => name));
const isRest = ({ stream }: Passage) => NAMES.has(stream);
/** A second below the providers' time-out. */
const SLOW = { kind: "constant", ms: 2_000 };
/** Numbers of another network than the rest's. */
const VODAFONE = { prefix: "49172", digits: 12 };
/** The account that disturbs. */
const bench = { account: "bench", lane: "transactional", from: "ToA", rate: 0 } as const;

let sluice: Installation;
let registry: TcpProxy;
let upstream: Upstream;
let reader: PaceReader;
let catalog: string;
let calmStretch: Stretch;

beforeAll(async () => {
  catalog = mkdtempSync(join(tmpdir(), "sluice-fairness-"));
  cpSync("infra/local/catalog", catalog, { recursive: true });
  const routes = Object.entries(PROVIDERS).map(([sender, id]) => ({
    id: `to-${id}`,
    when: { senders: [sender] },
    strategy: "priority",
    providers: [{ id }],
  }));
  writeFileSync(join(catalog, "routes.yaml"), stringify(routes));
  const file = join(catalog, "providers.yaml");
  const providers = parse(readFileSync(file, "utf8")) as { id: string }[];
  writeFileSync(file, stringify(providers.map((provider) => ({ ...provider, rate: RATES[provider.id] }))));
  sluice = await startInstallation({
    env: { SLUICE_CATALOG_DIR: catalog },
    through: async (infra) => {
      const at = new URL(infra.registryUrl);
      registry = await TcpProxy.start(0, { host: at.hostname, port: Number(at.port) });
      at.port = String(registry.port);
      return { registryUrl: at.href };
    },
  });
  const errors = { permanentShare: 0, temporaryShare: 0 };
  for (const provider of Object.values(PROVIDERS)) await behave(sluice, provider as "smsc-a", { errors });
  upstream = new Upstream(sluice);
  reader = new PaceReader(sluice);
  await upstream.connect();
  await reader.start();
  upstream.start(REST);
  // Until the binds stand, the code is warm and what had gathered is gone, no stretch is calm.
  let before = Number.POSITIVE_INFINITY;
  await until(
    () => `a stretch of ${CALM_MS} ms without delay; the last: ${before} ms`,
    async () => {
      const from = Date.now();
      await new Promise((resolve) => setTimeout(resolve, CALM_MS));
      calmStretch = { from, to: from + CALM_MS };
      const { kept, p95 } = await reader.pace(calmStretch, isRest, END_MS);
      const calm = kept > KEPT && p95 < P95_MS && p95 > before * STILL_FALLING;
      before = p95;
      return calm;
    },
    240_000,
  );
}, 600_000);

afterAll(async () => {
  await upstream?.stop();
  await reader?.stop();
  await sluice?.stop();
  await registry?.stop();
  if (catalog) rmSync(catalog, { recursive: true });
});

interface Disturbance {
  readonly name: string;
  /** Of the rest, who is looked at. */
  readonly those?: (passage: Passage) => boolean;
  readonly disturb: () => Promise<void>;
  /** Ends it, whatever was found; then what it and `flood` have left is waited for. */
  readonly mend?: () => Promise<void>;
  readonly flood?: string;
  /** What may be added to the 95th percentile, ms. */
  readonly longer?: number;
}

/** Disturbs for a stretch, and compares the pace of the rest in it with that of the calm. */
async function disturbed({ name, those = () => true, longer = P95_MS, ...rests }: Disturbance): Promise<Stretch> {
  const { disturb, mend, flood } = rests;
  const rest = (passage: Passage) => isRest(passage) && those(passage);
  const calm = await reader.pace(calmStretch, rest, END_MS);
  const from = Date.now();
  const stretch = { from, to: from + STRETCH_MS };
  await Promise.all([disturb(), new Promise((resolve) => setTimeout(resolve, STRETCH_MS))]);
  const pace = await reader.pace(stretch, rest, END_MS);
  if (mend !== undefined) {
    await mend();
    // Also those who were not looked at, such as a partition that stood still, go again before the next disturbance.
    await reader.pace({ from, to: Date.now() }, isRest, END_MS);
  }
  // A few are held up longer by what the simulators do at random.
  if (flood !== undefined) await reader.submitted(flood, Math.floor(reader.progress(flood).accepted * 0.99), END_MS);
  const kept = pace.kept / calm.kept;
  figure(5, name, `rest kept ${(kept * 100).toFixed(1)} %, p95 ${Math.round(calm.p95)} -> ${Math.round(pace.p95)} ms`);
  expect(pace.messages, "the rest keeps coming").toBeGreaterThan((calm.messages * STRETCH_MS * 0.8) / CALM_MS);
  expect(kept, "what is kept of the throughput").toBeGreaterThan(KEPT);
  expect(pace.p95 - calm.p95, "what is added to the 95th percentile, ms").toBeLessThan(longer);
  return stretch;
}

const EVER: Stretch = { from: 0, to: Number.POSITIVE_INFINITY };

/** Messages of the stream that carry this code. */
function coded(stream: string, code: string, within = EVER): number {
  return reader.those(within, (one) => one.stream === stream && one.codes.has(code)).length;
}

test("a flooded partition: the others go on", async () => {
  const flood: Stream = { ...bench, name: "one-partition", account: "acme", partition: 0 };
  await disturbed({
    name: "flooded partition",
    those: ({ partition }) => partition !== 0,
    disturb: () => upstream.flood(flood, FLOOD),
    flood: flood.name,
    longer: FLOOD_P95_MS,
  });
});

test("a partition whose records wait for a slow registry: the others go on", async () => {
  let id = 1_000_000;
  await disturbed({
    name: "partition with unknown schemas, registry late",
    those: ({ partition }) => partition !== 1,
    disturb: async () => {
      registry.delay("to-client", 1_000);
      for (const ends = performance.now() + STRETCH_MS; performance.now() < ends; ) {
        const value = Buffer.alloc(32);
        value.writeInt32BE(id++, 1);
        await upstream.raw("transactional", 1, value);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    mend: async () => registry.mend(),
  });
});

test("a slow provider: traffic through the others goes on, in the same partitions and the same sender", async () => {
  const flood: Stream = { ...bench, name: "slow-provider", from: "ToB", rate: 80 };
  await disturbed({
    name: "slow provider",
    those: ({ stream }) => stream !== "to-b",
    disturb: async () => {
      await behave(sluice, "smsc-b", { response: { delay: SLOW } });
      await upstream.during(flood, STRETCH_MS);
    },
    mend: () => behave(sluice, "smsc-b", { response: { delay: { kind: "constant", ms: 20 } } }),
    flood: flood.name,
  });
});

test("a slow network of a provider: its other networks go on", async () => {
  const slow: Stream = { ...bench, ...VODAFONE, name: "slow-network", rate: 80 };
  await disturbed({
    name: "slow network",
    disturb: async () => {
      await behave(sluice, "smsc-a", { rules: [{ prefix: VODAFONE.prefix, responseDelay: SLOW }] });
      await upstream.during(slow, STRETCH_MS);
    },
    mend: () => behave(sluice, "smsc-a", { rules: [] }),
    flood: slow.name,
  });
});

test("a network that its operator throttles: the provider's other networks go on", async () => {
  const slow: Stream = { ...bench, ...VODAFONE, name: "throttled-network", rate: 60 };
  await disturbed({
    name: "throttled network",
    disturb: async () => {
      await behave(sluice, "smsc-a", { rules: [{ prefix: VODAFONE.prefix, status: "ESME_RTHROTTLED" }] });
      await upstream.during(slow, STRETCH_MS);
    },
    mend: () => behave(sluice, "smsc-a", { rules: [] }),
    flood: slow.name,
  });
});

test("an account that floods: the other accounts of its lane go on", async () => {
  const flood: Stream = { ...bench, name: "account" };
  const stretch = await disturbed({
    name: "flooding account",
    those: ({ lane }) => lane === "transactional",
    disturb: () => upstream.flood(flood, FLOOD),
    flood: flood.name,
    longer: FLOOD_P95_MS,
  });
  const overflowed = coded(flood.name, "account-busy");
  figure(5, "flooding account: put behind the others", `${overflowed} of ${FLOOD}`);
  expect(overflowed).toBeGreaterThan(FLOOD / 2);
  for (const name of NAMES) expect(coded(name, "account-busy", stretch), `${name} is within its share`).toBe(0);
});

test("a destination that gets everything: the others of its partition and lane go on", async () => {
  const number = "4915112345678";
  const flood: Stream = { ...bench, name: "one-number", prefix: number, rate: 100 };
  await disturbed({
    name: "flooded destination",
    disturb: async () => {
      await behave(sluice, "smsc-a", {
        rules: [{ prefix: number, responseDelay: { kind: "constant", ms: 300 } }],
      });
      await upstream.during(flood, STRETCH_MS);
    },
    mend: () => behave(sluice, "smsc-a", { rules: [] }),
  });
  await until(
    () => "some of the flood go out, and some come back",
    () => reader.progress(flood.name).submitted > 0 && coded(flood.name, "destination-busy") > 0,
    END_MS,
  );
});

test("a fetch full of marketing: otp is not starved", async () => {
  const flood: Stream = { ...bench, name: "marketing", account: "acme", lane: "marketing" };
  await disturbed({
    name: "marketing flood: otp",
    those: ({ lane }) => lane === "otp",
    disturb: async () => {
      await Promise.all([
        upstream.flood(flood, MARKETING / 2),
        upstream.flood({ ...flood, from: "ToB" }, MARKETING / 3),
        upstream.flood({ ...flood, from: "ToC" }, MARKETING / 6),
      ]);
    },
  });
});
