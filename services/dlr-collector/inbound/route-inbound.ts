import type { SnapshotSource } from "../../../domain/catalog/snapshot.ts";
import { SaidTo } from "../../../domain/consent/said-to.ts";
import type { Pipeline } from "../../../pipeline/boot/start-pipeline.ts";
import { observeKafka } from "../../../platform/kafka/observe.ts";
import { TaskGroup } from "../../../platform/kafka/task-group.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { runTransform } from "../../../platform/kafka/transform.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { INBOUND_GROUP } from "../../../schemas/groups.ts";
import { INBOUND_TOPIC } from "../../../schemas/topics.ts";
import { AccountInbound, type AccountInboundOptions } from "./account-inbound.ts";
import { inboundMetrics } from "./inbound-metrics.ts";

interface Parts extends Pick<Pipeline, "connection" | "codecs" | "producer" | "now"> {
  readonly reader: TopicReader;
  readonly catalog: SnapshotSource & { onChange(listener: (snapshot: SnapshotSource["current"]) => void): void };
  readonly partitions: number;
  readonly kafkaSessionTimeout: number;
  /** How long the parts of a long message are waited for, ms. */
  readonly inboundPartsTimeout: number;
}

/** Routes what handsets send to accounts, from the first catalog on in which one has a number: where nobody has, sms.inbound is not read for it. */
export async function routeInbound(scope: Scope, parts: Parts): Promise<void> {
  const { connection, codecs, producer, now, reader, catalog, partitions } = parts;
  const live = new Set<AccountInbound>();
  scope.metrics.observe(
    "inbound_parts_waiting",
    "gauge",
    "Long messages from handsets of which parts are missing",
    () => [...live].reduce((sum, { waiting }) => sum + waiting, 0),
  );
  const options: AccountInboundOptions = {
    ...{ codecs, reader, partitions, catalog, now, log: scope.log },
    waitMs: parts.inboundPartsTimeout,
    metrics: inboundMetrics(scope.metrics),
  };
  const group = new TaskGroup({
    ...{ connection, partitions },
    groupId: INBOUND_GROUP,
    topics: [INBOUND_TOPIC],
    sessionTimeoutMs: parts.kafkaSessionTimeout,
    // Quiet most of the time: asked less often, and answered as soon as something comes.
    maxWaitMs: 500,
    run: async (task) => {
      const one = new AccountInbound(task, options);
      live.add(one);
      try {
        await runTransform(task, one, { producer });
      } finally {
        live.delete(one);
      }
    },
  });
  await scope.add("inbound messages", { start: () => group, stop: () => group.stop() });
  let starting: Promise<void> | undefined;
  const start = async () => {
    await scope.waitFor("kafka (inbound messages)", () => group.start());
    observeKafka(scope, { group, name: "inbound messages", now });
  };
  const beginIfNeeded = async () => {
    if (starting === undefined && !new SaidTo(catalog.current.catalog.accounts).hasNumbers) return;
    starting ??= start();
    await starting;
  };
  catalog.onChange(() => {
    beginIfNeeded().catch((error: Error) => {
      // A start that a stop has cut off is no fault.
      if (!scope.signal.aborted) scope.fail(error);
    });
  });
  await beginIfNeeded();
}
