import { startCopy } from "../../../pipeline/boot/start-copy.ts";
import type { Pipeline } from "../../../pipeline/boot/start-pipeline.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { ChangelogCopy } from "../../../platform/store/changelog-copy.ts";
import type { PartitionStore } from "../../../platform/store/partition-store.ts";
import { DELETE_RETENTION_MS, SCHEDULED_TOPIC } from "../../../schemas/topics.ts";
import { SCHEDULED_TABLES, ScheduledMessages } from "./scheduled-messages.ts";

/** Lets this process's copy of sms.scheduled follow, in a store that has its tables. It may have come to the log's end or not. */
export async function openScheduled(
  scope: Scope,
  pipeline: Pipeline,
  store: PartitionStore,
  onUnreadable: () => void,
): Promise<ScheduledMessages> {
  const scheduled = new ScheduledMessages(store, onUnreadable);
  const copy = await startCopy(
    scope,
    pipeline,
    { topic: SCHEDULED_TOPIC, name: "scheduled" },
    (source) =>
      new ChangelogCopy({
        store,
        source,
        topic: SCHEDULED_TOPIC,
        tables: SCHEDULED_TABLES,
        apply: (record) => scheduled.apply(record),
        now: pipeline.now,
        deleteRetentionMs: DELETE_RETENTION_MS,
        onFault: (error) => scope.fail(error),
        log: scope.log,
      }),
  );
  scheduled.follow(copy);
  return scheduled;
}
