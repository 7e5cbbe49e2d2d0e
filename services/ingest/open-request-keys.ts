import { setTimeout as pause } from "node:timers/promises";
import { startCopy } from "../../pipeline/boot/start-copy.ts";
import type { Pipeline } from "../../pipeline/boot/start-pipeline.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import type { PartitionStore } from "../../platform/store/partition-store.ts";
import { REQUEST_KEYS_TOPIC } from "../../schemas/topics.ts";
import { KeyCopy } from "./acceptance/idempotency/key-copy.ts";
import { RequestKeys } from "./acceptance/idempotency/request-keys.ts";
import { StoredKeys } from "./acceptance/idempotency/stored-keys.ts";

export interface RequestKeysConfig {
  readonly partitions: number;
  readonly idempotencyKeys: number;
  /** Ms. */
  readonly acceptTimeout: number;
}

const LOOK_MS = 50;
/** An answer has gone so long after its deadline at the latest, ms. */
const ANSWERED_MS = 1_000;

/**
 * Opens this process's copy of sms.request-keys and lets it follow. Resolves when it has come to the log's end for the first time, or the process is to stop: until then
 * it is not ready.
 */
export async function openRequestKeys(
  scope: Scope,
  pipeline: Pipeline,
  { config, store }: { readonly config: RequestKeysConfig; readonly store: PartitionStore },
): Promise<RequestKeys> {
  const { codecs, now, producer } = pipeline;
  const { partitions } = config;
  const encode = codecs.requestKeys.encode.bind(codecs.requestKeys);
  const clashes = scope.metrics
    .counter("ingest_key_clashes_total", {
      help: "Idempotency keys that two instances took for two messages at the same time, as each instance counts them: both were sent",
    })
    .with();
  const unreadable = scope.metrics
    .counter("request_keys_unreadable_total", { help: "Records of sms.request-keys that cannot be understood" })
    .with();
  const copy = await startCopy(
    scope,
    pipeline,
    { topic: REQUEST_KEYS_TOPIC, name: "request_keys" },
    (source) =>
      new KeyCopy({
        ...{ store, source, partitions, now, log: scope.log },
        codec: codecs.requestKeys,
        onClash: () => clashes.add(),
        onUnreadable: () => unreadable.add(),
        onFault: (error) => scope.fail(error),
      }),
  );
  const complete = observe(scope, copy);
  // Whoever listens before would answer 503 to each request with a key, and another instance can take it.
  while (!complete() && !scope.signal.aborted) await pause(LOOK_MS);
  const stored = await scope.add("stored keys", {
    start: () =>
      new StoredKeys({
        ...{ partitions, encode, now },
        send: (records) => producer.send(records),
        onFault: (err) =>
          scope.log.every("stored-keys", 5_000).debug({ err }, "It could not be told which keys' messages are stored"),
      }),
    stop: (it) => it.close(),
  });
  const atWorkMs = config.acceptTimeout + ANSWERED_MS;
  return new RequestKeys(
    { ...{ copy, partitions, encode, stored, atWorkMs }, capacity: config.idempotencyKeys },
    performance.now(),
  );
}

/** @returns whether the copy has come to the log's end for the first time */
function observe({ metrics, readiness }: Scope, copy: KeyCopy): () => boolean {
  metrics.observe(
    "request_keys_copy_old_partitions",
    "gauge",
    "Partitions of sms.request-keys whose copy is too old to be gone by: requests with a key of theirs are answered 503",
    () => copy.oldPartitions.length,
  );
  const old = () => {
    const { oldPartitions, leaderless } = copy;
    return { all: oldPartitions, led: oldPartitions.filter((p) => !leaderless.includes(p)) };
  };
  // What has no leader is not waited for: messages without a key, and with a key of the others, can be taken.
  let complete = false;
  const isComplete = () => {
    complete ||= old().led.length === 0;
    return complete;
  };
  readiness.register("copy of sms.request-keys", () => {
    return isComplete() ? { ok: true } : { ok: false, why: `it is being read: ${copy.lag} records to go` };
  });
  readiness.note("copy of sms.request-keys", () => {
    const { all } = old();
    if (!complete || all.length === 0) return undefined;
    return `too old to go by for keys of partitions ${all.join(", ")}: requests with one are answered 503`;
  });
  return isComplete;
}
