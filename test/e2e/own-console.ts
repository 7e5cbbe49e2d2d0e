import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeOneTimeLogin } from "../../services/console/access/one-time-login.ts";

/** What the page needs to be told of a request that changes something. */
export const MARK = { "content-type": "application/json", "x-sluice-console": "1" };

/** Logs in by a one-time login. @returns the session's cookie */
export async function logInto(url: string, loginFile: string): Promise<string> {
  const body = JSON.stringify({ token: makeOneTimeLogin(loginFile) });
  const answer = await fetch(`${url}/api/login`, { method: "POST", headers: MARK, body });
  if (answer.status !== 200) throw new Error(`the console refuses the login: ${answer.status} ${await answer.text()}`);
  return answer.headers.get("set-cookie")!.split(";")[0]!;
}

/** A further console beside the installation's own, as a process of the test. */
export class OwnConsole {
  readonly name: string;
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly url: string;
  private readonly cookie: string;

  private constructor(name: string, child: ChildProcess, folder: string, url: string, cookie: string) {
    this.name = name;
    this.child = child;
    this.folder = folder;
    this.url = url;
    this.cookie = cookie;
  }

  /** `environment`: of the installation, and what this one has of its own. */
  static async start(name: string, environment: Readonly<Record<string, string>>): Promise<OwnConsole> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-console-"));
    const loginFile = join(folder, "login");
    const own = {
      SLUICE_INSTANCE: name,
      SLUICE_ADMIN_PORT: "0",
      SLUICE_HTTP_PORT: "0",
      SLUICE_CONSOLE_LOGIN_FILE: loginFile,
    };
    const child = spawn(process.execPath, ["services/console/main.ts"], {
      env: { ...process.env, ...environment, ...own },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the console ended with ${code}`)));
      createInterface({ input: child.stdout! }).on("line", (line) => {
        const [, found] = /"port":(\d+).*serving the console's page/.exec(line) ?? [];
        if (found !== undefined) resolve(Number(found));
      });
    });
    const url = `http://127.0.0.1:${port}`;
    return new OwnConsole(name, child, folder, url, await logInto(url, loginFile));
  }

  async ask<Body>(path: string): Promise<Body> {
    const answer = await fetch(`${this.url}${path}`, { headers: { cookie: this.cookie } });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Body;
  }

  /** Ends it: at once, or as a supervisor does. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
