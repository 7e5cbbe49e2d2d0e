import { spawnSync } from "node:child_process";

/** The promtool to run; undefined, with a word on how to get it, where there is none. `PROMTOOL` names another one. */
export function promtool(): string | undefined {
  const tool = process.env.PROMTOOL ?? "promtool";
  if (spawnSync(tool, ["--version"]).status === 0) return tool;
  console.error(
    "promtool is not installed, so its checks are left out (Debian: apt install --no-install-recommends prometheus); PROMTOOL names one elsewhere",
  );
  return undefined;
}
