import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { clickhouseLogin, loginHeaders } from "../../../infra/local/clickhouse-access.ts";
import { clickhouse } from "../../../infra/local/clickhouse-process.ts";
import { clusterEndpoints, readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { deathSignal } from "../../../infra/local/death-signal.ts";
import { Supervisor } from "../../../infra/local/supervisor.ts";
import { readCpu } from "../cpu-meter.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

/** What a statement answered, and what it took. */
export interface Answer {
  readonly body: Buffer;
  readonly rowsRead: number;
  /** From sending it to the end of the answer. */
  readonly ms: number;
}

/** The engine that `make up` starts, alone, in a folder and on ports of its own; it ends with this process. */
export class OwnClickhouse {
  readonly url: string;
  readonly user = "sluice";
  readonly password: string;
  readonly #folder: string;
  readonly #supervisor: Supervisor;
  readonly #pid: number;
  readonly #headers: Record<string, string>;

  private constructor(folder: string, url: string, password: string, supervisor: Supervisor, pid: number) {
    this.#folder = folder;
    this.url = url;
    this.password = password;
    this.#supervisor = supervisor;
    this.#pid = pid;
    this.#headers = loginHeaders({ username: this.user, password });
  }

  /** `parent`: where its folder is made; a disk, and with room for the tables. */
  static async start(parent = tmpdir()): Promise<OwnClickhouse> {
    const folder = mkdtempSync(join(parent, "sluice-bench-sql-"));
    const env = { SLUICE_PORT_OFFSET: "10200", ...process.env, SLUICE_STATE_DIR: folder };
    const config = readClusterConfig(env, PROJECT);
    const supervisor = new Supervisor([clickhouse(config)], deathSignal(), () => {});
    try {
      await supervisor.start("clickhouse");
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    const { password } = clickhouseLogin(config, "sluice");
    const [status] = await supervisor.status(false);
    return new OwnClickhouse(folder, clusterEndpoints(config).clickhouseUrl, password, supervisor, status!.pid!);
  }

  /** CPU time of the server so far, microseconds: inserts, merges and whatever else it does. */
  cpu(): number {
    return readCpu({ clickhouse: this.#pid }).clickhouse!;
  }

  /**
   * Runs one statement and reads its answer. `settings`: of ClickHouse, and `param_…`.
   * @throws Error with ClickHouse's words when it refuses
   */
  async ask(sql: string, database = "default", settings: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const query = new URLSearchParams({ database, wait_end_of_query: "1", ...settings });
    const began = performance.now();
    const response = await fetch(`${this.url}/?${query}`, { method: "POST", body: sql, headers: this.#headers });
    const body = Buffer.from(await response.arrayBuffer());
    const ms = performance.now() - began;
    if (!response.ok) throw new Error(`ClickHouse: ${body.toString().slice(0, 1_500)} (${sql.slice(0, 200)})`);
    const summary = JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as { read_rows?: string };
    return { body, rowsRead: Number(summary.read_rows ?? 0), ms };
  }

  /** The rows of a query. */
  async rows<Row>(sql: string, database = "default"): Promise<Row[]> {
    const { body } = await this.ask(`${sql} FORMAT JSONEachRow`, database);
    return body
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  }

  async stop(): Promise<void> {
    await this.#supervisor.stopAll(false);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
