import type { Scope } from "../../platform/lifecycle/run-service.ts";
import type { ChangelogSource } from "../../platform/store/changelog-copy.ts";
import { AwaitedSchemas } from "../follow/awaited-schemas.ts";
import { type Pipeline, startReader } from "./start-pipeline.ts";

/** What a copy on disk is read with: by all partitions at once, and mostly in vain. */
const READING = { fetchBytes: 65_536, maxWaitMs: 1_000 } as const;

/** A copy of a topic on this process's disk. */
export interface StartedCopy {
  /** Throws when Kafka does not answer: it is called again. */
  start(): Promise<void>;
  stop(): void;
  readonly lag: number;
}

/**
 * Lets a copy of a topic follow until the service stops; it may have come to the log's end or not. It has a reader of its own: one that has no room for a
 * batch holds up all that its reader brings. `name`: of its metrics, with `_copy_lag_records` behind it.
 */
export async function startCopy<Copy extends StartedCopy>(
  scope: Scope,
  pipeline: Pipeline,
  { topic, name }: { readonly topic: string; readonly name: string },
  make: (source: ChangelogSource) => Copy,
): Promise<Copy> {
  const reader = await startReader(scope, pipeline, [topic], { name: `reader of ${topic}`, ...READING });
  const copy = make(new AwaitedSchemas(reader, pipeline.codecs, scope.log));
  await scope.waitFor(`copy of ${topic}`, () => copy.start());
  await scope.add(`copy of ${topic}`, { start: () => copy, stop: () => copy.stop() });
  scope.metrics.observe(
    `${name}_copy_lag_records`,
    "gauge",
    `Records of ${topic} that the copy has not applied`,
    () => copy.lag,
  );
  return copy;
}
