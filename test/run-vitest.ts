import { spawn } from "node:child_process";
import { resolve } from "node:path";

const project = resolve(import.meta.dirname, "..");

/** Runs vitest; resolves to its exit code. A signal ends it, and then this process. */
export async function runVitest(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...args], {
    cwd: project,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  let signalled = false;
  const pass = (signal: NodeJS.Signals) => {
    signalled = true;
    child.kill(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, pass);
  const code = await new Promise<number>((done) => child.once("close", (status) => done(status ?? 1)));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, pass);
  if (signalled) process.exit(130);
  return code;
}
