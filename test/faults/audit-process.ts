import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { AuditReport } from "../../services/cli/audit-report.ts";
import type { Installation } from "./installation.ts";

/** `sluice audit` with the providers' ledgers, as an operator runs it, in a process of its own; `env` is added to its environment. */
export async function auditProcess(
  { environment, simulators }: Installation,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ report: AuditReport; line: string }> {
  const ledgers = Object.values(simulators).flatMap((url) => ["--ledger", url]);
  const child = spawn(process.execPath, ["services/cli/sluice.ts", "audit", "--json", ...ledgers, ...args], {
    cwd: resolve(import.meta.dirname, "../.."),
    env: { ...process.env, ...environment, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err = (err + chunk).slice(-2_000);
  });
  const code = await new Promise((done) => child.once("close", done));
  const [json, line] = out.trim().split("\n");
  if (line === undefined) throw new Error(`sluice audit ended with ${code}: ${err}`);
  return { report: JSON.parse(json!) as AuditReport, line };
}
