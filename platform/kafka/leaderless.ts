/** A topic with partitions that have no leader. */
export interface LeaderlessTopic {
  readonly topic: string;
  /** In ascending order, one at least. */
  readonly partitions: readonly number[];
}

/** A client that uses such a topic asks every half second. What nobody has asked about for so long, ms, is not known any more. */
const KNOWN_MS = 60_000;

/** Which partitions have no leader, as the brokers last said it of the topics that this process uses. */
export class LeaderlessPartitions {
  private readonly seen = new Map<string, { readonly partitions: readonly number[]; readonly at: number }>();

  /** What a broker has just said of a topic; `partitions`: those without a leader, mostly none. */
  told(topic: string, partitions: readonly number[]): void {
    if (partitions.length === 0) this.seen.delete(topic);
    else this.seen.set(topic, { partitions: partitions.toSorted((a, b) => a - b), at: performance.now() });
  }

  has(topic: string, partition: number): boolean {
    return this.seen.size > 0 && this.topics.some((one) => one.topic === topic && one.partitions.includes(partition));
  }

  get topics(): readonly LeaderlessTopic[] {
    const oldest = performance.now() - KNOWN_MS;
    for (const [topic, { at }] of this.seen) if (at < oldest) this.seen.delete(topic);
    return [...this.seen].map(([topic, { partitions }]) => ({ topic, partitions }));
  }
}

/** Those of this process: all its clients tell it what they hear (kafkajs-leaderless.ts). */
export const leaderless = new LeaderlessPartitions();
