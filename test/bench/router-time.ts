import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import { NO_DELIVERIES } from "../../domain/routing/delivery-view.ts";
import { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import { createCodecs } from "../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../pipeline/records/register.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import { silentLog } from "../../platform/log/log.ts";
import { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import type { MessageFacts } from "../../schemas/generated/types.ts";
import { ROUTER_INPUTS, requestTopic } from "../../schemas/topics.ts";
import { CapBoard } from "../../services/router/cap-board.ts";
import { lookupMetrics } from "../../services/router/lookups/lookup-metrics.ts";
import { NumberNetworks } from "../../services/router/lookups/number-networks.ts";
import { Router } from "../../services/router/router.ts";
import { routerMetrics } from "../../services/router/router-metrics.ts";
import { ScheduledMessages } from "../../services/router/scheduled/scheduled-messages.ts";
import { FakeRegistry } from "../unit/pipeline/fake-registry.ts";
import { memoryTables } from "../unit/router/scheduled/memory-tables.ts";

const ROUNDS = 40;
const WARM_UP = 10;
/** As most messages have it. */
const TEXT = "Your code is 471100. It is valid for ten minutes. Never share it with anybody.";

/**
 * What a router takes for a message: ns of this thread's processor time, the median of the rounds. From the request as it stands in
 * Kafka to the event and the order as they are written there, without Kafka's client.
 */
export async function routerTime(snapshot: Snapshot, messages: readonly MessageFacts[]): Promise<number> {
  const registry = new FakeRegistry();
  await registerSchemas(registry as never);
  const codecs = await createCodecs(registry);
  const now = () => Date.now();
  const catalog = { current: snapshot };
  const scheduled = new ScheduledMessages(memoryTables());
  scheduled.follow({ caughtUp: async () => true, lag: 0 });
  const router = new Router({
    ...{ codecs, catalog, partitions: 1, delivery: NO_DELIVERIES, capBoard: new CapBoard() },
    health: new ProviderHealth((id) => snapshot.providers.get(id)?.rate),
    reader: { watermarks: async () => [{ low: 0, high: 0 }], readRange: async () => {} } as never,
    producer: { send: async () => {} },
    ends: { version: 0, ends: [0] } as never,
    scheduled,
    usageMark: { until: async () => true },
    rules: () => [],
    metrics: routerMetrics(new MetricRegistry()),
    log: silentLog,
    schemas: { waits: () => false },
    networks: new NumberNetworks({
      ...{ catalog, log: silentLog, now, monotonic: () => performance.now() },
      metrics: lookupMetrics(new MetricRegistry()),
      client: () => {
        throw new Error("no look-ups here");
      },
    }),
    ...{ now, monotonic: () => performance.now(), random: Math.random },
  });
  const restored = { offsets: ROUTER_INPUTS.map(() => 0), state: "" };
  await router.restore({ partition: 0, restored, wake: () => {} } as unknown as Task);
  router.prepare();
  const requests = messages.map(({ to, accountId, lane, from, metadata }) => {
    const topic = requestTopic(lane);
    const fields = {
      messageId: null,
      validitySeconds: null,
      reference: null,
      callbackUrl: null,
      acceptedAt: null,
      sendAt: null,
      receiptTo: null,
    };
    const value = codecs.request.encode({ ...fields, accountId, to, from, text: TEXT, transliterate: false, metadata });
    return { topic, key: Buffer.from(to), value, input: ROUTER_INPUTS.indexOf(topic) };
  });
  const spent: number[] = [];
  let offset = 0;
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    let written = 0;
    const out = { decide: () => void written++, effect: () => void written++ };
    const before = process.threadCpuUsage();
    for (const { topic, key, value, input } of requests) {
      const record = { topic, partition: 0, offset: offset++, key, value, headers: {}, timestamp: now() };
      router.process(record as InRecord, input, out);
    }
    const { user, system } = process.threadCpuUsage(before);
    // Some numbers are nobody's: their messages end with one record.
    if (written < 1.9 * requests.length) throw new Error(`${written} records of ${requests.length} messages`);
    if (round >= WARM_UP) spent.push(user + system);
  }
  const median = spent.sort((a, b) => a - b)[spent.length >> 1]!;
  return Math.round((median * 1_000) / requests.length);
}
