import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";

/** How children come to their end when the supervisor is killed and can no longer end them itself. */
export interface DeathSignal {
  /** Put before a child's command line. */
  prefix: string[];
  /** Told of every child that starts. */
  watch(pid: number): void;
}

const works = (): boolean => spawnSync("setpriv", ["--pdeathsig", "KILL", "true"], { stdio: "ignore" }).status === 0;

/** A parent that died before its child had asked for the signal sends none: such a child starts nothing. */
const ifParentLives = `[ "$PPID" = ${process.pid} ] && exec "$@"`;

/**
 * With util-linux's setpriv the kernel kills the child at the moment its parent dies (prctl(2), PR_SET_PDEATHSIG); it
 * executes the command in its own place, so the pid is the child's. SIGKILL, because a stopped process would not act on SIGTERM.
 * Elsewhere an orphan watch, a process of ours, kills them when its standard input ends.
 */
export function deathSignal(): DeathSignal {
  if (works())
    return { prefix: ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", ifParentLives, "sh"], watch: () => {} };
  let watcher: ChildProcess | undefined;
  return {
    prefix: [],
    watch(pid) {
      if (watcher === undefined || watcher.exitCode !== null) {
        const script = join(import.meta.dirname, "orphan-watch.ts");
        watcher = spawn(process.execPath, [script], { stdio: ["pipe", "ignore", "inherit"], detached: true });
        watcher.stdin?.on("error", () => {}); // it has been killed; the next child starts another
      }
      watcher.stdin?.write(`${pid}\n`);
    },
  };
}
