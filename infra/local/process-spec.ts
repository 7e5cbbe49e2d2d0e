/** A port that a process listens on, and the environment variable that moves it elsewhere. */
export interface PortClaim {
  port: number;
  env: string;
}

/**
 * How the supervisor learns that a process does its work:
 * `http` a 2xx answer, `tcp` an accepted connection on 127.0.0.1, `fn` anything else, `exit` a one-shot step that ends with code 0.
 */
export type Readiness = { http: string } | { tcp: number } | { fn: () => Promise<boolean> } | { exit: 0 };

/** How a process is asked to end, and how long it may take (milliseconds) before SIGKILL. */
export interface StopRule {
  by: "SIGTERM" | "stdin-close";
  graceMs: number;
}

/** One supervised process, as data. */
export interface ProcessSpec {
  /** Unique, kebab-case; used for the log file, `status`, `logs` and the control socket. */
  name: string;
  command: string;
  args: string[];
  /** Added to the supervisor's own environment, from which Sluice's variables (SLUICE_*) have been removed. */
  env?: Record<string, string>;
  cwd?: string;
  /** 0 to 19, as nice(1) has it: the higher, the more do others go first while processors are short. Default 0. */
  niceness?: number;
  logFile: string;
  ready: Readiness;
  /** Longest time from the start until ready, milliseconds; default 60,000. Then it is killed, unless it is `alive`. */
  readyTimeoutMs?: number;
  /** Whether it lives, though it cannot work yet: one that waits for something else would only wait again after a restart. */
  alive?: { http: string };
  /** Names of processes that must be ready (or, for one-shot steps, done) before this one starts. */
  dependsOn: string[];
  /** `always`: started again, with back-off, whenever it ends by itself. */
  restart: "always" | "never";
  stop?: StopRule;
  ports?: PortClaim[];
  /** What a user opens or connects to; shown in the table of `up`. */
  endpoint?: string;
  /** Runs before each start (files to write, storage to format); must be repeatable. */
  prepare?: () => Promise<void>;
  /** The spec of further instance `index` (2, 3, …) under another name and ports; absent when it cannot be scaled. */
  replica?: (index: number) => ProcessSpec;
}

/** No process is waited for longer than this until it is ready, or until it has ended, ms: whoever asks for one to be started anew waits for both. */
export const LONGEST_READY_MS = 180_000;
export const LONGEST_STOP_MS = 15_000;
export const DEFAULT_READY_TIMEOUT_MS = 60_000;
export const DEFAULT_STOP: StopRule = { by: "SIGTERM", graceMs: LONGEST_STOP_MS };
export const isOneShot = (spec: ProcessSpec): boolean => "exit" in spec.ready;
