import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { deathSignal } from "../../../infra/local/death-signal.ts";
import { identityOf } from "../../../infra/local/process-identity.ts";

const module = resolve(import.meta.dirname, "../../../infra/local/death-signal.ts");
const parent = `
  import { spawn } from "node:child_process";
  import { deathSignal } from ${JSON.stringify(module)};
  const signal = deathSignal();
  const [command, ...args] = [...signal.prefix, process.env.SLEEP, "300"];
  const child = spawn(command, args, { stdio: "ignore" });
  signal.watch(child.pid);
  console.log(JSON.stringify({ pid: child.pid, prefix: signal.prefix.length }));
  setInterval(() => {}, 1000);
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-death-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a parent with one child, kills the parent, and resolves when the child is gone too. */
async function orphan(path: string): Promise<number> {
  const script = join(folder, "parent.ts");
  writeFileSync(script, parent);
  const env = { ...process.env, PATH: path, SLEEP: "/bin/sleep" };
  const process_ = spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(process_.stdout, "data")) as [Buffer];
  const { pid, prefix } = JSON.parse(line.toString()) as { pid: number; prefix: number };
  await expect.poll(() => identityOf(pid)).toBeDefined();
  process_.kill("SIGKILL");
  await expect.poll(() => identityOf(pid), { timeout: 5000 }).toBeUndefined();
  return prefix;
}

it("ends the children of a killed supervisor", async () => {
  await orphan(process.env.PATH ?? "");
});

it("ends them also where setpriv cannot do it", async () => {
  const refusing = join(folder, "setpriv");
  writeFileSync(refusing, "#!/bin/sh\nexit 1\n");
  chmodSync(refusing, 0o755);
  symlinkSync("/bin/sh", join(folder, "sh"));
  expect(await orphan(folder)).toBe(0);
});

it("starts nothing for a supervisor that died meanwhile", () => {
  const { prefix } = deathSignal();
  const started = join(folder, "started");
  const byAnother = spawnSync("sh", ["-c", '"$@"; exit $?', "sh", ...prefix, "touch", started]);
  expect(byAnother.status).not.toBe(0);
  expect(existsSync(started)).toBe(false);
  expect(spawnSync(prefix[0]!, [...prefix.slice(1), "touch", started]).status).toBe(0);
  expect(existsSync(started)).toBe(true);
});
