/**
 * Promise 11: jumps of a host's wall clock by hours, either way and in mid-traffic, break no timer, rate or expiry: what
 * expires, is due or passes its deadline does so at its time by the brokers' clock, and traffic does not stand still.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { behave, type Installation, SERVICES, startInstallation } from "../faults/installation.ts";
import { schedule } from "../faults/kill.ts";
import { judgePunctuality, type Timed } from "../faults/punctuality.ts";
import { servicePids, untilReady } from "../faults/readiness.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";
import { providerStats, SubmissionWatch } from "../faults/submission-watch.ts";
import { REFUSED_PREFIX, TimedMessages, UNHEARD_PREFIX } from "../faults/timed-messages.ts";
import { readTimelines } from "../faults/timeline.ts";
import { Traffic } from "../faults/traffic.ts";

const RATE = 300;
/** Segments a second that the providers' accounts allow here: less than comes in for the first, so that its limit is reached. */
const RATES = { "smsc-a": 140, "smsc-b": 140, "http-c": 60 };
/** How far above its rate a provider may see us in one second: a process may stand still between its clock and its socket. */
const JITTER = 1.05;
const HOUR_MS = 3_600_000;
const JUMPS_MS = [2 * HOUR_MS, -2 * HOUR_MS, 72 * HOUR_MS];
/** Clocks of services that start anew: each way is wrong for one of them. */
const STARTS_MS = [72 * HOUR_MS, 2 * HOUR_MS, -2 * HOUR_MS];
/** How long one service's clock stays wrong, and that of all together. */
const ALONE_MS = LONG ? 6_000 : 2_000;
const TOGETHER_MS = LONG ? 20_000 : 4_000;
/** In the end all stay two hours back: longer than a session of a consumer group (10 s) and a receipt deadline. */
const BEHIND_MS = LONG ? 40_000 : 14_000;
const DEADLINE_MS = 15_000;
/** The messages that no provider takes expire so long after they came: after one or two rounds of the first retry tier. */
const EXPIRE_MS = [6_000, 13_000] as const;
const TIER_MS = 5_000;
/** The services that are started anew with wrong clocks are away for some seconds; what a jump would do wrong is wrong by hours. */
const LATE_MS = 20_000;
const STANDSTILL_MS = 8_000;
/** Five rounds of retries (5, 5, 5 s, 1 and 1 min) and their receipts: as many as the restarts may cost a message. */
const END_MS = 240_000;
const READY_MS = 120_000;

const catalog = slowedCatalog();
let sluice: Installation;
beforeAll(async () => {
  sluice = await startInstallation({
    hooks: true,
    env: { SLUICE_RECEIPT_DEADLINE: `${DEADLINE_MS}ms`, SLUICE_CATALOG_DIR: catalog },
  });
  const rules = [
    { prefix: REFUSED_PREFIX, status: "ESME_RSYSERR" },
    { prefix: UNHEARD_PREFIX, loseReceipt: true },
  ];
  await behave(sluice, "smsc-b", { rules });
});
afterAll(async () => {
  await sluice?.stop();
  rmSync(catalog, { recursive: true });
});

test("nothing ends early, comes late or stands still because a wall clock jumps", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.5 });
  const timed = new TimedMessages(sluice, random);
  const watch = new SubmissionWatch(sluice);
  const pids = await servicePids(sluice);
  await traffic.start();
  await timed.start(1, EXPIRE_MS);
  await hold(3_000);
  watch.start();
  let jumps = 0;
  const jump = (services: readonly string[], ms: number) => {
    for (const service of services) sluice.hooks.setClock(service, ms);
    jumps += services.length;
  };
  for (const service of SERVICES) {
    const drawn = JUMPS_MS[Math.floor(random() * JUMPS_MS.length)]!;
    for (const ms of LONG ? JUMPS_MS : [drawn]) {
      console.log(`${service}: ${ms / HOUR_MS} h`);
      jump([service], ms);
      await hold(ALONE_MS);
    }
    jump([service], 0);
  }
  for (const ms of LONG ? JUMPS_MS : [72 * HOUR_MS]) {
    jump(SERVICES, ms);
    await hold(TOGETHER_MS);
    jump(SERVICES, 0);
  }
  jump(SERVICES, -2 * HOUR_MS);
  await hold(BEHIND_MS);
  watch.stop();
  expect(await servicePids(sluice)).toEqual(pids);
  await startAnewWithWrongClocks();
  await timed.stop();
  await traffic.stop();

  const { unanswered, failures } = traffic;
  const promised = { accepted: new Set([...traffic.accepted, ...timed.accepted]), unanswered, failures };
  const result = await reckon(sluice, promised, END_MS);
  console.log(figures(result, promised));
  expectInOrder(result);
  const found = judgePunctuality(await readTimelines(sluice), { receiptDeadlineMs: DEADLINE_MS, stampMs: 60_000 });
  const stats = await providerStats(sluice);
  figure(11, "jumps of a process's clock by 2 h or 3 days", jumps);
  figure(11, "expired early", `${found.expired.early.length} of ${found.expired.count}`);
  figure(11, "unknown before the receipt deadline", `${found.unknown.early.length} of ${found.unknown.count}`);
  figure(11, "retries due", `${found.retried.count}, at most ${seconds(found.retried.latest)} late`);
  figure(
    11,
    "peak rate of each provider, segments/s of its limit",
    Object.entries(RATES)
      .map(([id, rate]) => `${stats[id]!.peakSegmentsPerSecond} of ${rate}`)
      .join(", "),
  );
  figure(11, "longest standstill of submissions", seconds(watch.longest));
  expect({
    ...found,
    expired: early(found.expired),
    unknown: early(found.unknown),
    retried: early(found.retried),
  }).toEqual({ expired: [], unknown: [], retried: [], abandoned: [], stamps: [] });
  // A message that expires in a tier is found out when it comes due; within that, who expires first ends first.
  expect(found.expired.latest).toBeLessThan(TIER_MS + LATE_MS);
  expect(found.unknown.latest).toBeLessThan(LATE_MS);
  expect(found.retried.latest).toBeLessThan(LATE_MS);
  for (const { count } of [found.expired, found.unknown, found.retried]) expect(count).toBeGreaterThan(20);
  for (const [id, rate] of Object.entries(RATES))
    expect(stats[id]!.peakSegmentsPerSecond, id).toBeLessThanOrEqual(rate * JITTER);
  expect(watch.longest).toBeLessThan(STANDSTILL_MS);
}, 600_000);

/** A process may also start with a clock that is wrong. */
async function startAnewWithWrongClocks(): Promise<void> {
  const services = LONG ? SERVICES : (["router", "dlr-collector"] as const);
  for (const [i, service] of services.entries()) sluice.hooks.setClock(service, STARTS_MS[i % STARTS_MS.length]!);
  await Promise.all(services.map((service) => sluice.control.stop(service)));
  for (const service of services) void sluice.control.start(service).catch(() => {}); // waited for below
  await untilReady(sluice, READY_MS);
  await hold(2_000);
}

/** The local catalog with slower accounts, and a country that only one provider serves. */
function slowedCatalog(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-catalog-"));
  cpSync("infra/local/catalog", folder, { recursive: true });
  const change = <T>(file: string, how: (value: T) => unknown) => {
    const path = join(folder, file);
    writeFileSync(path, stringify(how(parse(readFileSync(path, "utf8")) as T)));
  };
  change<{ id: keyof typeof RATES }[]>("providers.yaml", (all) => all.map((one) => ({ ...one, rate: RATES[one.id] })));
  const only = { id: "iceland", when: { countries: ["IS"] }, strategy: "priority", providers: [{ id: "smsc-b" }] };
  change<unknown[]>("routes.yaml", (routes) => [only, ...routes]);
  return folder;
}

function hold(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function early({ early: list }: Timed): readonly string[] {
  return list.slice(0, 20);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
