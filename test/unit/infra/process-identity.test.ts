import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { claimPidFile, identityOf, isRunning, readPidFile } from "../../../infra/local/process-identity.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-pid-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("recognises this process, and another process that has its pid", () => {
  const self = identityOf(process.pid);
  if (self === undefined) throw new Error("no identity");
  expect(isRunning(self)).toBe(true);
  expect(isRunning({ ...self, startedAt: `${self.startedAt}0` })).toBe(false);
});

it("knows a process that has ended from one that runs", async () => {
  const child = spawn("sleep", ["60"]);
  const identity = identityOf(child.pid as number);
  if (identity === undefined) throw new Error("no identity");
  expect(isRunning(identity)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isRunning(identity)).toBe(false);
});

it("claims a pid file once, and says who holds it", () => {
  const path = join(folder, "pid");
  expect(claimPidFile(path, "one")).toBeUndefined();
  expect(claimPidFile(path, "two")).toMatchObject({ pid: process.pid });
  expect(readPidFile(path)?.summary).toBe("one");
  expect(readdirSync(folder)).toEqual(["pid"]);
});

it.each([
  ["a reused pid", JSON.stringify({ pid: process.pid, startedAt: "before", summary: "" })],
  ["no process", JSON.stringify({ pid: 2 ** 22 + 1, startedAt: "x", summary: "" })],
  ["half a file", '{"pid": 1'],
])("takes over a stale pid file: %s", (_, content) => {
  const path = join(folder, "pid");
  writeFileSync(path, content);
  expect(claimPidFile(path, "new")).toBeUndefined();
  expect(readPidFile(path)).toMatchObject({ pid: process.pid, summary: "new" });
  expect(existsSync(`${path}.${process.pid}`)).toBe(false);
});
