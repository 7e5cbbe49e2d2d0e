/**
 * `make interop`: Sluice with parts that others wrote, each installed in its pinned version: one line a case, then one
 * line for all. `CASES=jsmpp,twilio` runs those whose name has one of these words. Exit code 0 when all of them held.
 */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { readClusterConfig } from "../../infra/local/cluster-config.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { CLOSING_CASE } from "./closing-case.ts";
import { COLLECTOR_CASE } from "./collector-case.ts";
import { HTTP_CASES } from "./http-cases.ts";
import type { InteropCase } from "./interop-case.ts";
import { freePorts, interopCatalog } from "./interop-catalog.ts";
import { installPart, missingTool, type PartName } from "./interop-parts.ts";
import { centreCases } from "./message-centre-cases.ts";
import { CENTRES } from "./message-centres.ts";
import { PRODUCER_CASES } from "./producer-cases.ts";
import { SIMULATOR_CASES, SIMULATOR_PROVIDERS } from "./simulator-cases.ts";
import { SluiceUnderTest } from "./sluice-under-test.ts";
import { SMPP_CLIENT_CASES } from "./smpp-client-cases.ts";

const CASES: readonly InteropCase[] = [
  ...HTTP_CASES,
  ...PRODUCER_CASES,
  ...SMPP_CLIENT_CASES,
  ...CENTRES.flatMap(centreCases),
  ...SIMULATOR_CASES,
  COLLECTOR_CASE,
  CLOSING_CASE,
];
const PROVIDERS = [...CENTRES.map(({ provider }) => provider), ...SIMULATOR_PROVIDERS];
const config = readClusterConfig(process.env, resolve(import.meta.dirname, "../.."));
const cache = join(config.artifactsDir, "interop");

type Verdict = "held" | "BROKEN" | "skipped";
const counts: Record<Verdict, number> = { held: 0, BROKEN: 0, skipped: 0 };

function tell(verdict: Verdict, { name }: InteropCase, words: string): void {
  counts[verdict]++;
  console.log(`${verdict.padEnd(7)}  ${name} (${words.replace(/\s+/g, " ").slice(0, 600)})`);
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Installs what these cases need; gives the folders, and says of each part that is not there why. */
async function install(
  cases: readonly InteropCase[],
): Promise<[Map<PartName, string>, Map<PartName, [Verdict, string]>]> {
  const folders = new Map<PartName, string>();
  const without = new Map<PartName, [Verdict, string]>();
  for (const part of new Set(cases.flatMap(({ needs }) => needs))) {
    const missing = missingTool(part);
    if (missing !== undefined) without.set(part, ["skipped", `${missing} is not installed`]);
    else
      await installPart(part, cache, console.log).then(
        (folder) => folders.set(part, folder),
        (error: unknown) => without.set(part, ["BROKEN", said(error)]),
      );
  }
  return [folders, without];
}

/** The local cluster's own providers deliver everything: what goes wrong in a case is not theirs. */
async function calm(installation: Installation): Promise<void> {
  const errors = { permanentShare: 0, temporaryShare: 0 };
  const shares = { delay: { kind: "constant", ms: 300 }, lossShare: 0, duplicateShare: 0, intermediateShare: 0 };
  const receipts = { ...shares, states: { DELIVRD: 1, UNDELIV: 0, EXPIRED: 0 } };
  for (const smsc of ["smsc-a", "smsc-b"] as const) await behave(installation, smsc, { errors, receipts });
  const callbacks = { ...shares, states: { delivered: 1, undelivered: 0, failed: 0 } };
  await behave(installation, "http-c", { errors, callbacks });
}

async function runCase(one: InteropCase, sluice: SluiceUnderTest): Promise<void> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1_000).toFixed(1)} s`;
  const timer = new AbortController();
  const limit = new Promise<never>((_, fail) => {
    const timeout = setTimeout(() => fail(new Error(`not done within ${one.limitMs / 1_000} s`)), one.limitMs);
    timer.signal.addEventListener("abort", () => clearTimeout(timeout));
  });
  try {
    const words = await Promise.race([one.run(sluice), limit]);
    tell("held", one, `${seconds()}: ${words}`);
  } catch (error) {
    tell("BROKEN", one, `${seconds()}: ${said(error)}`);
  } finally {
    timer.abort();
  }
}

async function runAll(cases: readonly InteropCase[]): Promise<void> {
  const [folders, without] = await install(cases);
  const ready = cases.filter((one) => {
    const lacking = one.needs.find((part) => without.has(part));
    if (lacking !== undefined) tell(without.get(lacking)![0], one, without.get(lacking)![1]);
    return lacking === undefined;
  });
  if (ready.length === 0) return;
  const catalog = await interopCatalog(PROVIDERS);
  const tracesUrl = ready.includes(COLLECTOR_CASE) ? `http://127.0.0.1:${(await freePorts(1))[0]}` : undefined;
  const traces = tracesUrl === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: tracesUrl };
  const installation = await startInstallation({
    env: { SLUICE_CATALOG_DIR: catalog, SLUICE_SINK_MAX_AGE: "1s", ...traces },
  });
  try {
    await calm(installation);
    const sluice = new SluiceUnderTest(installation, folders, tracesUrl);
    await sluice.connect();
    for (const one of ready) await runCase(one, sluice);
    await sluice.close();
  } finally {
    await installation.stop();
    rmSync(catalog, { recursive: true, force: true });
  }
}

const words = (process.env.CASES ?? "")
  .toLowerCase()
  .split(",")
  .filter((word) => word !== "");
const chosen = CASES.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0) {
  console.error(
    `CASES=${process.env.CASES}: no case has such a word in its name; there are:\n${CASES.map(({ name }) => `  ${name}`).join("\n")}`,
  );
  process.exit(64);
}
await runAll(chosen);
const { held, BROKEN: broken, skipped } = counts;
console.log(`interop: held=${held} broken=${broken}${skipped > 0 ? ` skipped=${skipped}` : ""}`);
process.exit(broken === 0 && skipped === 0 ? 0 : 1);
