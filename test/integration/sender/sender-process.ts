import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Provider } from "../../../domain/catalog/provider.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

export interface SenderProcessOptions {
  readonly provider: Provider;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly partitions: number;
  readonly journalDir?: string | undefined;
  /** Where the code is. Default: here. */
  readonly project?: string;
}

/** The sender service as a process of its own, which may be killed. */
export class SenderProcess {
  private readonly options: SenderProcessOptions;
  private readonly catalogDir = mkdtempSync(join(tmpdir(), "sluice-catalog-"));
  private child: ChildProcess | undefined;
  private output = "";
  private adminPort = 0;

  constructor(options: SenderProcessOptions) {
    this.options = options;
    const { provider } = options;
    const file = (name: string, content: unknown) =>
      writeFileSync(join(this.catalogDir, `${name}.yaml`), JSON.stringify(content));
    // Parsed prices are no list any more.
    file("providers", [{ ...provider, prices: [] }]);
    file("accounts", [{ id: "acme", name: "Acme", apiKeys: [{ id: "k", sha256: "0".repeat(64) }] }]);
    file("routes", [{ id: "all", strategy: "priority", providers: [{ id: provider.id }] }]);
  }

  async start(): Promise<void> {
    this.adminPort = await freePort();
    const { brokers, registryUrl, partitions, journalDir, project = PROJECT } = this.options;
    const child = spawn(process.execPath, ["services/sender/main.ts"], {
      cwd: project,
      env: {
        PATH: process.env.PATH,
        KAFKAJS_NO_PARTITIONER_WARNING: "1",
        SLUICE_KAFKA_BROKERS: brokers.join(","),
        SLUICE_REGISTRY_URL: registryUrl,
        SLUICE_CATALOG_DIR: this.catalogDir,
        SLUICE_PARTITIONS: String(partitions),
        SLUICE_INSTANCE: "killed",
        SLUICE_ADMIN_PORT: String(this.adminPort),
        // So long that it does not give its partition up while Kafka stands still.
        SLUICE_KAFKA_SESSION_TIMEOUT: "30s",
        ...(journalDir !== undefined && { SLUICE_SENDER_JOURNAL_DIR: journalDir }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.output = `${this.output}${chunk}`.slice(-20_000);
      });
    this.child = child;
  }

  /** Its last lines. */
  get told(): string {
    return this.output;
  }

  /** The value of a gauge, of its first series; undefined when it cannot be had. */
  async metric(name: string): Promise<number | undefined> {
    const answer = await fetch(`http://127.0.0.1:${this.adminPort}/metrics`).catch(() => undefined);
    const line = (await answer?.text())?.split("\n").find((text) => text.startsWith(`${name}{`));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  }

  /** Resolves when it has ended. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.catalogDir, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
