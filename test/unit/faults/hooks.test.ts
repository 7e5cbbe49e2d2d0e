import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Hooks } from "../../faults/hooks.ts";

let hooks: Hooks;
beforeEach(() => {
  hooks = new Hooks();
});
afterEach(() => hooks.remove());

/** A process that comes to a fault point every few milliseconds, and then says what time it is. */
const PROGRAM = `
  import { faultPoint } from "#fault-point";
  process.stdin.resume().on("end", () => process.exit(0));
  setInterval(() => { faultPoint("after:offset-committed"); process.stdout.write(new Date().toISOString() + " " + Date.now() + "\\n"); }, 5);
`;

function start(hooked: boolean) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    env: { ...process.env, SLUICE_INSTANCE: "router", ...(hooked ? hooks.environment : {}) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const seen = { time: 0, both: 0, lines: 0 };
  child.stdout.on("data", (bytes: Buffer) => {
    const last = bytes.toString().trim().split("\n").at(-1)!.split(" ");
    seen.both = Math.abs(Date.parse(last[0]!) - Number(last[1]));
    seen.time = Number(last[1]);
    seen.lines++;
  });
  return { child, seen };
}

const settled = (condition: () => boolean) => expect.poll(condition, { timeout: 10_000, interval: 10 }).toBe(true);

test("an armed point kills the process that comes to it, once", async () => {
  hooks.arm("router", "after:offset-committed", "kill");
  const first = start(true);
  expect(await once(first.child, "exit")).toEqual([null, "SIGKILL"]);
  await hooks.untilHit("router", "after:offset-committed");
  const second = start(true);
  await settled(() => second.seen.lines > 3);
  second.child.stdin.end();
  expect(await once(second.child, "exit")).toEqual([0, null]);
});

test("a point armed for another instance, and any point outside of tests, is nothing", async () => {
  hooks.arm("sender", "after:offset-committed", "kill");
  hooks.arm("router", "before:offset-committed", "kill");
  const other = start(true);
  await settled(() => other.seen.lines > 3);
  other.child.stdin.end();
  expect(await once(other.child, "exit")).toEqual([0, null]);
  hooks.arm("router", "after:offset-committed", "kill");
  const plain = start(false);
  await settled(() => plain.seen.lines > 3);
  plain.child.stdin.end();
  expect(await once(plain.child, "exit")).toEqual([0, null]);
});

test("the clock of one process is moved, by file or at a point, and back", async () => {
  const { child, seen } = start(true);
  const off = () => seen.time - Date.now();
  await settled(() => seen.lines > 0 && Math.abs(off()) < 5_000);
  hooks.setClock("router", 7_200_000);
  await settled(() => Math.abs(off() - 7_200_000) < 5_000);
  expect(seen.both).toBeLessThan(1_000);
  hooks.setClock("router", 0);
  await settled(() => Math.abs(off()) < 5_000);
  hooks.arm("router", "after:offset-committed", "clock -3600000");
  await settled(() => Math.abs(off() + 3_600_000) < 5_000);
  child.stdin.end();
  await once(child, "exit");
});
