import type { Codec } from "../../../platform/codec/codec.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { SubmissionIndex } from "../../../schemas/generated/types.ts";
import { SUBMISSION_INDEX_TOPIC } from "../../../schemas/topics.ts";

/** Ids of a record at the most. */
const MAX_IDS = 1_000;

interface Collected {
  readonly provider: string;
  readonly partition: number;
  readonly ids: string[];
  readonly destinations: string[];
}

/** The name under which a provider's id is placed: one owner a name, whoever asks and whoever tells. `id` canonical. */
export function indexKey(provider: string, id: string): string {
  return `${provider}/${id}`;
}

/** Collects which destination ids belong to, until they are written: many in a record, since each costs next to nothing then. */
export class IndexCollector {
  private readonly codec: Codec<SubmissionIndex>;
  private readonly partitions: number;
  private collected = new Map<string, Collected>();
  private full: Collected[] = [];

  /** `partitions`: of the message topics. */
  constructor(codec: Codec<SubmissionIndex>, partitions: number) {
    this.codec = codec;
    this.partitions = partitions;
  }

  /** `id` canonical. */
  add(provider: string, id: string, to: string): void {
    const partition = partitionFor(indexKey(provider, id), this.partitions);
    const place = `${partition}/${provider}`;
    let entry = this.collected.get(place);
    if (entry === undefined) {
      entry = { provider, partition, ids: [], destinations: [] };
      this.collected.set(place, entry);
    }
    entry.ids.push(id);
    entry.destinations.push(to);
    if (entry.ids.length < MAX_IDS) return;
    this.full.push(entry);
    this.collected.delete(place);
  }

  /** The records of what was collected since the last call. */
  records(): OutRecord[] {
    if (this.collected.size === 0 && this.full.length === 0) return [];
    const entries = [...this.full, ...this.collected.values()];
    this.full = [];
    this.collected = new Map();
    return entries.map(({ provider, partition, ids, destinations }) => ({
      topic: SUBMISSION_INDEX_TOPIC,
      partition,
      key: indexKey(provider, ids[0]!),
      value: this.codec.encode({ provider, ids, destinations }),
    }));
  }
}
