import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const FIXTURE = fileURLToPath(new URL("./fixture-service.ts", import.meta.url));

type Line = Record<string, unknown> & { msg?: string };

/** A real service process, its log lines, and a wait for one of them. */
class ServiceProcess {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  readonly exit: Promise<number | null>;
  #watchers: (() => void)[] = [];

  constructor(env: Record<string, string>) {
    this.child = spawn(process.execPath, [FIXTURE], {
      env: { PATH: process.env.PATH, SLUICE_LOG_FORMAT: "json", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.exit = once(this.child, "close").then(([code]) => code as number | null);
    let rest = "";
    this.child.stdout!.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split("\n");
      rest = parts.pop()!;
      this.lines.push(...parts.map((line) => JSON.parse(line) as Line));
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** The first line with this message. */
  line(message: string): Promise<Line> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.lines.find(({ msg }) => msg === message);
        if (found !== undefined) resolve(found);
      };
      this.#watchers.push(look);
      look();
    });
  }

  get messages(): (string | undefined)[] {
    return this.lines.map(({ msg }) => msg);
  }
}

let running: ServiceProcess | undefined;
function start(env: Record<string, string> = {}): ServiceProcess {
  running = new ServiceProcess(env);
  return running;
}

afterEach(async () => {
  running?.child.kill("SIGKILL");
  await running?.exit;
});

test.each(["SIGTERM", "SIGINT"] as const)("%s drains and exits with 0", async (signal) => {
  const service = start();
  await service.line("started");
  service.child.kill(signal);
  expect(await service.exit).toBe(0);
  expect(service.messages).toEqual([
    "admin server listening",
    "part started",
    "started",
    "stopping",
    "part stopped",
    "stopped",
  ]);
  expect(service.lines.find(({ msg }) => msg === "stopping")).toMatchObject({ why: signal });
});

test("the admin server tells health, readiness and metrics", async () => {
  const service = start();
  await service.line("started");
  const { adminPort } = await service.line("admin server listening");
  const get = (path: string) => fetch(`http://127.0.0.1:${adminPort}${path}`);
  expect(await (await get("/healthz")).json()).toMatchObject({ status: "alive", service: "fixture" });
  expect(await (await get("/readyz")).json()).toMatchObject({ status: "ready", state: "running" });
  const metrics = await (await get("/metrics")).text();
  expect(metrics).toMatch(/^fixture_starts_total 1$/m);
  expect(metrics).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  expect(metrics).toMatch(/^service_state\{state="running"\} 1$/m);
});

test("a part that hangs is named after the deadline, and the exit code is 1", async () => {
  const service = start({ SLUICE_BEHAVIOUR: "hang", SLUICE_SHUTDOWN_DEADLINE: "100ms" });
  await service.line("started");
  service.child.kill("SIGTERM");
  expect(await service.exit).toBe(1);
  expect(service.lines.find(({ level }) => level === "error")).toMatchObject({
    hung: ["part"],
  });
});

test("a second signal ends the drain at once", async () => {
  const service = start({ SLUICE_BEHAVIOUR: "hang", SLUICE_SHUTDOWN_DEADLINE: "10m" });
  await service.line("started");
  service.child.kill("SIGTERM");
  await service.line("stopping");
  service.child.kill("SIGTERM");
  expect(await service.exit).toBe(1);
});

test.each([
  ["reject", "fatal: forgotten promise"],
  ["throw", "fatal: thrown in a callback"],
  ["fail-start", "fatal: cannot start"],
])("%s is fatal: logged, drained, exit code 1", async (behaviour, message) => {
  const service = start({ SLUICE_BEHAVIOUR: behaviour });
  expect(await service.exit).toBe(1);
  expect(service.messages).toContain(message);
  expect(service.messages).toContain("part stopped");
});

test("while it waits for a part it is alive and not ready, and a signal still stops it cleanly", async () => {
  const service = start({ SLUICE_BEHAVIOUR: "wait" });
  const { adminPort } = await service.line("admin server listening");
  expect(await service.line("waiting for kafka")).toMatchObject({ why: "refused" });
  const ready = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    notReady: { lifecycle: "starting", kafka: "waiting for kafka: refused" },
  });
  expect((await fetch(`http://127.0.0.1:${adminPort}/healthz`)).status).toBe(200);
  service.child.kill("SIGTERM");
  expect(await service.exit).toBe(0);
});

test("with SLUICE_EXIT_WITH_PARENT the end of standard input is a stop", async () => {
  const service = start({ SLUICE_EXIT_WITH_PARENT: "1" });
  await service.line("started");
  service.child.stdin!.end();
  expect(await service.exit).toBe(0);
  expect(service.messages).toContain("part stopped");
});

test("a supervisor that dies takes the log's pipe with it, and the drain still succeeds", async () => {
  const service = start({ SLUICE_EXIT_WITH_PARENT: "1" });
  await service.line("started");
  const exited = once(service.child, "exit");
  service.child.stdout!.destroy();
  service.child.stdin!.end();
  expect(await exited).toEqual([0, null]);
});

test("a busy admin port stops the start with a reason", async () => {
  const first = start();
  const { adminPort } = await first.line("admin server listening");
  const second = new ServiceProcess({ SLUICE_ADMIN_PORT: String(adminPort) });
  expect(await second.exit).toBe(1);
  expect(second.messages[0]).toContain(`cannot listen on 127.0.0.1:${adminPort}: another process has it`);
});
