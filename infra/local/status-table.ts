import type { ProcessHealth } from "./control-protocol.ts";

const UNITS: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** A duration (milliseconds) in its two largest units, e.g. "3m 20s". */
export function formatDuration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, ms);
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (unit === "s" && parts.length === 0)) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** Left-aligned columns, two spaces apart. */
export function formatTable(header: string[], rows: string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

const health = (process: ProcessHealth): string => {
  if (process.frozen) return "frozen (SIGSTOP)";
  if (process.healthy === undefined) return process.lastEnd === undefined ? "-" : `ended: ${process.lastEnd}`;
  if (process.healthy) return (process.notes ?? []).length === 0 ? "ok" : "degraded";
  return (process.notes ?? []).length === 0 ? "not answering" : "not ready";
};

/** What processes say about themselves, a line each; empty when all is well. */
export const noteLines = (processes: ProcessHealth[]): string[] =>
  processes.flatMap(({ name, notes = [] }) => notes.map((note) => `${name}: ${note}`));

/** The table of `status`, and below it what is degraded and why. */
export const statusTable = (processes: ProcessHealth[]): string =>
  [healthTable(processes), ...noteLines(processes)].join("\n");

const healthTable = (processes: ProcessHealth[]): string =>
  formatTable(
    ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "HEALTH", "ENDPOINT"],
    processes.map((process) => [
      process.name,
      process.state,
      process.pid === undefined ? "-" : String(process.pid),
      process.uptimeMs === undefined ? "-" : formatDuration(process.uptimeMs),
      String(process.restarts),
      health(process),
      process.endpoint ?? "-",
    ]),
  );

/** The table at the end of `up`: what runs where. */
export const whereTable = (processes: ProcessHealth[]): string =>
  formatTable(
    ["NAME", "ENDPOINT", "PID", "LOG"],
    processes.map((process) => [
      process.name,
      process.endpoint ?? "-",
      process.pid === undefined ? process.state : String(process.pid),
      process.logFile,
    ]),
  );

/** True when everything does what it is there for; a process of which none is wanted is there for nothing. */
export const allUp = (processes: ProcessHealth[]): boolean =>
  processes.every(({ state, unwanted }) => state === "ready" || state === "done" || unwanted === true);
