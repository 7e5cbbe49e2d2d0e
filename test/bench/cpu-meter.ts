import { readFileSync } from "node:fs";

/** Linux counts CPU time of processes in hundredths of a second (sysconf(_SC_CLK_TCK)) on all its platforms. */
const MICROS_PER_TICK = 10_000;

/** CPU time used so far by each process itself, microseconds; by the names given. A process that has ended counts 0. */
export function readCpu(pids: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, readUsage(pid)]));
}

function readUsage(pid: number): number {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return 0;
  }
}

/** User and system time in a line of /proc/<pid>/stat (proc(5)), microseconds. */
export function parseStat(line: string): number {
  // The second field is the name in brackets, which may hold spaces and brackets itself.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}
