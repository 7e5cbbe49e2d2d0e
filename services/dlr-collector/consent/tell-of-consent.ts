import { performance } from "node:perf_hooks";
import type { SnapshotSource } from "../../../domain/catalog/snapshot.ts";
import type { Pipeline } from "../../../pipeline/boot/start-pipeline.ts";
import { WebhookClient } from "../../../platform/http/webhook-client.ts";
import { observeKafka } from "../../../platform/kafka/observe.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { CONSENT_WEBHOOK_GROUP } from "../../../schemas/groups.ts";
import { CONSENT_TOPIC } from "../../../schemas/topics.ts";
import { consentWebhookMetrics } from "./consent-webhook-metrics.ts";
import { ConsentWebhooks, type ConsentWebhooksOptions, webhooksOf } from "./consent-webhooks.ts";

interface Parts extends Pick<Pipeline, "connection" | "codecs" | "now"> {
  readonly reader: TopicReader;
  readonly catalog: SnapshotSource & { onChange(listener: (snapshot: SnapshotSource["current"]) => void): void };
  readonly partitions: number;
  readonly kafkaSessionTimeout: number;
}

/** Tells accounts' CRMs of changes of suppressions, until the service stops. */
export async function tellOfConsent(scope: Scope, parts: Parts): Promise<void> {
  const { connection, codecs, now, reader, catalog, partitions, kafkaSessionTimeout } = parts;
  const client = await scope.add("consent webhooks", {
    start: () => new WebhookClient({ now }),
    stop: (it) => it.close(),
  });
  catalog.onChange((snapshot) => client.keep(new Set(webhooksOf(snapshot).keys())));
  const live = new Set<ConsentWebhooks>();
  scope.metrics.observe(
    "consent_webhook_behind",
    "gauge",
    "Accounts, counted for each partition, whose consentWebhook has not taken all that was said",
    () => [...live].reduce((sum, { behind }) => sum + behind, 0),
  );
  const options: ConsentWebhooksOptions = {
    ...{ codecs, partitions, reader, catalog, client, now },
    metrics: consentWebhookMetrics(scope.metrics),
    log: scope.log,
    clock: () => performance.now(),
    random: Math.random,
  };
  const group = new TaskGroup({
    connection,
    groupId: CONSENT_WEBHOOK_GROUP,
    topics: [CONSENT_TOPIC],
    partitions,
    sessionTimeoutMs: kafkaSessionTimeout,
    // Quiet most of the time: asked less often, and answered as soon as something comes.
    maxWaitMs: 500,
    run: async (task) => {
      const one = new ConsentWebhooks(task, options);
      live.add(one);
      try {
        await one.run();
      } finally {
        live.delete(one);
      }
    },
  });
  await scope.add("consent webhook tasks", { start: () => group, stop: () => group.stop() });
  await scope.waitFor("kafka (consent webhooks)", () => group.start());
  observeKafka(scope, { group, name: "consent webhooks", now });
}
