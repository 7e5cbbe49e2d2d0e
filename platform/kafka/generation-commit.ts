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
