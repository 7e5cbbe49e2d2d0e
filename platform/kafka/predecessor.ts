import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { type KafkaConnection, kafkaClient } from "./connection.ts";
import { clusterOf } from "./kafkajs-cluster.ts";
import { within } from "./within.ts";

export interface PredecessorOptions {
  /** On this machine's disk, in what no other process that lives has: what is noted there is of a process that has ended. */
  readonly file: string;
  readonly groupId: string;
  readonly connection: KafkaConnection;
  /** Longest wait for Kafka's answer, ms. Default 3,000. */
  readonly mostMs?: number;
}

/** As much of KafkaJS's cluster as is asked here; its types leave this request out. */
interface LeavableCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(of: { readonly groupId: string }): Promise<{
    leaveGroup(member: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  }>;
}

const MOST_MS = 3_000;
/** Octets of a member's name: KafkaJS's client id, of at most some 100, and a UUID. */
const LONGEST_NAME = 1_024;

/**
 * The member of a consumer group that had this process's place before it. One that was killed keeps its partitions until its session is over; when it comes back
 * sooner its group waits for its old self (`rebalanceTimeout`). Who has its folder knows that it is dead and takes it out of the group (LeaveGroup), so that
 * its partitions wait for the new start alone. Nothing rests on it: without a note, or without an answer, the group finds out by itself.
 */
export class Predecessor {
  private readonly options: PredecessorOptions;
  private leaving: Promise<void> | undefined;

  constructor(options: PredecessorOptions) {
    this.options = options;
  }

  /** Call it before this process joins, and as early as it is sure that the other one is dead: the group's other members take its partitions. Never throws; ends after `mostMs`. */
  leave(): Promise<void> {
    this.leaving ??= this.takeOut().finally(() => {
      this.leaving = undefined;
    });
    return this.leaving;
  }

  private async takeOut(): Promise<void> {
    const { file, groupId, connection, mostMs = MOST_MS } = this.options;
    const memberId = noted(file);
    if (memberId === undefined) return;
    const cluster = clusterOf<LeavableCluster>(kafkaClient(connection, 1));
    const leaving = async () => {
      await cluster.connect();
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      await coordinator.leaveGroup({ groupId, memberId });
    };
    try {
      await within(leaving(), mostMs);
      connection.log.info({ group: groupId }, "The member that this process was before is out of its group");
      this.forget();
    } catch (error) {
      const { message: cause, type } = error as Error & { readonly type?: string };
      connection.log.debug(
        { group: groupId, cause },
        "Could not take the member that this process was out of its group",
      );
      // It left by itself, or its session is over.
      if (type === "UNKNOWN_MEMBER_ID") this.forget();
    } finally {
      void cluster.disconnect().catch(() => {});
    }
  }

  /** A note that stays is asked about once more by the next process. */
  private forget(): void {
    const { file, groupId, connection } = this.options;
    try {
      rmSync(file, { force: true });
    } catch (error) {
      connection.log.warn(
        { group: groupId, cause: (error as Error).message },
        "Cannot remove the name of a member that is gone",
      );
    }
  }

  /** This process is in the group under this name. */
  joined(memberId: string): void {
    const { file, groupId, connection } = this.options;
    try {
      writeFileSync(file, memberId);
    } catch (error) {
      connection.log.warn(
        { group: groupId, cause: (error as Error).message },
        "Cannot note the member's name: killed, it is waited for until its session is over",
      );
    }
  }
}

/** A note that was cut short names nobody: the group does not know it. */
function noted(file: string): string | undefined {
  try {
    const name = readFileSync(file, "utf8").trim();
    return name === "" || name.length > LONGEST_NAME ? undefined : name;
  } catch {
    return undefined;
  }
}
