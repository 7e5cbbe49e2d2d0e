import { type OwnCluster, startCluster } from "../fixture/cluster.ts";
import { KafkaProxy } from "./kafka-proxy.ts";

/** Three brokers, each behind a proxy that all clients of `brokers` must go through; among themselves they go past them. */
export interface ProxiedKafka {
  readonly cluster: OwnCluster;
  /** By broker, counted from 0. */
  readonly proxies: readonly KafkaProxy[];
  /** The proxies' addresses. `cluster.brokers`: the brokers' own. */
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

export async function startProxiedKafka(): Promise<ProxiedKafka> {
  const proxies = await Promise.all([0, 1, 2].map(() => KafkaProxy.start()));
  const stopProxies = () => Promise.all(proxies.map(({ tcp }) => tcp.stop()));
  const ports = proxies.map(({ tcp }) => tcp.port);
  const cluster = await startCluster({ brokers: 3, kafkaOnly: true, proxyPorts: ports }).catch(async (error) => {
    await stopProxies();
    throw error;
  });
  for (const [index, { tcp }] of proxies.entries()) tcp.lead(cluster.proxiedPorts[index]!);
  return {
    cluster,
    proxies,
    brokers: ports.map((port) => `127.0.0.1:${port}`),
    async stop() {
      await cluster.stop();
      await stopProxies();
    },
  };
}
