/** `make check-metrics`: the metrics pages of the running cluster, by our own rules and by promtool where it is installed. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { readClusterConfig } from "../local/cluster-config.ts";
import { sluiceEndpoints } from "../local/sluice-processes.ts";
import { metricProblems } from "./metric-lint.ts";
import { promtool } from "./promtool.ts";

const { adminUrls } = sluiceEndpoints(readClusterConfig(process.env, resolve(import.meta.dirname, "../..")));
const tool = promtool();
let wrong = 0;
for (const [service, url] of Object.entries(adminUrls)) {
  const page = await fetch(`${url}/metrics`).then(
    (answer) => answer.text(),
    () => undefined,
  );
  if (page === undefined) {
    console.error(`${service}: ${url}/metrics does not answer; make up starts it`);
    wrong++;
    continue;
  }
  const problems = metricProblems(page);
  const said =
    tool === undefined ? "" : spawnSync(tool, ["check", "metrics"], { input: page, encoding: "utf8" }).stderr;
  for (const line of [...problems, ...said.split("\n").filter((text) => text !== "")]) {
    console.error(`${service}: ${line}`);
    wrong++;
  }
  console.log(`${service}: ${page.split("\n# TYPE ").length} metrics`);
}
process.exitCode = wrong === 0 ? 0 : 1;
