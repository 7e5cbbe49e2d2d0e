import type { TopicReader } from "./topic-reader.ts";

/** A part of a partition: offsets [from, to). */
export interface PartitionStretch {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** What was appended to a topic in [since, until), epoch ms; undefined: no bound. Partitions where nothing was are left out. */
export async function stretchesBetween(
  reader: Pick<TopicReader, "watermarks" | "offsetsAt">,
  topic: string,
  since: number | undefined,
  until: number | undefined,
): Promise<PartitionStretch[]> {
  const marks = await reader.watermarks(topic);
  const from = since === undefined ? undefined : await reader.offsetsAt(topic, since);
  const to = until === undefined ? undefined : await reader.offsetsAt(topic, until);
  return marks
    .map(({ low, high }, partition) => ({
      partition,
      from: Math.max(low, from?.[partition] ?? low),
      to: Math.min(high, to?.[partition] ?? high),
    }))
    .filter((stretch) => stretch.from < stretch.to);
}

/** The newest records of each, at most so many together: all are cut by the same share, so that they still begin at about the same time. */
export function newestOf(stretches: readonly PartitionStretch[], most: number): readonly PartitionStretch[] {
  const all = sizeOf(stretches);
  if (all <= most) return stretches;
  return stretches.map((one) => ({ ...one, from: one.to - Math.floor((most * (one.to - one.from)) / all) }));
}

/** Records of all of them. */
export function sizeOf(stretches: readonly PartitionStretch[]): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from, 0);
}
