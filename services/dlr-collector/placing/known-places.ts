import { indexKey } from "./index-collector.ts";

interface Place {
  readonly to: string;
  /** Offset in sms.submission-index of the record that says so. */
  readonly offset: number;
}

/**
 * The destinations of the ids that were told last. An id that comes again belongs to the number told last. Bounded by
 * count: the ones told first are forgotten first.
 */
export class KnownPlaces {
  private readonly most: number;
  private readonly places = new Map<string, Place>();

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.places.size;
  }

  /** From where sms.submission-index must be read back to know the same again; Infinity: nothing is known. */
  get oldestOffset(): number {
    return this.places.values().next().value?.offset ?? Number.POSITIVE_INFINITY;
  }

  /** `id` canonical. */
  add(provider: string, id: string, to: string, offset: number): void {
    const key = indexKey(provider, id);
    this.places.delete(key);
    if (this.places.size >= this.most) this.places.delete(this.places.keys().next().value!);
    this.places.set(key, { to, offset });
  }

  /** The destination of an id (canonical); undefined when none is known. */
  find(provider: string, id: string): string | undefined {
    return this.places.get(indexKey(provider, id))?.to;
  }
}
