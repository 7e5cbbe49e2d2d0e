/** Partitions of a topic, as KafkaJS has them. */
export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface RestingInputsOptions {
  /** Those of the group's topics whose first record after a silence may come a moment later. */
  readonly topics: readonly string[];
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
}

/** A partition that has brought nothing for so long rests, ms. */
const QUIET_MS = 2_000;
/** What rests is asked for so often, ms: as long as a broker keeps a fetch that finds nothing, so that a group in which all is quiet fetches as if nothing rested. */
const LOOK_EVERY_MS = 100;

/**
 * Which partitions a fetch leaves out, since nothing has come from them for a while: they cost a broker as much as those that bring something. Each broker is
 * asked for all that it has ten times a second.
 */
export class RestingInputs {
  private readonly options: RestingInputsOptions;
  /** When each partition of the topics that may rest brought something last. */
  private readonly broughtAt = new Map<string, Map<number, number>>();
  /** When each broker was asked for all. */
  private readonly lookedAt = new Map<unknown, number>();

  constructor(options: RestingInputsOptions) {
    this.options = options;
    for (const topic of options.topics) this.broughtAt.set(topic, new Map());
  }

  /** Records of the partition have come. */
  brought(topic: string, partition: number): void {
    this.broughtAt.get(topic)?.set(partition, this.options.monotonic());
  }

  /** What the next fetch from a broker asks for. `all`: what that broker leads. */
  select(broker: unknown, all: readonly TopicPartitions[]): readonly TopicPartitions[] {
    const now = this.options.monotonic();
    if (now - (this.lookedAt.get(broker) ?? Number.NEGATIVE_INFINITY) >= LOOK_EVERY_MS) {
      this.lookedAt.set(broker, now);
      return all;
    }
    return all.map(({ topic, partitions }) => {
      const broughtAt = this.broughtAt.get(topic);
      if (broughtAt === undefined) return { topic, partitions };
      const isAwake = (at: number | undefined) => at !== undefined && now - at < QUIET_MS;
      return { topic, partitions: partitions.filter((one) => isAwake(broughtAt.get(one))) };
    });
  }
}
