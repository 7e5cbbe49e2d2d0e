import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const MODULE = resolve(import.meta.dirname, "../../../../platform/lifecycle/lower-priority.ts");
/** The 19th field of /proc/<pid>/stat, counted from behind the name, which may hold blanks. */
const SCRIPT = `
import { readdirSync, readFileSync } from "node:fs";
import { lowerPriority } from ${JSON.stringify(MODULE)};
lowerPriority();
const nice = (id) => readFileSync("/proc/self/task/" + id + "/stat", "utf8").replace(/^.*\\) /s, "").split(" ")[16];
console.log(readdirSync("/proc/self/task").map(nice).join(" "));
`;

it.runIf(process.platform === "linux")("lets everything else go before all threads of the process", () => {
  const out = execFileSync(process.execPath, ["--input-type=module", "--eval", SCRIPT], { encoding: "utf8" });
  const values = out.trim().split(" ").map(Number);
  expect(values.length).toBeGreaterThan(1);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
});
