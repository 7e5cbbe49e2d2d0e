/** The sender as a process of its own, with one provider that answers beside several that do not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { P, SenderWorld } from "./sender-world.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");
const cluster = sharedCluster();
const world = new SenderWorld(cluster);
const silent = createServer((socket) => socket.on("error", () => {}).resume());
let folder: string;

beforeAll(async () => {
  await world.start();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  folder = mkdtempSync(join(tmpdir(), "sluice-dark-"));
});
afterAll(async () => {
  silent.close();
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Providers that cannot be reached, each in its own way; the last has no topics either. */
async function darkOnes(smscPort: number) {
  const { port } = silent.address() as { port: number };
  const login = { host: "127.0.0.1", port: smscPort, systemId: "sluice", password: "secret", bindTimeoutMs: 500 };
  const smpp = (fields: object) => ({ kind: "smpp", rate: 10, smpp: { ...login, ...fields } });
  const made: Awaited<ReturnType<SenderWorld["provider"]>>[] = [];
  // One after the other: the same topics would be made by several at once.
  for (const fields of [{ port: 9 }, { host: "smsc.invalid" }, { password: "123456789" }, { port }])
    made.push(await world.provider(smpp(fields)));
  return { made, without: { ...made[0], id: "without-topics" } };
}

test("providers that cannot be reached leave the sender ready and the others at work, and are told of", async () => {
  const { smsc, provider } = await world.smsc({});
  const { made, without } = await darkOnes(smsc.ports.smpp);
  const plain = [provider, ...made, without].map((one) => ({ ...one, prices: [{ price: "0.01" }] }));
  // JSON is YAML.
  writeFileSync(join(folder, "providers.yaml"), JSON.stringify(plain));
  for (const file of ["accounts.yaml", "routes.yaml"]) writeFileSync(join(folder, file), "[]");
  const child = spawn(process.execPath, [join(PROJECT, "services/sender/main.ts")], {
    cwd: PROJECT,
    // Its standard input closes when this process ends in whatever way, and it ends with it.
    env: {
      PATH: process.env.PATH,
      SLUICE_KAFKA_BROKERS: cluster.brokers.join(","),
      SLUICE_REGISTRY_URL: cluster.registryUrl,
      SLUICE_CATALOG_DIR: folder,
      SLUICE_PARTITIONS: String(P),
      SLUICE_EXIT_WITH_PARENT: "1",
      SLUICE_LOG_FORMAT: "json",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => log.push(line));
  const readyz = async () => {
    if (child.exitCode !== null) throw new Error(`the sender ended:\n${log.join("\n")}`);
    const line = log.find((entry) => entry.includes('"msg":"admin server listening"'));
    if (line === undefined) return undefined;
    const response = await fetch(`http://127.0.0.1:${(JSON.parse(line) as { adminPort: number }).adminPort}/readyz`);
    return { ok: response.ok, degraded: ((await response.json()) as { degraded: Record<string, string> }).degraded };
  };
  try {
    const [closed, unknown, refused, mute] = made.map(({ id }) => `link ${id}`) as [string, string, string, string];
    const wanted = {
      [closed]: expect.stringContaining("ECONNREFUSED"),
      [unknown]: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
      [refused]: "no link: bind refused: ESME_RINVPASWD",
      [mute]: "no link: no answer to the bind within 500 ms",
      "provider without-topics": expect.stringContaining("topics are missing"),
    };
    await until("ready, and every dark provider told of", async () => {
      const said = await readyz();
      if (said?.ok !== true) return false;
      return Object.entries(wanted).every(([name, why]) => {
        const matches =
          typeof why === "string" ? why === said.degraded[name] : why.asymmetricMatch(said.degraded[name]);
        return matches as boolean;
      });
    });
    const dispatches = await world.dispatch(provider, 20);
    const outcomes = await world.outcomes(dispatches);
    expect([...outcomes.values()].map((events) => events.map(({ type }) => type))).toEqual(
      dispatches.map(() => ["submitted"]),
    );
    expect((await readyz())?.ok).toBe(true);
    expect(log.some((line) => line.includes("has 9 octets and is sent as it is"))).toBe(true);
  } finally {
    child.kill("SIGTERM");
    await exited;
  }
});
