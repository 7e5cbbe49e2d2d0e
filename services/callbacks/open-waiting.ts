import { openStore, type StorePlaceConfig } from "../../pipeline/boot/open-store.ts";
import { startCopy } from "../../pipeline/boot/start-copy.ts";
import type { Pipeline } from "../../pipeline/boot/start-pipeline.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import { ChangelogCopy } from "../../platform/store/changelog-copy.ts";
import { CALLBACKS_TOPIC, DELETE_RETENTION_MS } from "../../schemas/topics.ts";
import { CALLBACK_TABLES, WaitingCallbacks } from "./waiting-callbacks.ts";

/** Blocks of the store's files in memory, octets. */
const STORE_CACHE_OCTETS = 16 << 20;

/** Opens the store, and lets this process's copy of sms.callbacks follow. It may have come to the log's end or not. */
export async function openWaiting(
  scope: Scope,
  pipeline: Pipeline,
  config: StorePlaceConfig,
  onUnreadable: () => void,
): Promise<WaitingCallbacks> {
  const tables = CALLBACK_TABLES;
  const store = await openStore(scope, { service: "callbacks", config, tables, cacheOctets: STORE_CACHE_OCTETS });
  const waiting = new WaitingCallbacks(store, onUnreadable);
  const copy = await startCopy(
    scope,
    pipeline,
    { topic: CALLBACKS_TOPIC, name: "callbacks" },
    (source) =>
      new ChangelogCopy({
        store,
        source,
        topic: CALLBACKS_TOPIC,
        tables,
        apply: (record) => waiting.apply(record),
        now: pipeline.now,
        deleteRetentionMs: DELETE_RETENTION_MS,
        onFault: (error) => scope.fail(error),
        log: scope.log,
      }),
  );
  waiting.follow(copy);
  return waiting;
}
