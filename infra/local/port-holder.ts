import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** The process that listens on a TCP port. */
export interface PortHolder {
  pid: number;
  command: string;
}

/** True when 127.0.0.1:port can be bound now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once("error", () => settle(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => settle(true)));
  });
}

/** Inodes of sockets listening on `port`, from the text of /proc/net/tcp or tcp6 (state 0A is LISTEN). */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === "0A")
    .flatMap((fields) => fields[9] ?? []);
}

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

const holdsSocket = (pid: string, inodes: Set<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false; // closed since the listing
      }
    });
  } catch {
    return false; // ended, or another user's
  }
};

/** Who listens on a port, as far as /proc tells this user; undefined when it does not. */
export function portHolder(port: number): PortHolder | undefined {
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(read(table), port));
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pid = readdirSync("/proc").find((entry) => /^\d+$/.test(entry) && holdsSocket(entry, sockets));
  if (pid === undefined) return undefined;
  const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim().slice(0, 120);
  return { pid: Number(pid), command };
}
