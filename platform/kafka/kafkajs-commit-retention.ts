/**
 * Kafka forgets the commits of a group that has had no member for `offsets.retention.minutes` (a week by default): a service that was
 * stopped for longer, or a provider that is added again, would begin at the start of its logs and do everything once more. A
 * commit may say itself how long it is kept (retention_time, OffsetCommit requests of version 2 to 4; KIP-211 dropped it from version 5 on,
 * and brokers go by it in the older ones to this day). KafkaJS 2.2.4 asks in the newest version that it knows, 5. Here commits
 * go out in version 4 and are kept for ten years. Held by test/integration/platform/commit-retention.test.ts.
 */
import { createRequire } from "node:module";

interface OffsetCommitRequests {
  versions: string[];
  protocol(asked: { version: number }): (commit: { retentionTime?: number }) => unknown;
}

/** How long after it a commit is kept, whether or not its group has members, ms. */
const COMMIT_RETENTION_MS = 10 * 365 * 24 * 3_600_000;

const requests = createRequire(import.meta.url)("kafkajs/src/protocol/requests/offsetCommit") as OffsetCommitRequests;
const { protocol } = requests;
requests.versions = requests.versions.filter((version) => Number(version) <= 4);
requests.protocol = (asked) => {
  const request = protocol(asked);
  return (commit) => request({ ...commit, retentionTime: COMMIT_RETENTION_MS });
};
