import { spawn } from "node:child_process";
import type { ClusterConfig } from "./cluster-config.ts";

type Environment = Record<string, string | undefined>;

const execute = (args: string[], config: ClusterConfig | undefined, quiet: boolean): Promise<number> =>
  new Promise((settle) => {
    const child = spawn("docker", args, {
      cwd: config?.projectDir,
      stdio: quiet ? "ignore" : "inherit",
      timeout: quiet ? 10_000 : undefined,
    });
    child.once("error", () => settle(127));
    child.once("close", (code) => settle(code ?? 1));
  });

/**
 * Whether Docker Compose is to be used: an engine answers `docker info`, or SLUICE_CLUSTER_ENGINE says so (`docker`,
 * `native`, or `auto`, the default).
 */
export async function dockerAnswers(env: Environment): Promise<boolean> {
  if (env.SLUICE_CLUSTER_ENGINE === "native") return false;
  if (env.SLUICE_CLUSTER_ENGINE === "docker") return true;
  return (await execute(["info"], undefined, true)) === 0;
}

const compose = async (config: ClusterConfig, ...args: string[]): Promise<number> => {
  const profile = config.brokers === 3 ? ["--profile", "three-brokers"] : [];
  return execute(["compose", ...profile, ...args], config, false);
};

const must = (code: number, what: string): void => {
  if (code !== 0) throw new Error(`${what} ended with code ${code}`);
};

/** `docker compose up`, until every container is healthy. */
export async function composeUp(config: ClusterConfig): Promise<void> {
  must(await compose(config, "up", "-d", "--build", "--wait"), "docker compose up");
  must(await compose(config, "ps"), "docker compose ps");
}

/** `docker compose down`; `wipe`: its volumes too. */
export async function composeDown(config: ClusterConfig, wipe: boolean): Promise<void> {
  must(await compose(config, "down", "--remove-orphans", ...(wipe ? ["--volumes"] : [])), "docker compose down");
}

/** `docker compose ps`; its exit code. */
export const composeStatus = (config: ClusterConfig): Promise<number> => compose(config, "ps", "--all");

/** `docker compose logs` of one service, or of all. */
export async function composeLogs(config: ClusterConfig, name: string | undefined, follow: boolean): Promise<void> {
  const args = ["logs", "--tail", "100", ...(follow ? ["-f"] : []), ...(name === undefined ? [] : [name])];
  must(await compose(config, ...args), "docker compose logs");
}
