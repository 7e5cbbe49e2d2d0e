import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ProcessStatus } from "./supervised-process.ts";

/** Signals that the control socket passes on. */
export type ControlSignal = "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM";
export const CONTROL_SIGNALS: readonly ControlSignal[] = ["SIGKILL", "SIGSTOP", "SIGCONT", "SIGTERM"];

/** One request is one line of JSON on the supervisor's Unix socket; the answer is one line too, then the end. */
export type ControlRequest =
  | { do: "status"; probe: boolean }
  | { do: "signal"; name: string; signal: ControlSignal; keepDown: boolean }
  | { do: "start" | "stop" | "restart"; name: string }
  | { do: "scale"; name: string; instances: number };

/** A row of `status` with what a probe says at this moment (absent when not asked, or when it does not run). */
export interface ProcessHealth extends ProcessStatus {
  healthy?: boolean;
  /** Scaled to no instance: that it is stopped is as it should be. */
  unwanted?: boolean;
  /** What it says about itself: what keeps it from its work, and what is degraded beside it. */
  notes?: readonly string[];
}

export type ControlResponse = { ok: true; processes: ProcessHealth[] } | { ok: false; error: string };

// sun_path of unix(7) holds 108 bytes, the final NUL included.
const MAX_SOCKET_PATH = 107;

/** The control socket of a cluster: in its state folder, or under the temporary folder when that path is too long. */
export function controlSocket(stateDir: string): string {
  const path = join(resolve(stateDir), "control.sock");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  return join(tmpdir(), `sluice-${createHash("sha256").update(path).digest("hex").slice(0, 16)}.sock`);
}

/** The pid file of a cluster's supervisor. */
export const pidFilePath = (stateDir: string): string => join(resolve(stateDir), "supervisor.pid");
