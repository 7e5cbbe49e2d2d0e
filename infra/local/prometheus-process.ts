import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { type ClusterConfig, dataDir, logFile } from "./cluster-config.ts";
import type { ProcessSpec } from "./process-spec.ts";

/** How to have it where there is none. */
const HOW =
  "Prometheus is not installed, so nothing records metrics or fires alerts here (Debian: apt install --no-install-recommends prometheus; SLUICE_CLUSTER_PROMETHEUS names one elsewhere)";

/** Bounds of what it keeps. */
const RETENTION = ["--storage.tsdb.retention.time=15d", "--storage.tsdb.retention.size=1GB"];

/** A line for `make up` where Prometheus is wanted and cannot be had; undefined where it runs, or is not wanted. */
export function prometheusMissing(config: ClusterConfig): string | undefined {
  return config.scope === "all" && config.prometheus === "missing" ? HOW : undefined;
}

/** One target of a file for Prometheus's discovery by files. */
export interface MetricsTarget {
  readonly targets: readonly [string];
  readonly labels: { readonly service: string; readonly instance: string };
}

/** The metrics pages of the processes that are wanted: `names` as `status` has them, further instances of a service included. */
export function metricsTargets(specs: readonly ProcessSpec[], names: readonly string[]): MetricsTarget[] {
  return names.flatMap((name) => {
    const [, base = name, index] = /^(.+?)(?:-(\d+))?$/.exec(name)!;
    const service = specs.find((spec) => spec.name === base);
    const spec = index === undefined ? service : service?.replica?.(Number(index));
    if (spec?.alive === undefined) return [];
    return [{ targets: [new URL(spec.alive.http).host], labels: { service: base, instance: name } }];
  });
}

const runFolder = (config: ClusterConfig): string => resolve(config.stateDir, "run", "prometheus");
const targetsFile = (config: ClusterConfig): string => join(runFolder(config), "targets.json");

/** Tells a running Prometheus whom to read: it looks at the file by itself. */
export function writeTargets(config: ClusterConfig, targets: readonly MetricsTarget[]): void {
  const file = targetsFile(config);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(targets, null, 2));
  renameSync(`${file}.new`, file);
}

/** Its configuration: as infra/prometheus/prometheus.yml, for the ports of this cluster. */
export function prometheusConfig(config: ClusterConfig): string {
  return stringify({
    global: { scrape_interval: "5s", evaluation_interval: "5s" },
    rule_files: [join(config.projectDir, "infra", "prometheus", "rules", "*.yml")],
    scrape_configs: [
      { job_name: "sluice", file_sd_configs: [{ files: [targetsFile(config)], refresh_interval: "5s" }] },
      { job_name: "prometheus", static_configs: [{ targets: [`127.0.0.1:${config.prometheusPort}`] }] },
    ],
  });
}

/** Prometheus with our rules, reading the services' metrics pages; listens on this machine alone. */
export function prometheus(config: ClusterConfig, services: readonly ProcessSpec[]): ProcessSpec[] {
  if (config.prometheus === "off" || config.prometheus === "missing") return [];
  const file = join(runFolder(config), "prometheus.yml");
  const url = `http://127.0.0.1:${config.prometheusPort}`;
  return [
    {
      name: "prometheus",
      command: config.prometheus,
      args: [
        `--config.file=${file}`,
        `--storage.tsdb.path=${dataDir(config, "prometheus")}`,
        `--web.listen-address=127.0.0.1:${config.prometheusPort}`,
        ...RETENTION,
      ],
      cwd: config.projectDir,
      logFile: logFile(config, "prometheus"),
      prepare: async () => {
        mkdirSync(runFolder(config), { recursive: true, mode: 0o700 });
        writeFileSync(file, prometheusConfig(config));
        // Further instances of services are told to it by whoever starts them.
        if (!existsSync(targetsFile(config))) {
          const names = services.map(({ name }) => name);
          writeTargets(config, metricsTargets(services, names));
        }
      },
      ready: { http: `${url}/-/ready` },
      dependsOn: [],
      restart: "always",
      ports: [{ port: config.prometheusPort, env: "SLUICE_PROMETHEUS_PORT" }],
      endpoint: url,
    },
  ];
}
