import type { Scope } from "../../platform/lifecycle/run-service.ts";
import type { PartitionStore } from "../../platform/store/partition-store.ts";
import { FREQUENCY_TOPIC } from "../../schemas/topics.ts";
import { FrequencyCopy } from "../follow/frequency-copy.ts";
import { startCopy } from "./start-copy.ts";
import type { Pipeline } from "./start-pipeline.ts";

/** Opens this process's copy of sms.frequency and lets it follow; it may have come to the log's end or not. */
export async function openFrequency(
  scope: Scope,
  pipeline: Pipeline,
  { store, partitions }: { readonly store: PartitionStore; readonly partitions: number },
): Promise<FrequencyCopy> {
  const unreadable = scope.metrics
    .counter("frequency_unreadable_total", { help: "Records of sms.frequency that cannot be understood" })
    .with();
  return startCopy(
    scope,
    pipeline,
    { topic: FREQUENCY_TOPIC, name: "frequency" },
    (source) =>
      new FrequencyCopy({
        store,
        source,
        codec: pipeline.codecs.frequency,
        partitions,
        now: pipeline.now,
        onFault: (error) => scope.fail(error),
        onUnreadable: () => unreadable.add(),
        log: scope.log,
      }),
  );
}
