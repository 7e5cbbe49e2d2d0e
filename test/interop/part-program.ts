import { spawn } from "node:child_process";
import { PART_ENVIRONMENT } from "./interop-parts.ts";

const LIMIT_MS = 60_000;

/** Runs a program of a part to its end; what it printed. Throws with its last words when it fails. */
export function runProgram(folder: string, command: readonly string[], input = ""): Promise<string> {
  return new Promise((done, fail) => {
    const [program, ...args] = command;
    const child = spawn(program!, args, { cwd: folder, env: PART_ENVIRONMENT, stdio: "pipe", timeout: LIMIT_MS });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err = (err + chunk.toString()).slice(-800);
    });
    child.once("error", fail);
    child.once("close", (code) =>
      code === 0 ? done(out.trim()) : fail(new Error(`${program} ended with ${code}: ${err}`)),
    );
    child.stdin.on("error", () => {}); // it has ended before it read
    child.stdin.end(input);
  });
}
