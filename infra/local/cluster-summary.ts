import type { ClusterConfig } from "./cluster-config.ts";

/** One line that tells two configurations apart: stands in the pid file, so that `up` notices other settings. */
export function describeCluster(config: ClusterConfig): string {
  return [
    `brokers=${config.brokers}`,
    `scope=${config.scope}`,
    `offset=${config.portOffset}`,
    ...(config.console ? [] : ["console=off"]),
    `kafka=${config.kafkaPort}`,
    `controller=${config.controllerPort}`,
    `registry=${config.registryPort}`,
    `clickhouse=${config.clickhouseHttpPort}/${config.clickhouseTcpPort}`,
    ...(config.prometheus === "off" || config.prometheus === "missing" ? [] : [`prometheus=${config.prometheusPort}`]),
    ...config.given,
  ].join(" ");
}
