/**
 * What `#fault-point` is under `--conditions=fault-points`: at a point that a test has armed, the fault happens at once,
 * in the middle of whatever called. A point is armed by a file `<SLUICE_INSTANCE>/<point>` in FAULT_POINTS_DIR that holds
 * `kill`, `freeze` or `clock <ms>`; whoever reaches it first renames the file to `<point>.hit`, so it happens once.
 */
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { FaultPoint } from "../../../platform/fault-point/fault-point.ts";
import { moveClock } from "./clock.ts";

const folder = join(process.env.FAULT_POINTS_DIR ?? "", process.env.SLUICE_INSTANCE ?? "");
if (process.env.FAULT_POINTS_DIR) mkdirSync(folder, { recursive: true });
const files = new Map<FaultPoint, string>();

export function faultPoint(point: FaultPoint): void {
  const file = files.get(point) ?? join(folder, point);
  files.set(point, file);
  if (!existsSync(file)) return;
  const [fault, amount] = readFileSync(file, "utf8").trim().split(" ");
  renameSync(file, `${file}.hit`);
  if (fault === "kill") process.kill(process.pid, "SIGKILL");
  else if (fault === "freeze") process.kill(process.pid, "SIGSTOP");
  else if (fault === "clock") moveClock(Number(amount));
  else throw new Error(`${file}: no fault ${fault}`);
}
