import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { until } from "../smpp/loopback.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-simulator-"));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(name: "smsc" | "http-provider", environment: Record<string, string>) {
  const main = new URL(`../../../infra/simulators/${name}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  children.push(child);
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output.text += chunk.toString()));
  return { child, output, exit: once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]> };
}

const free = { SLUICE_SIMULATOR_PORT: "0", SLUICE_SIMULATOR_CONTROL_PORT: "0" };

describe("a simulator's process", () => {
  it.each(["smsc", "http-provider"] as const)("%s says where it listens and ends cleanly at SIGTERM", async (name) => {
    const { child, output, exit } = start(name, { ...free, SLUICE_SIMULATOR_NAME: "under-test" });
    await until(() => output.text.includes("control on http://127.0.0.1:"), "listening");
    expect(output.text).toMatch(/^under-test: (SMPP|HTTP) on 127\.0\.0\.1:\d+/);
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  });

  it("ends when its parent goes", async () => {
    const { child, output, exit } = start("smsc", { ...free, SLUICE_EXIT_WITH_PARENT: "1" });
    await until(() => output.text.includes("control on"), "listening");
    child.stdin!.end();
    expect(await exit).toEqual([0, null]);
  });

  it("names every problem of its settings file and does not start", async () => {
    const file = join(folder, "smsc.yaml");
    writeFileSync(file, "accounts: []\nsurprise: 1\nbehaviour:\n  errors:\n    permanentShare: 2\n");
    const { output, exit } = start("smsc", { ...free, SLUICE_SIMULATOR_SETTINGS: file });
    expect((await exit)[0]).toBe(1);
    for (const part of ["line 1", "accounts", "surprise", "behaviour.errors.permanentShare"]) {
      expect(output.text).toContain(part);
    }
  });
});
