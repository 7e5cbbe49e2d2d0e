/**
 * Kills the supervisor's children when the supervisor is gone: their pids arrive as lines on standard input, whose end
 * means that the other side has died. Only used where setpriv is missing (see death-signal.ts).
 */
import { createInterface } from "node:readline";
import { identityOf, isRunning, type ProcessIdentity } from "./process-identity.ts";

const children = new Map<number, ProcessIdentity>();
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const identity = identityOf(Number(line));
  if (identity !== undefined) children.set(identity.pid, identity);
});
lines.on("close", () => {
  for (const child of children.values()) if (isRunning(child)) process.kill(child.pid, "SIGKILL");
});
