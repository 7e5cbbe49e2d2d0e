import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** A process that cannot be confused with a later one of the same pid: `startedAt` is boot id and start time in clock ticks. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

const readOrUndefined = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

/** State letter and start time from /proc/<pid>/stat (proc(5), fields 3 and 22); undefined when there is no such process. */
export function processStat(pid: number): { state: string; startTicks: string } | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

/** The identity of a running process, undefined when it does not run (a zombie does not run). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = processStat(pid);
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
  const boot = readOrUndefined("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  return { pid, startedAt: `${boot}:${stat.startTicks}` };
}

/** True while exactly this process runs. */
export const isRunning = (identity: ProcessIdentity): boolean =>
  identityOf(identity.pid)?.startedAt === identity.startedAt;

/** What stands in the pid file: its process, and `up`'s description of the cluster it runs. */
export interface PidFile extends ProcessIdentity {
  summary: string;
}

/** Reads a pid file; undefined when it is absent or not a pid file. */
export function readPidFile(path: string): PidFile | undefined {
  try {
    const parsed = JSON.parse(readFileSync(path, "utf8")) as Partial<PidFile>;
    if (typeof parsed.pid !== "number" || typeof parsed.startedAt !== "string") return undefined;
    return { pid: parsed.pid, startedAt: parsed.startedAt, summary: String(parsed.summary ?? "") };
  } catch {
    return undefined;
  }
}

/** Claims the pid file for this process. Returns the running process that already holds it, undefined when claimed. */
export function claimPidFile(path: string, summary: string): ProcessIdentity | undefined {
  const self = identityOf(process.pid);
  if (self === undefined) throw new Error("/proc is not readable: the local cluster needs Linux");
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ ...self, summary } satisfies PidFile));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        // link(2) fails when the name exists, and shows the file only with its content: no reader sees half a file.
        linkSync(draft, path);
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const holder = readPidFile(path);
        if (holder !== undefined && isRunning(holder)) return holder;
        rmSync(path, { force: true });
      }
    }
    throw new Error(`could not claim ${path}`);
  } finally {
    rmSync(draft, { force: true });
  }
}
