import type { Kafka } from "kafkajs";

/**
 * What KafkaJS 2.2.4 asks brokers with: it makes a cluster for each of its clients, by a method that it keeps to itself. `C` is as much of it as the caller
 * asks. Connect it, and disconnect it.
 */
export function clusterOf<C>(kafka: Kafka): C {
  const name = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  const create = (kafka as unknown as Record<symbol, (options: object) => C>)[name!]!;
  return create({ allowAutoTopicCreation: false });
}
