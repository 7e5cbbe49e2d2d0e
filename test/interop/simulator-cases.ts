import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../faults/until.ts";
import { type InteropCase, same } from "./interop-case.ts";
import { accountOf, type InteropProvider, portOf } from "./interop-catalog.ts";
import { PART_ENVIRONMENT } from "./interop-parts.ts";
import { freshNumber, type SluiceUnderTest } from "./sluice-under-test.ts";

/** A simulator as its authors ship it, with its own way of being told its port. */
interface SimulatorKind {
  readonly title: string;
  readonly provider: InteropProvider;
  readonly options: (port: number, folder: string) => readonly string[];
  readonly main: string;
  /** Typed on its standard input. */
  readonly typed: (port: number) => string;
}

const SIMULATORS: readonly SimulatorKind[] = [
  {
    // Ids in hexadecimal in its answers and in decimal in its receipts; after a bind it delivers a message from 555.
    title: "jSMPP 3.0.1's own simulator",
    provider: { id: "jsmpp-example", window: 10, smpp: { idFormat: "hex" } },
    options: (port) => [
      `-Djsmpp.simulator.port=${port}`,
      "-Djsmpp.client.systemId=sluice",
      "-Djsmpp.client.password=secret",
    ],
    main: "org.jsmpp.examples.SMPPServerSimulator",
    typed: () => "",
  },
  {
    // 0.3 s for an answer, one after the other. Its receipts have the submitted number as source and as destination,
    // and data_coding 3.
    title: "OpenSMPP 3.0.2's own simulator",
    provider: { id: "opensmpp", window: 5, smpp: {} },
    options: (_, folder) => [`-DusersFileName=${users(folder)}`],
    main: "org.smpp.smscsim.Simulator",
    typed: (port) => `1\n${port}\n`,
  },
];

export const SIMULATOR_PROVIDERS = SIMULATORS.map(({ provider }) => provider);

export const SIMULATOR_CASES: readonly InteropCase[] = SIMULATORS.map((kind) => ({
  name: `${kind.title}: messages end as delivered`,
  needs: ["java"],
  limitMs: 120_000,
  run: (sluice) => delivered(kind, sluice),
}));

async function delivered(kind: SimulatorKind, sluice: SluiceUnderTest): Promise<string> {
  const folder = sluice.folders.get("java")!;
  const simulator = start(kind, folder, portOf(sluice.installation.catalogDir, kind.provider.id));
  try {
    const texts = ["Your code is 4711", "x".repeat(200), "Ваш код 4711"];
    const messages = Array.from({ length: 9 }, (_, i) => ({ to: freshNumber(), text: texts[i % 3]!, from: "ACME" }));
    await until(
      () => "its provider is bound",
      () => bound(sluice, kind.provider.id),
      60_000,
    );
    const rows = await sluice.untilFinal(await sluice.send(accountOf(kind.provider.id), messages), 45_000);
    for (const { state, finals, submissions } of rows)
      same("a message", { state, finals, submissions }, { state: "delivered", finals: 1, submissions: 1 });
    return `${messages.length} messages`;
  } finally {
    const ended = once(simulator, "exit");
    simulator.kill("SIGKILL");
    await ended;
  }
}

function start({ options, main, typed }: SimulatorKind, folder: string, port: number): ChildProcess {
  const classPath = `${folder}/classes:${folder}/libs/*`;
  const args = [
    "-Xmx96m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
    ...options(port, folder),
    "-cp",
    classPath,
    main,
  ];
  const child = spawn("java", args, { cwd: folder, env: PART_ENVIRONMENT, stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.write(typed(port));
  return child;
}

function users(folder: string): string {
  const file = join(folder, "users.txt");
  writeFileSync(file, "name=sluice\npassword=secret\ntimeout=unlimited\n");
  return file;
}

/** By the sender's own metric. */
async function bound({ installation }: SluiceUnderTest, provider: string): Promise<boolean> {
  const text = await (await fetch(`${installation.adminUrls.sender}/metrics`)).text();
  const down = text
    .split("\n")
    .find((line) => line.startsWith("sender_provider_down{") && line.includes(`provider="${provider}"`));
  return down === undefined || down.endsWith(" 0");
}
