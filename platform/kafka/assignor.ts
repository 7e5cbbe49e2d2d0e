import { AssignerProtocol, type PartitionAssigner } from "kafkajs";

/**
 * Assigns partition p of every subscribed topic to the same member, and keeps it where it was when the group changes
 * (sticky). Members say in their metadata what they own. Spread: no member has more than one partition more than another.
 */
export function assignPartitions(
  members: readonly { id: string; owned: readonly number[] }[],
  partitions: number,
): Map<string, number[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const result = new Map<string, number[]>(sorted.map((m) => [m.id, []]));
  if (sorted.length === 0) return result;
  const least = Math.floor(partitions / sorted.length);
  let extra = partitions % sorted.length;
  const taken = new Set<number>();
  // Those that own most keep first, so that the members entitled to one more are those that have it already.
  for (const member of [...sorted].sort((a, b) => b.owned.length - a.owned.length || (a.id < b.id ? -1 : 1))) {
    const kept = result.get(member.id)!;
    for (const p of member.owned) {
      if (p < 0 || p >= partitions || taken.has(p)) continue;
      if (kept.length >= least) {
        if (extra === 0 || kept.length > least) break;
        extra--;
      }
      kept.push(p);
      taken.add(p);
    }
  }
  const free: number[] = [];
  for (let p = 0; p < partitions; p++) if (!taken.has(p)) free.push(p);
  for (const p of free) {
    let poorest = sorted[0]!.id;
    for (const { id } of sorted) if (result.get(id)!.length < result.get(poorest)!.length) poorest = id;
    result.get(poorest)!.push(p);
  }
  return result;
}

export interface CoPartitionedOptions {
  /** Partitions of every subscribed topic. */
  readonly partitions: number;
  /** What this member owns now. */
  readonly owned: () => number[];
  /** Called at the start of every join: from here to the join event nothing may be committed. */
  readonly joining: () => void;
}

/** KafkaJS assigner of `assignPartitions`. */
export function coPartitionedAssigner(options: CoPartitionedOptions): PartitionAssigner {
  const name = "sluice-copartitioned";
  const version = 1;
  return () => ({
    name,
    version,
    async assign({ members, topics }) {
      const described = members.map((member) => {
        const metadata = AssignerProtocol.MemberMetadata.decode(member.memberMetadata);
        return { id: member.memberId, owned: decodeOwned(metadata?.userData) };
      });
      return [...assignPartitions(described, options.partitions)].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version,
          assignment: Object.fromEntries(partitions.length === 0 ? [] : topics.map((topic) => [topic, partitions])),
          userData: Buffer.alloc(0),
        }),
      }));
    },
    protocol({ topics }) {
      options.joining();
      return {
        name,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version,
          topics,
          userData: Buffer.from(JSON.stringify(options.owned())),
        }),
      };
    },
  });
}

function decodeOwned(userData: Buffer | undefined): number[] {
  try {
    const parsed: unknown = JSON.parse(userData?.toString("utf8") ?? "[]");
    return Array.isArray(parsed) ? parsed.filter((p): p is number => Number.isInteger(p)) : [];
  } catch {
    return [];
  }
}
