/**
 * Promise 13: the catalog changes while services are killed: prices, routes, limits, providers that go and come back, that are drained or out of
 * use. Each decision is made by one version, for a provider that it has in use, and carried out as it was made; no attempt goes to two
 * providers, and nothing is lost.
 * SLUICE_FAULTS=long: at more than 1,000 messages a second, for four minutes.
 */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import { largerCatalog } from "../faults/catalog.ts";
import { CatalogVersions } from "../faults/catalog-versions.ts";
import { DrawnCatalog } from "../faults/drawn-catalog.ts";
import { behave, type Installation, type Service, startInstallation } from "../faults/installation.ts";
import { killAndRestart, schedule, shuffled } from "../faults/kill.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";
import { type CatalogFiles, type CommandResult, LiveCatalogFiles } from "../fixture/live-catalog.ts";

const RATE = LONG ? 1_080 : 200;
const TIMES = LONG ? 4 : 1;
const RUN_MS = LONG ? 240_000 : 30_000;
/** Versions there are at least, however long each takes. */
const STEPS = 8;
/** So long a version may take to reach all instances before the next one comes, seconds: those that were killed may take longer. */
const WAIT = 2;
/** Between one version and the next, beside what applying takes. */
const PAUSE_MS = 1_000;
const KILL_EVERY_MS = LONG ? ([3_000, 8_000] as const) : ([2_500, 3_500] as const);
/** Those that work by the catalog. */
const KILLED: readonly Service[] = ["router", "sender", "dlr-collector", "ingest"];
const START_MS = 420_000;
const END_MS = 360_000;
/** So long after the next version has been published a router that lives may still decide by the last one, on a machine that starves. */
const LATE_MS = 5_000;
/** Exit codes of `sluice apply`. */
const [DONE, FAILED, NOT_EVERYWHERE] = [0, 2, 3];

let sluice: Installation;
let catalog: string;
let files: LiveCatalogFiles;
/** Of another operator. */
let other: LiveCatalogFiles;
beforeAll(async () => {
  catalog = largerCatalog(TIMES);
  sluice = await startInstallation({
    env: { SLUICE_CATALOG_DIR: catalog, ...(LONG ? {} : { SLUICE_RECEIPT_DEADLINE: "20s" }) },
  });
  files = new LiveCatalogFiles(sluice.environment);
  other = new LiveCatalogFiles(sluice.environment);
  const rate = { segmentsPerSecond: 0 };
  const delay = { kind: "lognormal", medianMs: 500, p95Ms: 1_500, maxMs: 3_000 };
  for (const smsc of ["smsc-a", "smsc-b"] as const) await behave(sluice, smsc, { rate, receipts: { delay } });
  await behave(sluice, "http-c", { rate, callbacks: { delay } });
}, START_MS);
afterAll(async () => {
  files?.remove();
  other?.remove();
  await sluice?.stop();
  rmSync(catalog, { recursive: true, force: true });
});

test("versions come one after the other while services are killed", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const versions = new CatalogVersions(files);
  const drawn = new DrawnCatalog(files.read(sluice.environment.SLUICE_CATALOG_DIR!), random);
  expect(await versions.apply(drawn.files())).toMatchObject({ code: 0 });
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.3, repeat: true });
  await traffic.start();
  const ends = performance.now() + RUN_MS;
  const kills: Record<string, number> = {};
  let changing = true;
  const killing = killWhile(() => changing, random, kills);
  const refused: CommandResult[] = [];
  let raced = 0;
  for (let n = 0; n < STEPS || performance.now() < ends; n++) {
    drawn.change();
    if (n % 4 === 3) refused.push(await versions.apply(drawn.wrong()));
    else if (n % 4 === 1) raced += await byTwo(versions, drawn.files());
    else expect([DONE, NOT_EVERYWHERE]).toContain((await versions.apply(drawn.files(), { wait: WAIT })).code);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  changing = false;
  await killing;
  expect(await versions.apply(drawn.whole())).toMatchObject({ code: 0 });
  await traffic.stop();
  for (const service of KILLED) await sluice.control.start(service);
  const result = await reckon(sluice, traffic, END_MS);
  console.log(figures(result, traffic));
  const made = await versions.decisions(sluice);
  const { audit, wrong } = result;
  figure(
    13,
    "versions",
    `${versions.published.length}; decisions by ${made.versions} of them; refused as wrong ${refused.length}, since another came first ${raced}`,
  );
  figure(13, "providers that went and came back", drawn.returns);
  figure(13, "versions with one drained, with one out of use", `${versions.with("drain")}, ${versions.with("none")}`);
  figure(13, "kills", KILLED.map((service) => `${service} ${kills[service] ?? 0}`).join(", "));
  figure(13, "messages", `${audit.accepted}, without an end ${audit.missing}`);
  figure(13, "attempts routed to two providers", wrong["routed to two providers in one attempt"]!.length);
  figure(13, "decisions", `${made.decisions}, the latest ${made.latestMs} ms after the next version was published`);
  expectInOrder(result);
  expect(made.wrong.slice(0, 20)).toEqual([]);
  expect(made.latestMs).toBeLessThan(LATE_MS);
  expect(made.versions).toBeGreaterThan(2);
  expect(drawn.returns).toBeGreaterThan(0);
  for (const use of ["drain", "none"] as const) expect(versions.with(use), use).toBeGreaterThan(0);
  for (const { code, err } of refused)
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("Nothing was changed") });
  for (const service of KILLED) expect(kills[service], service).toBeGreaterThan(0);
}, 1_200_000);

/** Two operators apply at the same time: both one after the other, or one of them is told that the catalog has changed. */
async function byTwo(versions: CatalogVersions, now: CatalogFiles): Promise<number> {
  const results = await Promise.all([
    versions.apply(now, { wait: WAIT }),
    versions.apply(now, { wait: WAIT, operator: other }),
  ]);
  const lost = results.filter(({ code }) => code === FAILED);
  for (const { err } of lost) expect(err).toContain("meanwhile; nothing was changed");
  expect(lost.length).toBeLessThan(2);
  return lost.length;
}

/** kill -9 of one service after the other; resolves when all of them are ready again. */
async function killWhile(going: () => boolean, random: Random, kills: Record<string, number>): Promise<void> {
  let drawn: Service[] = [];
  const recovering: Promise<unknown>[] = [];
  while (going()) {
    if (drawn.length === 0) drawn = shuffled(KILLED, random);
    const service = drawn.pop()!;
    kills[service] = (kills[service] ?? 0) + 1;
    // One that was killed again meanwhile is started by its next kill.
    recovering.push(killAndRestart(sluice, service).catch(() => {}));
    await pause(KILL_EVERY_MS, random);
  }
  await Promise.all(recovering);
}

function pause([least, most]: readonly [number, number], random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, least + random() * (most - least)));
}
