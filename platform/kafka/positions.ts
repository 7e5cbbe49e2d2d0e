import { appendVarint, varintReader } from "./packed-offsets.ts";

/**
 * The highest source position seen from each source (topic, partition). A processor that emits in input order puts its
 * source position on each output; a reader that drops what is not above the highest one drops every repeat, at any distance.
 * Packed for commit metadata: about 5 bytes a source.
 */
export class Positions {
  private readonly topics: readonly string[];
  private readonly partitions: number;
  private readonly highest: Float64Array;

  /** `topics`: all source topics, in an order that never changes within an installation. */
  constructor(topics: readonly string[], partitions: number) {
    this.topics = topics;
    this.partitions = partitions;
    this.highest = new Float64Array(topics.length * partitions).fill(-1);
  }

  /** Takes a position; false when it is a repeat. An unknown source is let through. */
  advance(topic: string, partition: number, offset: number): boolean {
    const at = this.index(topic, partition);
    if (at < 0) return true;
    if (offset <= this.highest[at]!) return false;
    this.highest[at] = offset;
    return true;
  }

  /** Whether `advance` would take it. */
  above(topic: string, partition: number, offset: number): boolean {
    const at = this.index(topic, partition);
    return at < 0 || offset > this.highest[at]!;
  }

  private index(topic: string, partition: number): number {
    const t = this.topics.indexOf(topic);
    return t < 0 || partition < 0 || partition >= this.partitions ? -1 : t * this.partitions + partition;
  }

  copy(): Positions {
    const copy = new Positions(this.topics, this.partitions);
    copy.highest.set(this.highest);
    return copy;
  }

  /** Base64 of (gap to the next used source, offset) pairs as unsigned varints. */
  pack(): string {
    const bytes: number[] = [];
    let last = -1;
    for (let i = 0; i < this.highest.length; i++) {
      const offset = this.highest[i]!;
      if (offset < 0) continue;
      appendVarint(bytes, i - last);
      appendVarint(bytes, offset);
      last = i;
    }
    return Buffer.from(bytes).toString("base64");
  }

  /** Takes over what `pack` gave, keeping the higher of both. Throws on text that `pack` did not make. */
  unpack(packed: string): void {
    const read = varintReader(Buffer.from(packed, "base64"));
    let index = -1;
    for (let gap = read(); gap !== undefined; gap = read()) {
      index += gap;
      const offset = read();
      if (offset === undefined) throw new Error("Commit metadata is cut off: a source has no position.");
      if (index < this.highest.length) this.highest[index] = Math.max(this.highest[index]!, offset);
    }
  }
}

/** Header `src` of an output: where its input stood. */
export function sourceHeader(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${offset}`;
}

export function parseSource(
  header: string | undefined,
): { topic: string; partition: number; offset: number } | undefined {
  if (header === undefined) return undefined;
  const second = header.lastIndexOf("/");
  const first = header.lastIndexOf("/", second - 1);
  if (first <= 0 || second === first + 1 || second === header.length - 1) return undefined;
  const partition = Number(header.slice(first + 1, second));
  const offset = Number(header.slice(second + 1));
  if (!Number.isSafeInteger(partition) || !Number.isSafeInteger(offset) || partition < 0 || offset < 0)
    return undefined;
  return { topic: header.slice(0, first), partition, offset };
}
