import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ControlClient } from "../../../infra/local/control-client.ts";
import { controlSocket } from "../../../infra/local/control-protocol.ts";
import { openControlServer } from "../../../infra/local/control-server.ts";
import { deathSignal } from "../../../infra/local/death-signal.ts";
import { identityOf } from "../../../infra/local/process-identity.ts";
import type { ProcessSpec } from "../../../infra/local/process-spec.ts";
import { allUp } from "../../../infra/local/status-table.ts";
import { Supervisor } from "../../../infra/local/supervisor.ts";

let folder: string;
let supervisor: Supervisor | undefined;
let closeControl: (() => void) | undefined;
const log: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-sup-"));
  log.length = 0;
});
afterEach(async () => {
  await supervisor?.stopAll(true);
  closeControl?.();
  rmSync(folder, { recursive: true, force: true });
});

/** A process that writes a line, then is ready, then sleeps until it is ended. */
const sleeper = (name: string, changes: Partial<ProcessSpec> = {}): ProcessSpec => {
  const logFile = join(folder, `${name}.log`);
  return {
    name,
    command: "sh",
    args: ["-c", "echo READY; exec sleep 300"],
    logFile,
    ready: { fn: async () => existsSync(logFile) && readFileSync(logFile, "utf8").includes("READY") },
    dependsOn: [],
    restart: "always",
    ...changes,
  };
};

async function run(specs: ProcessSpec[]): Promise<ControlClient> {
  supervisor = new Supervisor(specs, deathSignal(), (line) => log.push(line));
  const server = await openControlServer(supervisor, controlSocket(folder));
  closeControl = () => server.close();
  supervisor.advance();
  return new ControlClient(folder);
}

async function until<T>(what: () => Promise<T | undefined | false>, timeoutMs = 10_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await what();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`condition not met; supervisor said:\n${log.join("\n")}`);
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

const inState = (client: ControlClient, name: string, state: string) =>
  until(async () => (await client.status()).find((row) => row.name === name && row.state === state));

/** Field 19 of a thread's stat (proc_pid_stat(5)); the second one, the command in parentheses, may hold blanks. */
const niceOf = (stat: string) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);

it("starts a process that stands back from others as nice as it says, with all its threads", async () => {
  const script = "process.stdout.write('READY\\n'); setInterval(() => {}, 60_000)";
  const client = await run([
    sleeper("first"),
    sleeper("back", { niceness: 3, command: process.execPath, args: ["-e", script] }),
  ]);
  const pidOf = async (name: string) => (await inState(client, name, "ready"))!.pid!;
  const expected = Math.min(19, getPriority(await pidOf("first")) + 3);
  const threads = `/proc/${await pidOf("back")}/task`;
  const niceness = readdirSync(threads).map((thread) => niceOf(readFileSync(join(threads, thread, "stat"), "utf8")));
  expect(niceness.length).toBeGreaterThan(1);
  expect(niceness).toEqual(niceness.map(() => expected));
});

it("starts in the order of dependencies and ends in the reverse order", async () => {
  const step = sleeper("step", {
    command: "true",
    args: [],
    ready: { exit: 0 },
    restart: "never",
    dependsOn: ["base"],
  });
  const client = await run([sleeper("top", { dependsOn: ["step"] }), step, sleeper("base")]);
  await inState(client, "top", "ready");
  const events = log.map((line) => line.split(" ").slice(0, 2).join(" "));
  expect(events).toEqual(["base starting", "base ready", "step starting", "step done", "top starting", "top ready"]);
  const pids = (await client.status()).flatMap((row) => row.pid ?? []);
  expect(pids).toHaveLength(2);
  log.length = 0;
  await supervisor?.stopAll(false);
  expect(log.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
    "top stopping",
    "top stopped",
    "base stopping",
    "base stopped",
  ]);
  expect(pids.map(identityOf)).toEqual([undefined, undefined]);
});

it("starts a killed process again, unless the kill is to last", async () => {
  const client = await run([sleeper("a")]);
  const first = await inState(client, "a", "ready");
  await client.signal("a", "SIGKILL");
  const second = await inState(client, "a", "ready");
  expect(second).toMatchObject({ restarts: 1, lastEnd: "SIGKILL" });
  expect(second.pid).not.toBe(first.pid);
  await client.signal("a", "SIGKILL", { keepDown: true });
  expect((await client.status())[0]).toMatchObject({ state: "stopped", restarts: 1 });
  await client.start("a");
  expect((await client.status())[0]).toMatchObject({ state: "ready", restarts: 2 });
});

it("freezes and thaws, and ends even a frozen process", async () => {
  // With a handler: the kernel ends a frozen process that has none without waking it.
  const handling = ["-c", "trap 'exit 7' TERM; echo READY; while :; do sleep 0.05; done"];
  const client = await run([sleeper("a", { args: handling })]);
  await inState(client, "a", "ready");
  const frozen = async (expected: boolean) => (await client.status())[0]?.frozen === expected;
  await client.signal("a", "SIGSTOP");
  await until(() => frozen(true));
  await client.signal("a", "SIGCONT");
  await until(() => frozen(false));
  await client.signal("a", "SIGSTOP");
  await client.stop("a");
  expect((await client.status())[0]).toMatchObject({ state: "stopped", frozen: false, lastEnd: "code 7" });
});

it("ends a process by closing its standard input where the spec says so", async () => {
  const spec = sleeper("a", {
    command: "sh",
    args: ["-c", "echo READY; cat"],
    stop: { by: "stdin-close", graceMs: 10_000 },
  });
  const client = await run([spec]);
  await inState(client, "a", "ready");
  await client.stop("a");
  expect((await client.status())[0]).toMatchObject({ state: "stopped", lastEnd: "code 0" });
});

it("kills what does not end within its grace time", async () => {
  const stubborn = ["-c", "trap '' TERM; echo READY; while :; do sleep 1; done"];
  const client = await run([sleeper("a", { args: stubborn, stop: { by: "SIGTERM", graceMs: 200 } })]);
  await inState(client, "a", "ready");
  await client.stop("a");
  expect((await client.status())[0]).toMatchObject({ state: "stopped", lastEnd: "SIGKILL" });
});

it("gives up on what never becomes ready, and on a failed step, and says why in the log", async () => {
  const broken = sleeper("broken", { args: ["-c", "exit 3"] });
  const step = sleeper("step", { command: "false", args: [], ready: { exit: 0 }, restart: "never" });
  const client = await run([broken, step, sleeper("after", { dependsOn: ["step"] })]);
  expect(await inState(client, "broken", "failed")).toMatchObject({ lastEnd: "code 3", restarts: 2 });
  await inState(client, "step", "failed");
  expect((await client.status()).find((row) => row.name === "after")?.state).toBe("waiting");
  expect(readFileSync(join(folder, "broken.log"), "utf8")).toContain("ended: code 3");
});

it("kills what is not ready in time", async () => {
  const client = await run([sleeper("a", { ready: { tcp: 1 }, readyTimeoutMs: 50 })]);
  expect(await inState(client, "a", "failed")).toMatchObject({ lastEnd: "SIGKILL" });
}, 30_000);

it("waits for what is alive and not ready yet, and says in the log for what", async () => {
  let ready = false;
  const admin = createServer((request, response) => {
    const ok = request.url === "/healthz" || ready;
    const body = ok
      ? { degraded: { "link smsc-z": "no link: refused" } }
      : { notReady: { kafka: "waiting for kafka" } };
    response.writeHead(ok ? 200 : 503).end(JSON.stringify(body));
  });
  admin.listen(0, "127.0.0.1");
  await once(admin, "listening");
  const at = `http://127.0.0.1:${(admin.address() as AddressInfo).port}`;
  try {
    const spec = sleeper("a", {
      ready: { http: `${at}/readyz` },
      alive: { http: `${at}/healthz` },
      readyTimeoutMs: 50,
    });
    const client = await run([spec]);
    await until(async () => readFileSync(join(folder, "a.log"), "utf8").includes("it goes on waiting: kafka: waiting"));
    expect((await client.status({ probe: true }))[0]).toMatchObject({
      state: "starting",
      restarts: 0,
      healthy: false,
      notes: ["kafka: waiting for kafka"],
    });
    ready = true;
    await inState(client, "a", "ready");
    expect((await client.status({ probe: true }))[0]).toMatchObject({
      restarts: 0,
      healthy: true,
      notes: ["link smsc-z: no link: refused"],
    });
  } finally {
    admin.close();
  }
}, 30_000);

it("keeps the cluster's own settings from its processes", async () => {
  process.env.SLUICE_SOMETHING = "outer";
  try {
    const script = 'echo "<$SLUICE_SOMETHING><$SLUICE_GIVEN>"; echo READY; exec sleep 300';
    const client = await run([sleeper("a", { args: ["-c", script], env: { SLUICE_GIVEN: "inner" } })]);
    await inState(client, "a", "ready");
    expect(readFileSync(join(folder, "a.log"), "utf8")).toContain("<><inner>");
  } finally {
    delete process.env.SLUICE_SOMETHING;
  }
});

it("runs several instances, and stops those above the number wanted", async () => {
  const client = await run([sleeper("a", { replica: (index) => sleeper(`a-${index}`) }), sleeper("b")]);
  await inState(client, "a", "ready");
  await client.scale("a", 3);
  const states = async () => (await client.status()).map((row) => `${row.name} ${row.state}`);
  expect(await states()).toEqual(["a ready", "b ready", "a-2 ready", "a-3 ready"]);
  await client.scale("a", 1);
  expect(await states()).toEqual(["a ready", "b ready"]);
  expect(allUp(await client.status())).toBe(true);
  await client.scale("a", 2);
  expect(await states()).toEqual(["a ready", "b ready", "a-2 ready"]);
  await client.scale("a", 0);
  expect(await states()).toEqual(["a stopped", "b ready"]);
  expect(allUp(await client.status())).toBe(true);
  await client.scale("a", 1);
  expect(await states()).toEqual(["a ready", "b ready"]);
  await client.stop("a");
  expect(allUp(await client.status())).toBe(false);
  await expect(client.scale("b", 2)).rejects.toThrow("b cannot run in several instances");
});

it("says why a further instance did not start", async () => {
  const broken = sleeper("a-2", { args: ["-c", "echo 'port 7 is held'; exit 1"] });
  const client = await run([sleeper("a", { replica: () => broken })]);
  await inState(client, "a", "ready");
  await expect(client.scale("a", 2)).rejects.toThrow(
    /^a-2 did not start \(code 1\); the end of \S+a-2\.log:\n(.*\n)*.*port 7 is held/,
  );
});

it("answers a request that makes no sense with what does", async () => {
  const client = await run([sleeper("a")]);
  await expect(client.stop("nope")).rejects.toThrow("no process nope; there are: a");
  await expect(client.signal("a", "SIGHUP" as "SIGTERM")).rejects.toThrow("expected one of SIGKILL");
  await client.stop("a");
  await expect(client.signal("a", "SIGKILL")).rejects.toThrow("a is not running");
  writeFileSync(join(folder, "x"), "");
  await expect(new ControlClient(join(folder, "x")).status()).rejects.toThrow("supervisor not reachable");
});
