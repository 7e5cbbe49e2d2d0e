import type { Cluster, PartitionAssigner } from "kafkajs";
import type { CommitRequest } from "./commits.ts";

/** Who we are in the group, as an answered heartbeat said. */
export interface Membership {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

/**
 * Commits under a stated generation when KafkaJS has no way to offer: its own function comes only with a batch of
 * records, so a member whose inputs are all still could not commit what falls due by time. The broker refuses the
 * commit when the generation has passed.
 */
export class GenerationCommit {
  private cluster: Cluster | undefined;
  private membership: Membership | undefined;

  /** Passes the assigner through, and keeps the cluster that KafkaJS gives it. */
  listen(assigner: PartitionAssigner): PartitionAssigner {
    return (config) => {
      this.cluster = config.cluster;
      refuseResets(config.cluster);
      return assigner(config);
    };
  }

  confirmed(membership: Membership): void {
    this.membership = membership;
  }

  /** The generation has passed or is passing. */
  forget(): void {
    this.membership = undefined;
  }

  /** Undefined while the generation is not known: until the first heartbeat after a join. */
  get committer(): ((request: CommitRequest) => Promise<void>) | undefined {
    const { cluster, membership } = this;
    if (cluster === undefined || membership === undefined) return undefined;
    return async (request) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId: membership.groupId });
      await coordinator.offsetCommit({ ...membership, topics: request.topics });
    };
  }
}

type Coordinator = Awaited<ReturnType<Cluster["findGroupCoordinator"]>>;
const guarded = new WeakSet<Coordinator>();

/**
 * Where a log no longer has the offset asked for, KafkaJS 2.2.4 commits -2 ("earliest") in our name, and with that deletes
 * the committed offset and the state beside it (offsetManager.setDefaultOffset). Refused, the client fails instead, and the
 * next one begins from our commit, or says that it does not fit: docs/decisions/0009-commits-that-do-not-fit.md.
 */
function refuseResets(cluster: Cluster): void {
  const find = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = async (request) => {
    const coordinator = await find(request);
    if (guarded.has(coordinator)) return coordinator;
    guarded.add(coordinator);
    const commit = coordinator.offsetCommit.bind(coordinator);
    coordinator.offsetCommit = (asked) => {
      const reset = asked.topics.find(({ partitions }) => partitions.some(({ offset }) => Number(offset) < 0));
      if (reset === undefined) return commit(asked);
      return Promise.reject(new Error(`The log of ${reset.topic} does not have the next offset any more, or not yet`));
    };
    return coordinator;
  };
}
