import type { Scope } from "../../platform/lifecycle/run-service.ts";
import type { PartitionStore } from "../../platform/store/partition-store.ts";
import { FREQUENCY_TOPIC } from "../../schemas/topics.ts";
import { FrequencyCopy } from "../follow/frequency-copy.ts";
import { COPY_READING, type Pipeline, startReader } from "./start-pipeline.ts";

/** Opens this process's copy of sms.frequency and lets it follow; it may have come to the log's end or not. */
export async function openFrequency(
  scope: Scope,
  pipeline: Pipeline,
  { store, partitions }: { readonly store: PartitionStore; readonly partitions: number },
): Promise<FrequencyCopy> {
  const unreadable = scope.metrics
    .counter("frequency_unreadable_total", { help: "Records of sms.frequency that cannot be understood" })
    .with();
  const reader = await startReader(scope, pipeline, [FREQUENCY_TOPIC], { name: "frequency reader", ...COPY_READING });
  const copy = new FrequencyCopy({
    store,
    source: reader,
    codec: pipeline.codecs.frequency,
    partitions,
    now: pipeline.now,
    onFault: (error) => scope.fail(error),
    onUnreadable: () => unreadable.add(),
    log: scope.log,
  });
  await scope.waitFor("copy of sms.frequency", () => copy.start());
  await scope.add("copy of sms.frequency", { start: () => copy, stop: () => copy.stop() });
  scope.metrics.observe(
    "frequency_copy_lag_records",
    "gauge",
    "Records of sms.frequency that the copy has not applied",
    () => copy.lag,
  );
  return copy;
}
